"""From what an author writes to what runs: tasks with stages become several, and cleaning up waits for all else."""

from collections.abc import Iterator

from bayplan_operator import names
from bayplan_operator.api.merge import on_own_template
from bayplan_operator.api.stages import stage_names, stages_as_tasks
from bayplan_operator.api.v1alpha1 import Dependency, PodTemplate, PodTemplateMetadata, Task, TaskGraphSpec


def executed(spec: TaskGraphSpec) -> TaskGraphSpec:
    """The tasks as they run. Those of the author keep their places and names; the further stages of tasks follow them.

    The first stage of a task has the name of the task, the others TASK.STAGE; they are learned as TASK--STAGE.
    """
    if any(task.stages for task in spec.tasks):
        spec = _with_stages(spec)
    if any(task.backups is not None for task in spec.tasks):
        spec = _with_backups(spec)
    if any(task.gate == "Always" and not task.depends_on for task in spec.tasks):
        spec = _with_clean_up(spec)
    return spec


def backup_name(task: str, place: int) -> str:
    """Under which name a backup runs; ``place``: from 1."""
    return f"{task}.backup-{place}"


def is_backup(task: Task) -> bool:
    """The task does again what another does."""
    return task.backups is not None and ".backup-" in task.name


def work_of(task: Task) -> str:
    """Under which name its work is learned: a backup does that of its task, a stage that is not the first its own."""
    task_name, _, part = task.name.partition(".")
    return f"{task_name}--{part}" if part and not is_backup(task) else task_name


def _with_backups(spec: TaskGraphSpec) -> TaskGraphSpec:
    tasks = [task if task.backups is None else _replica(spec, task) for task in spec.tasks]
    more = [
        _away(spec, _replica(spec, task)).model_copy(update={"name": backup_name(task.name, place), "outputs": ()})
        for task in spec.tasks
        if task.backups is not None
        for place in range(1, task.backups.count + 1)
    ]
    rounds = spec.rounds
    if rounds is not None:
        repeated = [task.name for task in more if task.name.partition(".")[0] in rounds.tasks]
        rounds = rounds.model_copy(update={"tasks": (*rounds.tasks, *repeated)})
    return spec.model_copy(update={"tasks": (*tasks, *more), "rounds": rounds})


def _replica(spec: TaskGraphSpec, task: Task) -> Task:
    """Its pods say whose work they do."""
    own = PodTemplate(metadata=PodTemplateMetadata(labels={names.LABEL_REPLICA_OF: task.name}))
    return task.model_copy(update={"template": on_own_template(spec, task, own), "template_name": None})


def _away(spec: TaskGraphSpec, task: Task) -> Task:
    """Its pods are on other nodes than those that do the same work, and in other zones where there are any."""
    selector = {"matchLabels": {names.LABEL_REPLICA_OF: task.name}}
    keys = [names.LABEL_GRAPH_UID, names.LABEL_SHARD]
    term = {"labelSelector": selector, "matchLabelKeys": keys}
    apart = {
        "requiredDuringSchedulingIgnoredDuringExecution": [{**term, "topologyKey": "kubernetes.io/hostname"}],
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": {**term, "topologyKey": "topology.kubernetes.io/zone"}}
        ],
    }
    own = PodTemplate(spec={"affinity": {"podAntiAffinity": apart}})
    return task.model_copy(update={"template": on_own_template(spec, task, own)})


def _with_clean_up(spec: TaskGraphSpec) -> TaskGraphSpec:
    """Tasks that always run, and wait for none by name, wait for all that do not."""
    others = tuple(Dependency(task=task.name) for task in spec.tasks if task.gate != "Always" and not is_backup(task))
    tasks = (
        task.model_copy(update={"depends_on": others}) if task.gate == "Always" and not task.depends_on else task
        for task in spec.tasks
    )
    return spec.model_copy(update={"tasks": tuple(tasks)})


def _with_stages(spec: TaskGraphSpec) -> TaskGraphSpec:
    stages = {task.name: stage_names(task) for task in spec.tasks if task.stages}
    tasks = [task.model_copy(update={"depends_on": tuple(_after(task, stages))}) for task in spec.tasks]
    made = {task.name: stages_as_tasks(spec, task) for task in tasks if task.stages}
    first = [made[task.name][0] if task.stages else task for task in tasks]
    others = [
        one.model_copy(update={"profile": names.part_name(task.profile or task.name, stage.name)})
        for task in tasks
        for stage, one in list(zip(task.stages, made.get(task.name, ()), strict=True))[1:]
    ]
    rounds = spec.rounds
    if rounds is not None:
        repeated = [name for task in rounds.tasks for name in stages.get(task, [task])]
        rounds = rounds.model_copy(update={"tasks": tuple(repeated)})
    return spec.model_copy(update={"tasks": (*first, *others), "rounds": rounds})


def _after(task: Task, stages: dict[str, list[str]]) -> Iterator[Dependency]:
    """Who waits for a task waits for all its stages."""
    for dependency in task.depends_on:
        parts = stages.get(dependency.task, [dependency.task])
        data = None if dependency.data is None else dependency.data // len(parts)
        for name in parts:
            yield Dependency(task=name, data=data)
