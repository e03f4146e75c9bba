"""Pre-emption in the decider: holds bind what is decided, and what still has no place may have others evicted."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.preemption.acting import acted
from bayplan.admission.preemption.contenders import Contenders
from bayplan.admission.preemption.fitting import PlaceUnit
from bayplan.admission.preemption.holds import HeldPlaces, Holds
from bayplan.admission.preemption.planner import EvictionPlan, EvictionPlanner
from bayplan.admission.preemption.state import InVain, PreemptionState
from bayplan.admission.promises.instant import waited_for
from bayplan.admission.promises.kept_room import KeptRoom
from bayplan.admission.promises.promise import Promise
from bayplan.admission.promises.promises import Promises
from bayplan.admission.tree import QueueTree
from bayplan.cluster.absence import Absence
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.trial import Trial
from bayplan.core.batch import answered
from bayplan.core.replay import Replay
from bayplan.model.decision import Decision, EvictedInVain, Eviction, Hold
from bayplan.model.reasons import Reason
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish

NEXT = 0.1
"""Seconds after which a queue that has evicted something may make the next plan."""
TIMES = 3
"""Plans for one unit that may come to nothing: after the first, at most two more."""
BACK_OFF = 30.0
"""Seconds until the second plan; twice as many until the third."""

Wishes = Mapping[Hashable, Wish]


@dataclass(slots=True)
class Begun:
    """What became of the holds."""

    placed: list[tuple[Wish, Decision]] = field(default_factory=list)
    in_vain: list[EvictedInVain] = field(default_factory=list)
    ended: bool = False
    """Some room is kept no longer, so that others may have it."""


class Preempting:
    """Between the decider and the plans. What it keeps goes into a `PreemptionState`."""

    def __init__(self, cluster: Cluster, promises: Promises) -> None:
        self._cluster, self._promises = cluster, promises
        self._running: Occupancy = promises.running
        self.holds = Holds(cluster, self._running)
        self._kept: KeptRoom[HeldPlaces] = KeptRoom(cluster, self._running)
        self._places: dict[Hashable, HeldPlaces] = {}
        self._tree: QueueTree | None = None
        self._contenders: Contenders | None = None
        self._in_vain: dict[Hashable, InVain] = {}
        self._changed: float | None = None
        self._news = True
        """Something else than an eviction has changed since the last decision."""
        self._evicted: dict[Hashable, set[Hashable]] = {}
        """By the unit of what was evicted, the keys of what is there of it: that it leaves is no news."""
        self._moves = 0
        self._static_version = cluster.static_version
        self._seen: Hashable = None
        self._again_at = -np.inf

    @property
    def idle(self) -> bool:
        """No queue evicts, and nothing is held."""
        return self._contenders is None and not len(self.holds)

    @property
    def again_at(self) -> float:
        """When to decide again though nothing happens, in seconds since the epoch; infinite: there is no need."""
        ends = [hold.until for hold in self.holds.of.values()]
        return min([*ends, self._again_at if self._contenders else np.inf], default=np.inf)

    def state(self) -> PreemptionState:
        """What a decider needs to go on."""
        return PreemptionState(tuple(self.holds.of.values()), tuple(self._in_vain.values()), self._changed)

    def restore(self, state: PreemptionState) -> None:
        """Go on from there."""
        for first in list(self.holds.of):
            self.holds.remove(first)
        self._running.step()
        for hold in state.holds:
            self.holds.add(hold, taken_over=True)
            self._note_evicted(hold)
        self._in_vain = {each.owner: each for each in state.in_vain}
        self._changed, self._news = state.changed, state.changed is None
        self._moves, self._static_version = self._cluster.quotas.moves.position, self._cluster.static_version

    def queue_up(self, tree: QueueTree) -> None:
        """Other queues."""
        self._tree, self._news, self._seen = tree, True, None
        self._contenders = Contenders(tree) if tree.preempts else None
        self._moves = self._cluster.quotas.moves.position

    def joins(self, wish: Wish, *, arrives: bool) -> None:
        """It waits from now on. `arrives`: it did not before."""
        if arrives and wish.request.evicted_at is None:
            self._news = True
        if self._contenders is not None:
            self._contenders.add(wish)

    def leaves(self, wish: Wish) -> None:
        """It waits no more."""
        if self._contenders is not None:
            self._contenders.remove(wish)

    def release(self, first: Hashable) -> bool:
        """A hold is given up; whether there was one."""
        hold = self.holds.of.get(first)
        if hold is not None:
            self._stay(hold)
            self.holds.remove(first)
        return hold is not None

    # A decision

    def begin(self, wishes: Wishes, context: Context, trial: Trial) -> Begun:
        """Units get the places that are kept for them, on the trial; what is still kept binds all others until `end`."""
        self._running.step()
        self._notice(context.now)
        found = Begun()
        for first, hold in list(self.holds.of.items()):
            if any(id_ not in wishes for id_ in hold.request_ids):
                self._stay(hold)  # what is not being deleted yet need not be any more
                self.holds.remove(first)
                found.ended = True
        for first in [first for first in self._in_vain if first not in wishes]:
            del self._in_vain[first]
        waits = self._charge(wishes, whole=False)
        for first, hold in list(self.holds.of.items()):
            unit = [wishes[id_] for id_ in hold.request_ids]
            shut = self.holds.shut(hold)
            placed = [] if shut or first in waits else self._placed(unit, hold, context, trial)
            if placed:
                found.placed += placed
                context = replace(context, turn=context.turn + len(placed))
            elif shut or context.now >= hold.until or self._all_gone():
                found.in_vain.append(self.holds.in_vain(hold, shut))
                self._count_in_vain(first, context.now)
                self._stay(hold)
                self.holds.remove(first)
                found.ended = True
            else:
                self._kept.charge(self._places[first])
        return found

    def _placed(self, unit: Sequence[Wish], hold: Hold, context: Context, trial: Trial) -> list[tuple[Wish, Decision]]:
        """The places of a unit by its hold; where these do not do any more, others. Its own room is kept no longer."""
        others = [each for each in self._kept.charged if each.hold is not hold]
        self._kept.lift_all()  # the places were found beside those that others hold, and what leaves may still fill a quota
        placed = self._taken(unit, hold, context, trial)
        for each in others:
            self._kept.charge(each)
        if not placed and not self.holds.remaining(hold):
            placed = self._placed_elsewhere(unit, context, trial)
        return placed

    def _all_gone(self) -> bool:
        """Nothing is leaving any more."""
        return not self._running.leaving.any() and not self._evicted

    def end(self) -> None:
        """The decision is over, or came to an error: nothing is charged any more."""
        self._kept.lift_all()
        self._promises.ahead.lift_all()
        self._places.clear()

    def placed(self, ids: Sequence[Hashable]) -> bool:
        """These have their places, and a decision was made of it; whether room was kept for any of them elsewhere."""
        found = False
        for id_ in ids:
            for first, hold in [each for each in self.holds.of.items() if id_ in each[1].request_ids]:
                self._stay(hold)
                self.holds.remove(first)
                found = True
        return found

    def plan(self, wishes: Wishes, context: Context) -> tuple[list[Hold], list[Eviction]]:
        """For what waits, at most one plan per queue. Call it while the placements of the decision are tried out."""
        if self._contenders is None or self._tree is None or not self._contenders:
            return [], []
        seen = self._cluster.version, self._cluster.retold.position, self._contenders.version, len(self.holds)
        if seen == self._seen and context.now < self._again_at:
            return [], []
        self._again_at = np.inf
        holds: list[Hold] = []
        evictions: list[Eviction] = []
        in_order = self._in_order(context.now)
        if not in_order:  # for all that could evict something is leaving already
            self._seen = seen
            return [], []
        self._kept.lift_all()
        with Absence(self._cluster) as absence:
            self._leave(absence)
            self._charge(wishes, whole=True)
            planner = EvictionPlanner(self._cluster, self._tree, self._running, context.now)
            for units in in_order:
                plan = self._first_plan(units, planner, wishes, context, absence)
                if plan is not None and plan.chosen is not None and plan.chosen.victims:
                    self._again_at = min(self._again_at, context.now + NEXT)  # others of the queue may need a plan too
                    hold, gone = acted(plan, self._running, context.now)
                    self.holds.add(hold)
                    self._note_evicted(hold)
                    holds.append(hold)
                    evictions += gone
                    self._places[hold.request_ids[0]] = places = self.holds.places(hold, wishes, whole=True)
                    self._kept.charge(places)
            self._kept.lift_all()
        self._seen = self._cluster.version, self._cluster.retold.position, self._contenders.version, len(self.holds)
        return holds, evictions

    def look_again(self, now: float) -> None:
        """Something was placed, which was not there yet when plans were made: what waits may have it evicted."""
        if self._contenders:
            self._again_at = min(self._again_at, now + NEXT)

    def said(self, request_id: Hashable) -> Decision | None:
        """What is said of a request that room is kept for; `None`: it is none."""
        if not len(self.holds) or request_id not in self.holds:
            return None
        hold = next(each for each in self.holds.of.values() if request_id in each.request_ids)
        return Decision(request_id, None, Reason.PREEMPTING, hold.message)

    @contextmanager
    def kept(self, wishes: Wishes) -> Iterator[None]:
        """In its block, what is held binds all."""
        if not len(self.holds):
            yield
            return
        self._running.step()
        try:
            self._charge(wishes, whole=False)
            yield
        finally:
            self.end()

    def waiting(self, hold: Hold) -> list[Decision]:
        """What is said of the requests that room is kept for."""
        return [Decision(id_, None, Reason.PREEMPTING, hold.message) for id_ in hold.request_ids]

    # Inside

    def _notice(self, now: float) -> None:
        """Whether anything has changed that is no eviction: what was evicted may evict like others from then on."""
        moves = self._cluster.quotas.moves
        for move in moves.since(self._moves):
            tenant = move.occupant.tenant
            unit = None if tenant is None or tenant.stake is None else tenant.stake.unit
            if move.sign < 0 and (unit is None or unit not in self._evicted):
                self._news = True
        self._moves = moves.position
        if self._evicted:
            left = {unit: {key for key in keys if self._running.slot(key) >= 0} for unit, keys in self._evicted.items()}
            self._evicted = {unit: keys for unit, keys in left.items() if keys}
        if self._static_version != self._cluster.static_version:
            self._static_version, self._news = self._cluster.static_version, True
        if self._news or self._changed is None:
            self._changed, self._news = now, False

    def _charge(self, wishes: Wishes, *, whole: bool) -> set[Hashable]:
        """Charge what is held. Answers the first requests of those whose places are not free yet."""
        for first, hold in self.holds.of.items():
            if all(id_ in wishes for id_ in hold.request_ids):
                self._places[first] = self.holds.places(hold, wishes, whole=whole)
        waits = {first for first, places in self._places.items() if places.blockers and not self.holds.free(places)}
        for first in self.holds.of:
            if first in self._places:
                self._kept.charge(self._places[first])
        return waits

    def _taken(self, unit: Sequence[Wish], hold: Hold, context: Context, trial: Trial) -> list[tuple[Wish, Decision]]:
        """The places that are kept, if all of them hold by now."""
        replay, mark = Replay(self._cluster, unit[0].strategy, context, trial), trial.mark()
        found = []
        for wish, node, gpus in zip(unit, hold.nodes, hold.gpus, strict=True):
            decision = Decision(wish.request.id, node, None, "what was evicted for it has left", gpus)
            if replay.take(wish.request, decision):
                trial.undo(mark)
                return []
            found.append((wish, decision))
        return found

    def _placed_elsewhere(self, unit: Sequence[Wish], context: Context, trial: Trial) -> list[tuple[Wish, Decision]]:
        mark = trial.mark()
        decisions = answered(unit, self._cluster, context, trial)
        if any(each.node is None for each in decisions):
            trial.undo(mark)
            return []
        return list(zip(unit, decisions, strict=True))

    def _place(self, context: Context) -> PlaceUnit:
        def place(unit: Sequence[Wish]) -> Sequence[Decision]:
            with self._cluster.trial() as trial:
                return answered(unit, self._cluster, context, trial)

        return place

    def _leave(self, absence: Absence) -> None:
        """All that is being deleted, and all that is to be, is gone."""
        running = self._running
        pending = [running.slot(key) for key in self._pending()]
        for slot in (*np.flatnonzero(running.leaving).tolist(), *pending):
            occupant = running.occupants[slot] if slot >= 0 else None
            if occupant is not None:
                absence.take(int(running.row[slot]), occupant)

    def _in_order(self, now: float) -> list[list[list[Wish]]]:
        """The units of each queue in which anything waits: that of the highest priority first, then of the first to arrive."""
        contenders = self._contenders
        found = [] if contenders is None else [contenders.units(queue, now, self.holds) for queue in contenders.queues()]
        return sorted(filter(None, found), key=lambda units: (-units[0][0].request.priority, units[0][0].request.arrival))

    def _first_plan(
        self, units: Sequence[Sequence[Wish]], planner: EvictionPlanner, wishes: Wishes, context: Context, absence: Absence
    ) -> EvictionPlan | None:
        """Of the units of one queue. Where one has no plan, none has that asks for as much of the same, or more."""
        without: dict[Hashable, int] = {}
        for unit in units:
            first = unit[0].request
            known = self._in_vain.get(first.id)
            if self._cluster.quotas.graphs.waits(first.graph):
                continue  # what all of its graph asks is not charged yet
            if any(each.request.id in self.holds for each in unit) or any(each.request.id not in wishes for each in unit):
                continue
            if known is not None and context.now < known.again_at:
                self._again_at = min(self._again_at, known.again_at)
                continue
            unevicted = first.evicted_at is None or (self._changed is not None and first.evicted_at < self._changed)
            alike = first.request_class, first.priority, first.neighbour, unit[0].policy, unit[0].candidate, unevicted
            if len(unit) >= without.get(alike, len(unit) + 1) and _uniform(unit):
                continue
            ahead = self._ahead(unit, wishes)
            for promise in ahead:  # a pre-emptor behind a reservation leaves it what it keeps, as any other does
                self._promises.ahead.charge(promise)
            kept_off = frozenset(self._pending().union(*(each.blockers for each in ahead)))
            plan = planner.plan(unit, unevicted, kept_off, self._place(context), absence)
            self._promises.ahead.lift_all()
            self._again_at = min(self._again_at, plan.again_at)
            if plan.chosen is not None:
                return plan
            if not plan.waits and _uniform(unit):
                without[alike] = min(len(unit), without.get(alike, len(unit)))
        return None

    def _pending(self) -> set[Hashable]:
        """Keys of what is evicted already, and is still there."""
        return {key for keys in self._evicted.values() for key in keys}

    def _ahead(self, unit: Sequence[Wish], wishes: Wishes) -> list[Promise]:
        """Reservations of nodes that others hold, and not those of lower priority."""
        ids = {each.request.id for each in unit}
        found = []
        for promise in self._promises.all:
            owner = wishes.get(promise.owners[0])
            if not promise.rows or owner is None or not ids.isdisjoint(promise.owners):
                continue
            if owner.request.priority >= unit[0].request.priority:
                found.append(promise)
        return sorted(found, key=lambda promise: len(waited_for(promise)))  # each after those that it waits for

    def _note_evicted(self, hold: Hold) -> None:
        for key in hold.victims:
            slot = self._running.slot(key)
            occupant = self._running.occupants[slot] if slot >= 0 else None
            if occupant is not None and occupant.tenant is not None and occupant.tenant.stake is not None:
                self._evicted.setdefault(occupant.tenant.stake.unit, set()).add(key)

    def _stay(self, hold: Hold) -> None:
        """What is still there of its victims, and is not being deleted yet, may be there for long."""
        running = self._running
        slots = {key: running.slot(key) for key in hold.victims}
        victims = {key for key, slot in slots.items() if slot >= 0 and not running.leaving[slot]}
        left = {unit: keys - victims for unit, keys in self._evicted.items()}
        self._evicted = {unit: keys for unit, keys in left.items() if keys}

    def _count_in_vain(self, first: Hashable, now: float) -> None:
        before = self._in_vain.get(first)
        times = 1 if before is None else before.times + 1
        again_at = np.inf if times >= TIMES else now + BACK_OFF * 2 ** (times - 1)
        self._in_vain[first] = InVain(first, times, again_at)


def _uniform(unit: Sequence[Wish]) -> bool:
    """All of it is asked for together, its members are alike, and they may be anywhere."""
    gang = unit[0].request.gang
    if gang is None:
        return True
    whole = gang.minimum is None and gang.topology is None and not gang.beside
    return whole and all(each.request.request_class == unit[0].request.request_class for each in unit)
