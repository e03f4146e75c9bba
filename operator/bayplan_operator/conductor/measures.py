"""How many graphs there are, how many are in danger, and why shards wait, as metrics."""

from collections import Counter

from bayplan_operator import metrics
from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick

_EVERY = 1.0
"""Seconds between two counts: what waits may be much, and changes all the time."""


class Measures(Step):
    """Counts the graphs that were looked at, once in a while, and adds up."""

    def __init__(self) -> None:
        self._stale: dict[str, GraphRun] = {}
        self._counted: dict[str, tuple[bool, bool, Counter[str]]] = {}
        """By UID: it is open, its deadline is at risk, and how many of its shards wait for which reason."""
        self._open = self._at_risk = 0
        self._waiting: Counter[str] = Counter()
        self._next_at = 0.0
        self._gone = False
        """A graph is gone since the metrics were set."""

    def step(self, tick: Tick) -> None:
        """Count the touched graphs. O(their waiting shards), once in a second."""
        self._stale.update((graph.ref.uid, graph) for graph in tick.touched)
        now = tick.now
        if self.next_time(now) is None or now < self._next_at:
            return
        for uid, graph in self._stale.items():
            self._count(uid, _measured(graph))
        self._stale.clear()
        self._next_at, self._gone = now + _EVERY, False
        metrics.GRAPHS.set(self._open)
        metrics.DEADLINES_AT_RISK.set(self._at_risk)
        metrics.WAITING.clear()
        for reason, count in self._waiting.items():
            if count:
                metrics.WAITING.labels(reason).set(count)

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._stale.pop(uid, None)
        self._count(uid, (False, False, Counter()))
        del self._counted[uid]
        self._gone = True

    def next_time(self, now: float) -> float | None:
        """When what was looked at is counted."""
        return self._next_at if self._stale or self._gone else None

    def _count(self, uid: str, found: tuple[bool, bool, Counter[str]]) -> None:
        was_open, was_at_risk, waited = self._counted.get(uid, (False, False, Counter()))
        self._counted[uid] = found
        self._open += found[0] - was_open
        self._at_risk += found[1] - was_at_risk
        self._waiting.subtract(waited)
        self._waiting.update(found[2])


def _measured(graph: GraphRun) -> tuple[bool, bool, Counter[str]]:
    waiting = () if graph.running is None else graph.running.asking.waiting.values()
    reasons = Counter(each.reason.value for each in waiting if each.reason is not None)
    return not graph.decided.ended, deadlines.at_risk(graph), reasons
