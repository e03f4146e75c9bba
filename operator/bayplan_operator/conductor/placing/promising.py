"""Reservations, between the decider and the statuses of graphs: they outlive the operator."""

from collections.abc import Iterable

from bayplan.admission.promises.promise import Promise, PromiseRecord
from bayplan.core.changes import Changes
from bayplan_operator.conductor.placing.shard_id import shard_of
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register

_PATIENCE = 5.0
"""Seconds for which placing waits for a graph to be accepted that held a reservation: others might take its room."""


class Promising:
    """Tells the decider what earlier processes had promised, and graphs what is promised now."""

    def __init__(self) -> None:
        self._noted: set[str] = set()
        """UIDs of graphs whose records say that they hold something."""
        self._awaited: dict[str, float] = {}
        """Of these, those that were found so and are not accepted yet: how long they are waited for."""

    def recall(self, graph: GraphRun, now: float) -> Changes | None:
        """A graph was taken in: what its record says that it was promised; ``None``: nothing."""
        running, uid = graph.running, graph.ref.uid
        if running is None or not running.asking.promised:
            return None
        self._noted.add(uid)
        self._awaited[uid] = now + _PATIENCE
        return Changes(promised={(uid, unit): record for unit, record in running.asking.promised.items()})

    def waits(self, graphs: Register, now: float) -> bool:
        """Whether nothing should be placed yet, since a graph that held a reservation is being checked."""
        for uid, until in list(self._awaited.items()):
            graph = graphs.open.get(uid)
            if graph is None or not graph.known.checking.awaited or now >= until:
                del self._awaited[uid]
        return bool(self._awaited)

    @property
    def next_time(self) -> float | None:
        """When placing goes on for all that."""
        return min(self._awaited.values(), default=None)

    def note(self, promises: Iterable[Promise], graphs: Register) -> None:
        """What is promised by now goes into the statuses. O(promises)."""
        found: dict[str, dict[int, PromiseRecord]] = {}
        for each in promises:
            shard = shard_of(each.owners[0])
            if shard is None:
                continue  # of a pod that is no graph's nothing is recorded
            uid, unit = shard
            found.setdefault(uid, {})[unit] = each.record
        for uid in [*found, *(each for each in self._noted if each not in found)]:
            graph = graphs.open.get(uid)
            if graph is None or graph.running is None:
                self._noted.discard(uid)
            elif uid in found or graph.startable:  # else what it was promised waits with it
                (self._noted.add if uid in found else self._noted.discard)(uid)
                if graph.running.asking.promise(found.get(uid, {})):
                    graph.call()
