"""A task with stages, as the tasks that run in its place."""

from __future__ import annotations

from .merge import changes_of_part
from .v1alpha1 import Gang, Stage, Task, TaskGraphSpec


def stages_as_tasks(spec: TaskGraphSpec, task: Task) -> list[Task]:
    """One task for each stage, in their order; the first has the name of the task, the others TASK.STAGE."""
    return [_as_task(spec, task, stage, number) for number, stage in enumerate(task.stages)]


def stage_names(task: Task) -> list[str]:
    """Under which names its stages run."""
    return [task.name, *(f"{task.name}.{stage.name}" for stage in task.stages[1:])]


def _as_task(spec: TaskGraphSpec, task: Task, stage: Stage, number: int) -> Task:
    changes: dict[str, object] = {"name": stage_names(task)[number], "shards": stage.shards, "gang": task.gang or Gang()}
    if number:
        changes["outputs"] = ()  # the first stage says the results of the task
    return task.model_copy(update=changes | changes_of_part(spec, task, stage))
