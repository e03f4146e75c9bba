"""From what an author writes to what runs: tasks with stages become several, and cleaning up waits for all else."""

from collections.abc import Iterator

from bayplan_operator.api.merge import merge_templates
from bayplan_operator.api.v1alpha1 import Dependency, Gang, Stage, Task, TaskGraphSpec


def executed(spec: TaskGraphSpec) -> TaskGraphSpec:
    """The tasks as they run. Those of the author keep their places and names; the further stages of tasks follow them.

    The first stage of a task has the name of the task, the others TASK.STAGE.
    """
    if any(task.stages for task in spec.tasks):
        spec = _with_stages(spec)
    if any(task.gate == "Always" and not task.depends_on for task in spec.tasks):
        spec = _with_clean_up(spec)
    return spec


def stage_name(task: Task, number: int) -> str:
    """Under which name a stage runs."""
    return task.name if number == 0 else f"{task.name}.{task.stages[number].name}"


def _with_clean_up(spec: TaskGraphSpec) -> TaskGraphSpec:
    """Tasks that always run, and wait for none by name, wait for all that do not."""
    others = tuple(Dependency(task=task.name) for task in spec.tasks if task.gate != "Always")
    tasks = (
        task.model_copy(update={"depends_on": others}) if task.gate == "Always" and not task.depends_on else task
        for task in spec.tasks
    )
    return spec.model_copy(update={"tasks": tuple(tasks)})


def _with_stages(spec: TaskGraphSpec) -> TaskGraphSpec:
    stages = {task.name: [stage_name(task, number) for number in range(len(task.stages))] for task in spec.tasks if task.stages}
    tasks = [task.model_copy(update={"depends_on": tuple(_after(task, stages))}) for task in spec.tasks]
    first = [_stage(task, 0) if task.stages else task for task in tasks]
    others = [_stage(task, number) for task in tasks for number in range(1, len(task.stages))]
    rounds = spec.rounds
    if rounds is not None:
        repeated = [name for task in rounds.tasks for name in stages.get(task, [task])]
        rounds = rounds.model_copy(update={"tasks": tuple(repeated)})
    return spec.model_copy(update={"tasks": (*first, *others), "rounds": rounds})


def _after(task: Task, stages: dict[str, list[str]]) -> Iterator[Dependency]:
    """Who waits for a task waits for all its stages."""
    for dependency in task.depends_on:
        names = stages.get(dependency.task, [dependency.task])
        data = None if dependency.data is None else dependency.data // len(names)
        for name in names:
            yield Dependency(task=name, data=data)


def _stage(task: Task, number: int) -> Task:
    stage: Stage = task.stages[number]
    changes = {
        "name": stage_name(task, number),
        "shards": stage.shards,
        "gang": task.gang or Gang(),
        "args": stage.args or task.args,
        "env": (*task.env, *stage.env),
    }
    if stage.template_name is not None:
        changes |= {"template_name": stage.template_name, "template": None}
    elif stage.template is not None:
        changes["template"] = stage.template if task.template is None else merge_templates(task.template, stage.template)
    if number:
        changes["outputs"] = ()  # the first stage says the results of the task
    return task.model_copy(update=changes)
