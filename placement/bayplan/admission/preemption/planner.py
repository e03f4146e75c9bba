"""Plans: for a unit that has no place, what would have to leave, and where the unit would go."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.preemption.choosing import ChosenVictims, Search
from bayplan.admission.preemption.fitting import Fitting, PlaceUnit
from bayplan.admission.preemption.judging import Claim, Judge
from bayplan.admission.preemption.rules import Preemption
from bayplan.admission.preemption.splits import splits
from bayplan.admission.preemption.standing import QueueStanding
from bayplan.admission.preemption.victim import Victim, Victims, part_of
from bayplan.admission.tree import QueueTree
from bayplan.cluster.absence import Absence
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import IntArray
from bayplan.strategy.wish import Wish


@dataclass(frozen=True, slots=True)
class EvictionPlan:
    """Of one unit."""

    unit: Sequence[Wish]
    """Those that get a place: of a gang, so many as it needs at least."""
    chosen: ChosenVictims | None
    """`None`: nothing is evicted."""
    waits: bool = False
    """There is what it could evict, and to wait is cheaper."""
    again_at: float = np.inf
    """When something else may be found though nothing happens, in seconds since the epoch."""


class EvictionPlanner:
    """For one decision: on a cluster from which all has gone that leaves, and in which all holds are charged."""

    def __init__(self, cluster: Cluster, tree: QueueTree, running: Occupancy, now: float) -> None:
        self._cluster, self._running, self._now, self._tree = cluster, running, now, tree
        self._rules: list[Preemption] = [each.preemption for each in tree.queues.values()]
        self._victims = Victims(cluster, running, self._rules, now)

    def plan(
        self, unit: Sequence[Wish], unevicted: bool, kept_off: frozenset[Hashable], place: PlaceUnit, absence: Absence
    ) -> EvictionPlan:
        """For a unit in line. `unevicted`: see `Claim`; `kept_off`: keys of what it may not evict. What it evicts
        is absent afterwards."""
        queue = self._cluster.quotas.limits.numbers.get(unit[0].request.queue or "", -1)
        least = _least(unit)
        if queue < 0 or not least:
            return EvictionPlan(unit, None)
        again_at, waits = np.inf, False
        best: ChosenVictims | None = None
        for asking in splits(unit[:least], self._cluster):
            found = self._on(asking, queue, unevicted, kept_off, place, absence)
            again_at, waits = min(again_at, found.again_at), waits or found.waits
            if found.chosen is None:
                continue
            if not found.chosen.victims:
                return replace(found, unit=unit[:least])
            self._put_back(found.chosen, absence)
            if best is None or _cost(found.chosen) < _cost(best):
                best = found.chosen
        for victim in () if best is None else best.victims:
            for slot in victim.slots:
                absence.take(int(self._running.row[slot]), self._victims.occupant(slot))
        return EvictionPlan(unit[:least], best, waits, again_at)

    def _on(
        self,
        unit: Sequence[Wish],
        queue: int,
        unevicted: bool,
        kept_off: frozenset[Hashable],
        place: PlaceUnit,
        absence: Absence,
    ) -> EvictionPlan:
        fitting, standing = Fitting(unit, self._cluster, place), QueueStanding(self._cluster, self._tree)
        claim = Claim(queue, unit[0].request.priority, self._asks(fitting), unevicted)
        standing.charge(queue, claim.asks, 1)
        judge = Judge(claim, standing, self._rules, self._now)
        slots = self._slots(claim, judge, kept_off)
        wait = max(each.request.duration for each in unit)
        if not slots or not judge.hopeful(bool((self._running.queue[slots] == queue).any())):
            return EvictionPlan(unit, None)
        candidates = self._ordered(self._victims.of(slots, wait), judge, standing, claim)
        if not candidates:
            return EvictionPlan(unit, None)
        chosen = Search(judge, standing, fitting, absence, self._victims)(candidates, self._running.row)
        if chosen is None or not chosen.victims:
            return EvictionPlan(unit, chosen, again_at=judge.later)
        if not self._lawful_there(claim, chosen, standing, unit):
            self._put_back(chosen, absence)
            return EvictionPlan(unit, None, again_at=judge.later)
        ends = max(each.end for each in chosen.victims)
        if self._waiting_is_cheaper(unit, chosen.victims, ends):
            self._put_back(chosen, absence)
            return EvictionPlan(unit, None, True, min(judge.later, max(ends, self._now + 1.0)))
        return EvictionPlan(unit, chosen, again_at=judge.later)

    def _put_back(self, chosen: ChosenVictims, absence: Absence) -> None:
        for victim in chosen.victims:
            for slot in victim.slots:
                absence.put_back(self._victims.occupant(slot))

    def _lawful_there(self, claim: Claim, chosen: ChosenVictims, standing: QueueStanding, unit: Sequence[Wish]) -> bool:
        """Whether all may go for what the unit really takes of each quota row, where that is less than was counted with."""
        quotas, taken = self._cluster.quotas, np.zeros_like(claim.asks)
        for wish, place in zip(unit, chosen.places, strict=True):
            row = self._cluster.row(place.node or "")
            for number in quotas.covering(-1 if row is None else row):
                taken[number] += quotas.asked(number, self._cluster.demand(wish.request.request_class).pairs)
        if (taken == claim.asks).all():
            return True
        standing.charge(claim.queue, taken - claim.asks, 1)
        judge = Judge(replace(claim, asks=taken), standing, self._rules, self._now)
        return all(map(judge.may_stay_taken, chosen.victims))

    def _waiting_is_cheaper(self, unit: Sequence[Wish], victims: Sequence[Victim], ends: float) -> bool:
        asked = [pair for each in unit for pair in each.request.request_class.resources]
        sums: dict[str, int] = {}
        for name, amount in asked:
            sums[name] = sums.get(name, 0) + amount
        grace = max(each.grace for each in victims)
        seconds = max(0.0, ends - self._now - grace)
        return seconds * part_of(tuple(sums.items()), self._victims.totals) <= sum(each.lost for each in victims)

    def _asks(self, fitting: Fitting) -> IntArray:
        """Shape (quota rows,): what a unit takes of each that counts what is on any node where it may go."""
        quotas = self._cluster.quotas
        found = np.zeros(len(quotas.rows), np.int64)
        for pairs, rows in fitting.parts():
            for number in range(len(quotas.rows)):
                if (rows & quotas.closed((number,), self._cluster.rows)).any():
                    found[number] += quotas.asked(number, pairs)
        return found

    def _slots(self, claim: Claim, judge: Judge, kept_off: frozenset[Hashable]) -> list[int]:
        """Of all that may be evicted by its queue and its priority. O(occupants) in columns."""
        running = self._running
        own = (running.queue == claim.queue) & (running.priority < claim.priority)
        others = np.isin(running.queue, judge.queues())
        slots: list[int] = np.flatnonzero(running.evictable & (own | others)).tolist()
        if not slots:
            return []
        if not kept_off:
            return slots
        units = {self._victims.unit(slot) for slot in slots if running.keys[slot] in kept_off}
        return [slot for slot in slots if self._victims.unit(slot) not in units]

    def _ordered(self, victims: list[Victim], judge: Judge, standing: QueueStanding, claim: Claim) -> list[Victim]:
        """Spare members first; of the queue furthest above nominal; of the lowest priority; that lose least."""
        above: dict[int, float] = {}
        for each in victims:
            if each.queue not in above:
                above[each.queue] = standing.excess(each.queue, claim.asks)
            each.above = above[each.queue]
        return sorted(victims, key=lambda each: (not each.spare, -each.above, each.priority, each.lost, each.slots[0]))


def _least(unit: Sequence[Wish]) -> int:
    """How many of a unit must have a place; 0: it runs already, and what is asked for is more of it."""
    gang = unit[0].request.gang
    if gang is None:
        return 1
    if gang.minimum is not None and len(gang.beside) >= gang.minimum:
        return 0
    return gang.least(len(unit))


def _cost(chosen: ChosenVictims) -> tuple[int, float]:
    """By which of two ways to split a unit the better is chosen: fewer victims, then less lost."""
    return len(chosen.victims), sum(each.lost for each in chosen.victims)
