"""The queues that there are, as a tree, and what keeps a graph's queue from letting anything start."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bayplan.admission.queue import Queue
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.model.reasons import Reason
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.conductor.queueing.seen import SeenQueue, seen
from bayplan_operator.conductor.record.known import QueueStop
from bayplan_operator.translate.queue import (
    OPEN_DEFAULT,
    CompiledQueue,
    InvalidQueue,
    NamespaceLabels,
    fault_reason,
    selector_in_words,
)


class Standing(NamedTuple):
    """Whether graphs of a queue may start pods."""

    ready: bool
    reason: str
    """One word."""
    message: str


class Queues:
    """Keeps the queues. Without an object `default`, there is one that has no quotas and that every namespace may use."""

    def __init__(self, half_life: float | None = None) -> None:
        """`half_life`: that by which shares of queues without a parent are compared; `None`: they are not."""
        self._half_life = half_life
        self.objects: dict[str, SeenQueue] = {}
        self.revision = 0
        """Changes with every news of a queue."""
        self.tree: QueueTree = tree_of(())
        self._compiled: dict[str, CompiledQueue] = {}
        self._known: dict[str, Queue] = {}
        """Those that can be used, and those that cannot."""
        self.settle()

    @property
    def statuses(self) -> dict[str, Mapping[str, Any]]:
        """By name, as they were last seen."""
        return {name: each.status for name, each in self.objects.items()}

    def take(self, name: str, raw: Mapping[str, Any] | None) -> bool:
        """A queue is new, has changed, or is gone (`None`). Answers whether what may start is to be looked at again."""
        before = self.objects.get(name)
        self.revision += 1
        if raw is None:
            return self.objects.pop(name, None) is not None
        found = self.objects[name] = seen(raw)
        return not found.same_spec(before)

    def settle(self) -> None:
        """Make the tree of what was taken. O(queues x depth)."""
        self._compiled = {name: each.spec for name, each in self.objects.items() if isinstance(each.spec, CompiledQueue)}
        if DEFAULT_QUEUE not in self.objects:
            self._compiled[DEFAULT_QUEUE] = OPEN_DEFAULT
        # One that cannot be used has no quotas, and stops those below it: they do have a parent.
        self._known = {name: Queue(name) for name, each in self.objects.items() if isinstance(each.spec, InvalidQueue)}
        self._known |= {name: each.queue for name, each in self._compiled.items()}
        self.tree = tree_of(self._known.values(), self._half_life)

    def stop_of(self, name: str, namespace: str, labels: NamespaceLabels, field: str = "spec.queueName") -> QueueStop | None:
        """Why nothing starts of what names this queue; `None`: it may. `labels`: of the namespaces; `field`: where the name
        stands. O(depth)."""
        if name not in self._compiled and name not in self.objects:
            advice = nearest(name, sorted(self._compiled), what="Queues")
            return QueueStop(Reason.QUEUE_NOT_FOUND, f'{field} is "{name}": there is no such Queue; {advice}')
        standing = self.standing(name)
        if not standing.ready:
            return QueueStop(Reason.QUEUE_STOPPED, standing.message)
        compiled = self._compiled[name]
        if compiled.allows(namespace, labels):
            return None
        if compiled.namespaces is None:
            why = "it has no namespaceSelector, so no namespace may use it"
        else:
            why = f"its namespaceSelector is {selector_in_words(compiled.namespaces)}"
        return QueueStop(Reason.QUEUE_NOT_ALLOWED, f"namespace {namespace} may not use queue {name}: {why}")

    def longest_grace(self, name: str) -> float | None:
        """Seconds that a pod of a queue has to end, at most, when it is evicted; `None`: what it asks for."""
        queue = self.tree.queues.get(name)
        return None if queue is None else queue.preemption.max_grace

    def standing(self, name: str) -> Standing:
        """Whether graphs of a queue that is there may start pods. O(depth)."""
        path = self._path(name)
        for each in path:
            own, above = self.objects.get(each), "" if each == name else f"queue {name}: its ancestor cannot be used: "
            if own is not None and isinstance(own.spec, InvalidQueue):
                return Standing(False, "Invalid", f"{above}queue {each}: {own.spec}")
        if name in self.tree.faults:
            return Standing(False, fault_reason(name, self._known), self.tree.faults[name])
        for each in path:
            if each in self.objects and self.objects[each].deleting:
                whose = "it" if each == name else f"its ancestor {each}"
                return Standing(False, "Terminating", f"queue {name} lets nothing start: {whose} is being deleted")
        stopped = self.tree.stopped(name)
        if stopped:
            return Standing(False, "Stopped", stopped)
        return Standing(True, "Ready", "graphs of the queue may start pods")

    def _path(self, name: str) -> list[str]:
        """The queue and those above it, as far as they are there, each once."""
        path: list[str] = []
        while name not in path and name in self._known:
            path.append(name)
            name = self._known[name].parent or ""
        return path
