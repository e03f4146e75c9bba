"""A task with stages, as the tasks that run in its place."""

from __future__ import annotations

from .merge import merge_templates
from .v1alpha1 import Gang, Stage, Task, TaskGraphSpec


def stages_as_tasks(spec: TaskGraphSpec, task: Task) -> list[Task]:
    """One task for each stage, in their order; the first has the name of the task, the others TASK.STAGE.

    Each layer lies on the one below: spec.template, the task's own or named template, the stage's. A named template of the
    stage takes the place of the task's.
    """
    return [_as_task(spec, task, stage, number) for number, stage in enumerate(task.stages)]


def stage_names(task: Task) -> list[str]:
    """Under which names its stages run."""
    return [task.name, *(f"{task.name}.{stage.name}" for stage in task.stages[1:])]


def _as_task(spec: TaskGraphSpec, task: Task, stage: Stage, number: int) -> Task:
    changes: dict[str, object] = {
        "name": stage_names(task)[number],
        "shards": stage.shards,
        "gang": task.gang or Gang(),
        "args": stage.args or task.args,
        "env": (*task.env, *stage.env),
    }
    if number:
        changes["outputs"] = ()  # the first stage says the results of the task
    if stage.template_name is not None:
        changes |= {"template_name": stage.template_name, "template": None}
    elif stage.template is not None:
        below = task.template
        if task.template_name is not None:
            below = next((each.template for each in spec.templates if each.name == task.template_name), None)
        changes["template"] = stage.template if below is None else merge_templates(below, stage.template)
        changes["template_name"] = None
    return task.model_copy(update=changes)
