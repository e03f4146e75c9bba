"""A task with candidates, as it would be with each of them alone."""

from __future__ import annotations

from .merge import changes_of_part
from .v1alpha1 import Task, TaskGraphSpec


def as_tasks(spec: TaskGraphSpec, task: Task) -> list[Task]:
    """One task for each candidate, in their order."""
    alone = {"candidates": (), "choose": None}
    return [task.model_copy(update=alone | changes_of_part(spec, task, each)) for each in task.candidates]
