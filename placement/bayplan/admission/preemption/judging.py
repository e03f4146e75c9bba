"""Who may evict whom: judged on what is held, without age, with all evictions and the request itself counted."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.preemption.loss import safe_from_reclaim_until, safe_until
from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.preemption.standing import QueueStanding, Side
from bayplan.admission.preemption.victim import Victim
from bayplan.model.arrays import IntArray


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked for, and by whom."""

    queue: int
    priority: int
    asks: IntArray
    """Shape (quota rows,): what all of the unit takes of each."""
    unevicted: bool
    """It was not evicted itself, or something else has changed since. Otherwise it may take only what keeps its queue within
    nominal: with more it could be evicted for that once more, and so on without end."""


class Judge:
    """Of one claim. The standing is as it is with the claim, and without the victims that are taken."""

    def __init__(self, claim: Claim, standing: QueueStanding, rules: Sequence[Preemption], now: float) -> None:
        self._claim, self._standing, self._rules, self._now = claim, standing, rules, now
        self._asked = (claim.asks > 0) & standing.limited[claim.queue]
        self._sides: dict[int, tuple[Side, Side, int]] = {}
        self._keys: dict[int, Hashable] = {}
        """By identity of a victim, what a judgement of it depends on."""
        self.later = np.inf
        """The first instant at which one may be evicted that is still safe."""

    def may(self, victim: Victim) -> bool:
        """Whether a victim that still counts as there may go, as far as can be said while more may follow."""
        return self._by_priority(victim) or (victim.queue != self._claim.queue and self._by_reclaim(victim))

    def may_stay_taken(self, victim: Victim) -> bool:
        """The same of one that is taken, among the others that are."""
        if victim.queue == self._claim.queue and not (self._claim.unevicted or self._within_nominal()):
            return False
        self._standing.charge(victim.queue, victim.amounts, 1)
        try:
            return self.may(victim)
        finally:
            self._standing.charge(victim.queue, victim.amounts, -1)

    def alike(self, victim: Victim) -> Hashable:
        """Of victims of which this is equal the same is judged."""
        found = self._keys.get(id(victim))
        if found is None:
            known = self._now >= self._safe(victim) and self._now >= self._safe_from_reclaim(victim)
            since = None if known else (victim.started, victim.evictions)
            found = self._keys[id(victim)] = victim.queue, victim.priority, victim.amounts.tobytes(), since
        return found

    def hopeful(self, own: bool) -> bool:
        """Whether any victim may be lawful. `own`: some are of the claim's queue, and change what it holds."""
        if own or self._rules[self._claim.queue].reclaim is Reclaim.NEVER:
            return own
        standing = self._standing
        sides = [(False, self._claim.queue), *((True, each) for each in standing.path(self._claim.queue))]
        if any((standing.above(side)[self._asked] <= 0).all() for side in sides):
            return True
        return self._claim.unevicted and any(standing.compares(each) for each in (*standing.path(self._claim.queue), -1))

    def makes_room_in_nominal(self, victim: Victim) -> bool:
        """Whether without a victim the claim's queue, which is above nominal, is less so: then it may take back more."""
        if victim.queue != self._claim.queue:
            return False
        return bool((self._standing.above((True, victim.queue))[self._asked] > 0).any())

    def queues(self) -> list[int]:
        """Other queues of which something may be taken back, as things stand."""
        if self._rules[self._claim.queue].reclaim is Reclaim.NEVER or not self._asked.any():
            return []
        found = np.flatnonzero((self._standing.own[:, self._asked] > 0).any(axis=1)).tolist()
        return [each for each in found if each != self._claim.queue and (self._way(each) > 0).any()]

    # Inside

    def _by_priority(self, victim: Victim) -> bool:
        """(a): of its own queue, of strictly lower priority."""
        rules = self._rules[self._claim.queue]
        if rules.within_queue is not WithinQueue.LOWER_PRIORITY or victim.queue != self._claim.queue:
            return False
        return victim.priority < self._claim.priority and self._over(self._safe(victim))

    def _by_reclaim(self, victim: Victim) -> bool:
        """(b) where the claim stays within nominal, (c) where the common parent compares shares."""
        reclaim = self._rules[self._claim.queue].reclaim
        if reclaim is Reclaim.NEVER or (reclaim is Reclaim.LOWER_PRIORITY and victim.priority >= self._claim.priority):
            return False
        holds = self._asked & (victim.amounts > 0)
        if not (holds.any() and (self._way(victim.queue)[holds[self._asked]] > 0).any()):
            return False
        ours, theirs, parent = self._between(victim.queue)
        if (self._standing.above(ours)[self._asked] <= 0).all():
            return self._over(self._safe_from_reclaim(victim))
        if not (self._claim.unevicted and self._standing.compares(parent)):
            return False
        self._standing.charge(victim.queue, victim.amounts, -1)
        fair = self._standing.share(ours) < self._standing.share(theirs)
        self._standing.charge(victim.queue, victim.amounts, 1)
        return fair and self._over(self._safe(victim))

    def _within_nominal(self) -> bool:
        """Whether the claim's queue and all above it are, in each row that it asks of."""
        queue = self._claim.queue
        sides = [(False, queue), *((True, each) for each in self._standing.path(queue))]
        return all((self._standing.above(side)[self._asked] <= 0).all() for side in sides)

    def _way(self, queue: int) -> IntArray:
        """Shape (rows asked for,): how far a queue, and each above it that is not above the claim too, is above nominal."""
        return np.asarray(self._standing.way(queue, self._between(queue)[1])[self._asked])

    def _between(self, queue: int) -> tuple[Side, Side, int]:
        found = self._sides.get(queue)
        if found is None:
            found = self._sides[queue] = self._standing.sides(self._claim.queue, queue)
        return found

    def _safe(self, victim: Victim) -> float:
        return safe_until(victim.started, victim.evictions, self._rules[victim.queue].minimum_run_time)

    def _safe_from_reclaim(self, victim: Victim) -> float:
        return safe_from_reclaim_until(victim.started, victim.evictions, self._rules[victim.queue].minimum_run_time)

    def _over(self, safe: float) -> bool:
        if self._now >= safe:
            return True
        self.later = min(self.later, safe)
        return False
