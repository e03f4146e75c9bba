"""The shards of graphs, as requests: what the decider is told of them, and what is done with its decisions."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from bayplan.admission.whole_graphs.whole_graph import Charged
from bayplan.core.changes import Changes
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan_operator.conductor.placing.charging import Charging
from bayplan_operator.conductor.placing.creating import Creator
from bayplan_operator.conductor.placing.insight import Insight
from bayplan_operator.conductor.placing.shard_id import ShardId, shard_of
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Tick


class ShardRequests:
    """Those that want a place. The pods of those that get one are made."""

    def __init__(self, creator: Creator, insight: Insight, wishes: Wishes) -> None:
        self._creator, self._insight = creator, insight
        self._wishes, self._charging = wishes, Charging()
        self._unrecorded: frozenset[str] = frozenset()
        """UIDs of graphs that were admitted as a whole by the last decision: the places of their pods came to nothing."""
        self._held: frozenset[str] = frozenset()
        """UIDs of graphs that the decider was not told of since they may not start yet."""
        self._changed: set[str] = set()
        """UIDs of graphs that the decider has to be told of though nothing else says so."""
        self._situation = 0, 0
        """Of the world, when all graphs were last looked at."""

    def forget(self, uid: str) -> None:
        """The graph is over or gone: its shards want no place any more."""
        self._changed.add(uid)

    def changes(self, tick: Tick) -> Changes:
        """O(shards that want a place, of graphs of which something has changed)."""
        graphs, held = tick.graphs, self._insight.plans.awaited
        if self._insight.situation != self._situation:
            self._situation = self._insight.situation
            graphs.attention.call_all(graphs.open)
        changed = self._changed.union(graphs.attention.called, held ^ self._held)
        self._changed, self._held = set(), held
        if not changed:
            return Changes()
        opened = graphs.opened(sorted(changed))
        whole = self._charging.changes(opened, changed.difference(each.ref.uid for each in opened))
        wanting = graphs.opened(sorted(changed - held))
        found = self._wishes.changes(wanting, changed.difference(each.ref.uid for each in wanting))
        return replace(found, graphs=whole) if whole else found

    def owns(self, request_id: Hashable) -> bool:
        """Whether it is the request of a shard."""
        return shard_of(request_id) is not None

    def charged(self, graphs: Sequence[Charged], tick: Tick) -> None:
        """Each has to say so in its status before anything of it starts."""
        self._unrecorded = self._charging.admitted(tick.graphs, graphs)

    def placed(self, placements: Sequence[Decision], tick: Tick) -> None:
        """Have their pods made."""
        for decision in placements:
            graph, unit = _asked(tick.graphs, decision)
            self._wishes.placed(graph.ref.uid, decision.request_id)
            if graph.ref.uid in self._unrecorded:
                continue  # its status has to say so first; then it asks again
            tick.graphs.guarded(graph, tick.now, partial(self._create, unit, decision))

    def waiting(self, waiting: Sequence[Decision], tick: Tick) -> None:
        """Note what was said of them."""
        reserved = []
        for decision in waiting:
            graph, unit = _asked(tick.graphs, decision)
            if graph.running is None or graph.running.asking.refused(unit, decision):
                graph.call()
            if decision.reason is Reason.RESERVED:
                reserved.append((graph.ref.uid, unit))
        self._insight.plans.reserved(reserved, tick.now)

    def _create(self, unit: int, decision: Decision, graph: GraphRun, now: float) -> None:
        self._creator.create(graph, unit, decision, now)
        graph.decided.started_at = graph.decided.started_at or now
        if graph.running is not None:
            graph.running.asking.placed(unit)
        graph.call()


def _asked(graphs: Register, decision: Decision) -> tuple[GraphRun, int]:
    uid, unit = cast(ShardId, decision.request_id)
    return graphs.open[uid], unit
