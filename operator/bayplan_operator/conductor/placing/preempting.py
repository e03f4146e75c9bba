"""What is evicted so that something else can start: recorded in the graph that gets the room, then done."""

import logging
import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import cast

from bayplan.admission.preemption.loss import since_checkpoint
from bayplan.admission.preemption.state import InVain, PreemptionState
from bayplan.model.decision import EvictedInVain, Eviction, Hold, Outcome
from bayplan.model.stake import Stake
from bayplan_operator import metrics
from bayplan_operator.conductor.placing.found_holds import FoundHolds
from bayplan_operator.conductor.placing.shard_id import ShardId, shard_of
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.holds import HeldRoom, Holds
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.translate.eviction import PREEMPTION, mark_for
from bayplan_operator.translate.eviction_record import name_of
from bayplan_operator.translate.hold_record import VainUnit
from bayplan_operator.translate.own_pod import OwnPod, PodKey
from bayplan_operator.view import PodStore
from bayplan_operator.writer import EventWriter, PodWriter

log = logging.getLogger(__name__)

_IN_VAIN = "EvictedInVain"


class Preempting:
    """Between the decider, which says what has to go, and the pods."""

    def __init__(self, pods: PodStore, writer: PodWriter, events: EventWriter, queues: Queues, found: FoundHolds) -> None:
        self._pods, self._writer, self._events, self._queues, self._found = pods, writer, events, queues, found
        self._holding: dict[str, None] = {}
        """UIDs of graphs for which room is held."""
        self.unrecordable: list[ShardId] = []
        """First requests of holds that are given up, until the decider is told."""

    @property
    def any(self) -> bool:
        """Room is held for something, as far as is recorded."""
        return bool(self._holding)

    def forget(self, uid: str) -> None:
        """A graph is over or gone."""
        self._holding.pop(uid, None)

    def given_up(self, state: PreemptionState) -> PreemptionState:
        """For units whose holds could not be recorded nothing is to be evicted any more: the same would come of it."""
        never = [InVain(each, 1, math.inf) for each in self.unrecordable]
        self._holding.update(dict.fromkeys(uid for uid, _ in self.unrecordable))
        self.unrecordable.clear()
        return PreemptionState(state.holds, (*state.in_vain, *never), state.changed)

    def known(self, touched: Iterable[GraphRun], state: PreemptionState, now: float) -> PreemptionState | None:
        """What the decider is to know of earlier holds; `None`: nothing that it does not know. O(touched graphs)."""
        found_all = (self._found.take(graph, now) for graph in touched)
        news = [found for found in found_all if found is not None]
        if not news:
            return None
        holds = [each for found in news for each in found.holds]
        vain = [each for found in news for each in found.in_vain]
        owners = [*(each.request_ids[0] for each in holds), *(each.owner for each in vain)]
        self._holding.update(dict.fromkeys(cast(ShardId, each)[0] for each in owners))
        return PreemptionState((*state.holds, *holds), (*state.in_vain, *vain), state.changed)

    def take(self, graphs: Register, outcome: Outcome, state: PreemptionState, now: float) -> None:
        """What was decided: new holds are to be recorded, those that are over are told and left out of the record."""
        for over in outcome.in_vain:
            graph, unit = _whose(graphs, over.hold)
            graphs.guarded(graph, now, partial(self._in_vain, unit, over))
        for decision in outcome.placements:
            shard = shard_of(decision.request_id)
            if shard is None:
                continue  # nothing is evicted for a pod that is no graph's
            uid, unit = shard
            holds = _holds_of(graphs.open.get(uid))
            if holds is not None:
                holds.forgive(unit)
        for hold in outcome.holds:
            graph, unit = _whose(graphs, hold)
            mine = [each for each in outcome.evictions if each.request_id == hold.request_ids[0]]
            graphs.guarded(graph, now, partial(self._begin, hold, mine))
        if self._holding or outcome.in_vain:
            self._follow(graphs, state)

    def act(self, graphs: Register, now: float) -> None:
        """Evict the victims of what is recorded, as far as that is not under way. O(victims)."""
        for graph in graphs.opened(list(self._holding)):
            holds = _holds_of(graph)
            for held in () if holds is None else holds.open.values():
                if held.recorded:
                    self._evict(graph, held, now)

    # Inside

    def _begin(self, hold: Hold, evictions: Sequence[Eviction], graph: GraphRun, now: float) -> None:
        holds = _holds_of(graph)
        try:
            if holds is None:
                raise ValueError("its graph does not run")
            holds.add(HeldRoom(hold, {each.occupant: each.grace for each in evictions}))
        except ValueError as error:
            self.unrecordable.append(cast(ShardId, hold.request_ids[0]))
            what = f"nothing is evicted for it, since that cannot be recorded: {error}"
            log.warning("TaskGraph %s/%s: %s", *graph.key, what)
            self._tell(graph, "Warning", "Preempting", what, now)
            return
        self._holding[graph.ref.uid] = None
        graph.call()

    def _in_vain(self, unit: int, over: EvictedInVain, graph: GraphRun, now: float) -> None:
        cause = "node" if over.taker is None else "taken"
        metrics.EVICTED_IN_VAIN.labels(cause).inc(len(over.hold.victims))
        log.warning("TaskGraph %s/%s: %s", *graph.key, over.message)
        if graph.running is not None:
            what = f"{name_of(graph.running.prepared.graph, unit)}: pods were evicted for it in vain: {_why(over, graph)}"
            self._tell(graph, "Warning", _IN_VAIN, what, now)

    def _follow(self, graphs: Register, state: PreemptionState) -> None:
        """The records go by what the decider holds by now. O(holds)."""
        there = {cast(ShardId, hold.request_ids[0]) for hold in state.holds}
        vain: dict[str, dict[int, VainUnit]] = {}
        for each in state.in_vain:
            uid, unit = cast(ShardId, each.owner)
            vain.setdefault(uid, {})[unit] = VainUnit(unit, each.times, each.again_at)
            self._holding.setdefault(uid, None)
        for uid in list(self._holding):
            holds = _holds_of(graphs.open.get(uid))
            if holds is None:
                del self._holding[uid]
                continue
            before = holds.revision
            for first in [first for first in holds.open if (uid, first) not in there]:
                holds.drop(first)
            for unit in [unit for unit in holds.vain if unit not in vain.get(uid, {})]:
                holds.forgive(unit)
            for found in vain.get(uid, {}).values():
                holds.count(found)
            if holds.revision != before:
                graphs.open[uid].call()
            if not holds.any:
                del self._holding[uid]

    def _evict(self, graph: GraphRun, held: HeldRoom, now: float) -> None:
        running = graph.running
        assert running is not None, "only what runs holds room"
        task = running.prepared.graph.tasks[int(running.prepared.graph.unit_task[held.units[0]])].name
        for victim in held.hold.victims:
            own = self._pods.own_pod(cast(PodKey, victim))
            if own is None or not own.may_be_evicted or self._writer.ending(own):
                continue  # it has gone, or is about to
            stake = self._pods.stakes.of(own.key, own.pod)
            if stake is None:
                continue  # it may not be evicted any more
            grace = held.graces.get(victim)
            if grace is None:
                grace = self._queues.longest_grace(self._pods.holding.queue_of(own.graph_uid, ""))
            mark = mark_for(graph.ref.namespace, graph.ref.name, task, own.key[0])
            if not self._writer.evict(own, mark, grace) or victim in held.begun:
                continue
            if not held.begun:
                self._tell(graph, "Normal", "Preempting", f"task {task}: {held.hold.message}", now)
            held.begun.add(victim)
            metrics.EVICTIONS.labels(PREEMPTION).inc()
            metrics.WORK_LOST.inc(_lost(own, stake, now))

    def _tell(self, graph: GraphRun, kind: str, reason: str, message: str, now: float) -> None:
        self._events.write((graph.ref.namespace, graph.ref.name, graph.ref.uid), kind, reason, message, now)


def _lost(own: OwnPod, stake: Stake, now: float) -> float:
    """Seconds of work since the last checkpoint; 0: it does not run yet."""
    began = own.pod.status.start_time
    return 0.0 if began is None else since_checkpoint(stake, began.timestamp(), now)


def _holds_of(graph: GraphRun | None) -> Holds | None:
    return None if graph is None or graph.running is None else graph.running.holds


def _whose(graphs: Register, hold: Hold) -> tuple[GraphRun, int]:
    uid, unit = cast(ShardId, hold.request_ids[0])
    return graphs.open[uid], unit


def _why(over: EvictedInVain, graph: GraphRun) -> str:
    """Pods of other namespaces are not named."""
    if over.taker is None:
        return over.message.removeprefix("evicted in vain: ")
    namespace, name = cast(PodKey, over.taker)
    taker = f"pod {name}" if namespace == graph.ref.namespace else "a pod of another namespace"
    return f"{taker} has taken the room"
