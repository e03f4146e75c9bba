"""What runs is known with how long it is expected to: reservations and shares go by it."""

from collections.abc import Iterable

from bayplan_operator.conductor.knowledge.knowledge import Knowledge
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import PodStore

_AT_ONCE = 200
"""Graphs of one tick; the others wait for the next one."""
_SLICE = 0.02
"""Seconds until that."""


class TellRunTimes(Step):
    """Tells the pods of graphs that this process did not start, and those of all graphs once other run times are expected."""

    def __init__(self, knowledge: Knowledge, pods: PodStore) -> None:
        self._knowledge, self._pods = knowledge, pods
        self._told: set[str] = set()
        """UIDs of graphs that were looked at."""
        self._left: dict[str, None] = {}
        """UIDs of those that are to be looked at again."""
        self._known = -1
        """How often run times had been renewed when all were last looked at."""

    def step(self, tick: Tick) -> None:
        """O(touched graphs), and those of a slice with their pods."""
        if self._known != self._knowledge.renewals:
            self._known = self._knowledge.renewals
            self._left.update(dict.fromkeys(tick.graphs.open))
        self._tell(graph for graph in tick.touched if graph.ref.uid not in self._told)
        for uid in list(self._left)[:_AT_ONCE]:
            self._left.pop(uid, None)
            if uid in tick.graphs.open:
                self._tell([tick.graphs.open[uid]])

    def next_time(self, now: float) -> float | None:
        """When the next slice is due."""
        return now + _SLICE if self._left else None

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._told.discard(uid)
        self._left.pop(uid, None)

    def _tell(self, graphs: Iterable[GraphRun]) -> None:
        laws = self._knowledge.laws
        for graph in graphs:
            running = graph.running
            if running is None:
                continue
            self._told.add(graph.ref.uid)
            numbers = {task.name: number for number, task in enumerate(running.prepared.graph.tasks)}
            self._pods.expect(graph.ref.uid, lambda task: laws.of(running, numbers[task]) if task in numbers else None)  # noqa: B023 - asked at once
