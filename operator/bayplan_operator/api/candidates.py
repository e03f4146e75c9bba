"""A task with candidates, as it would be with each of them alone."""

from __future__ import annotations

from .merge import merge_templates
from .v1alpha1 import Task, TaskCandidate, TaskGraphSpec


def as_tasks(spec: TaskGraphSpec, task: Task) -> list[Task]:
    """One task for each candidate, in their order. Each layer lies on the one below: spec.template, the task's own or named
    template, the candidate's; a named template of the candidate takes the place of the task's."""
    return [_as_task(spec, task, each) for each in task.candidates]


def _as_task(spec: TaskGraphSpec, task: Task, candidate: TaskCandidate) -> Task:
    changes: dict[str, object] = {
        "candidates": (),
        "choose": None,
        "args": candidate.args or task.args,
        "env": (*task.env, *candidate.env),
    }
    if candidate.template_name is not None:
        changes |= {"template_name": candidate.template_name, "template": None}
    elif candidate.template is not None:
        below = task.template
        if task.template_name is not None:
            below = next((each.template for each in spec.templates if each.name == task.template_name), None)
        changes["template"] = candidate.template if below is None else merge_templates(below, candidate.template)
        changes["template_name"] = None
    return task.model_copy(update=changes)
