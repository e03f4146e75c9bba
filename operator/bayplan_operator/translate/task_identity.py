"""What a task is whenever it comes back: under what its runs are learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan.knowledge.run_times import TaskRun
from bayplan_operator import names
from bayplan_operator.api.v1alpha1 import Task, TaskGraphSpec
from bayplan_operator.translate.execution import work_of


@dataclass(frozen=True, slots=True)
class TaskId:
    """A task by its namespace, family and own name."""

    namespace: str
    family: str
    task: str

    @classmethod
    def of(cls, run: TaskRun) -> "TaskId":
        """Of a run that `runs` made."""
        namespace, _, family = run.family.partition("/")
        return cls(namespace, family, run.task)

    @property
    def group(self) -> str:
        """The family as the library is told of it: families of two namespaces have nothing in common."""
        return f"{self.namespace}/{self.family}"

    @property
    def text(self) -> str:
        """As requests carry it."""
        return f"{self.group}/{self.task}"

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name of its TaskProfile."""
        return self.namespace, names.profile_name(self.family, self.task)


def runs(metadata: Mapping[str, Any], spec: TaskGraphSpec) -> tuple[TaskRun, ...]:
    """Per task, under what its runs are learned, and what its author says of them."""
    family = f"{metadata.get('namespace', '')}/{spec.profile or _default_family(metadata)}"
    return tuple(_run(family, task) for task in spec.tasks)


def _run(family: str, task: Task) -> TaskRun:
    name = work_of(task)
    return TaskRun(task.profile or name, family, hint=task.expected_duration, size=task.input_size)


def _default_family(metadata: Mapping[str, Any]) -> str:
    prefix = str(metadata.get("generateName") or "").rstrip("-.")
    return prefix or str(metadata.get("name", ""))
