"""What is evicted as one: a gang, a pod of its own, or a member that others can do without."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.preemption.loss import Loss, lost
from bayplan.admission.preemption.rules import Preemption
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.occupant import Occupant
from bayplan.model.stake import Stake


@dataclass(slots=True, eq=False)
class Victim:
    """One that may be evicted, as far as its own stake goes."""

    unit: Hashable
    slots: tuple[int, ...]
    """Of the occupancy."""
    spare: bool
    queue: int
    priority: int
    amounts: IntArray
    """Shape (quota rows,): what it holds of each."""
    started: float
    """Since when it counts as running, in seconds since the epoch; minus infinity: not known."""
    evictions: int
    grace: float
    lost: float
    """What evicting it loses: seconds times its part of the cluster."""
    end: float
    """When all of it is expected to have ended; infinite: not known."""
    above: float = 0.0
    """How far its queue is above nominal, in parts of what is lent, of what the request asks for."""


def part_of(resources: Sequence[tuple[str, int]], totals: dict[str, int]) -> float:
    """The dominant share (Ghodsi et al. 2011) of amounts: the largest part of any resource of all ready nodes."""
    return max((amount / totals[name] for name, amount in resources if totals.get(name)), default=0.0)


class Victims:
    """Makes victims of occupants that may be evicted."""

    def __init__(self, cluster: Cluster, running: Occupancy, rules: Sequence[Preemption], now: float) -> None:
        """`rules`: by queue."""
        self._cluster, self.running, self._rules, self._now = cluster, running, rules, now
        open_ = cluster.ready & cluster.present
        self.totals = dict(zip(cluster.resources, cluster.allocatable[open_].sum(axis=0).tolist(), strict=True))
        """Of each resource, what all ready nodes have."""
        self._medians: FloatArray | None = None

    def of(self, slots: Sequence[int], wait: float) -> list[Victim]:
        """The units of these slots; a member that is spare is one of its own too. `wait`: seconds until there may be room for a
        victim again. O(slots)."""
        groups: dict[Hashable, list[int]] = {}
        found: list[Victim] = []
        for slot in slots:
            groups.setdefault(self._stake(slot).unit, []).append(slot)
        for unit, members in groups.items():
            spares = [slot for slot in members if self._stake(slot).spare]
            found += [self._victim(unit, [slot], True, wait) for slot in spares]
            if len(spares) < len(members):
                found.append(self._victim(unit, members, False, wait))
        return found

    def unit(self, slot: int) -> Hashable:
        """What goes together with what is in a slot."""
        return self._stake(slot).unit

    def occupant(self, slot: int) -> Occupant:
        """What is in a slot. Raises `LookupError` for a free one."""
        found = self.running.occupants[slot]
        if found is None:
            raise LookupError(f"slot {slot} is free")
        return found

    def _stake(self, slot: int) -> Stake:
        tenant = self.occupant(slot).tenant
        if tenant is None or tenant.stake is None:
            raise LookupError(f"what is in slot {slot} has no stake")
        return tenant.stake

    def _victim(self, unit: Hashable, slots: Sequence[int], spare: bool, wait: float) -> Victim:
        running, now = self.running, self._now
        first, queue = slots[0], int(running.queue[slots[0]])
        rules = self._rules[queue]
        held: dict[str, int] = {}
        amounts = np.zeros(len(self._cluster.quotas.rows), np.int64)
        losses: list[Loss] = []
        for slot in slots:
            occupant = self.occupant(slot)
            for name, amount in occupant.resources.items():
                held[name] = held.get(name, 0) + amount
            for number in self._cluster.quotas.covering(int(running.row[slot])):
                amounts[number] += self._cluster.quotas.rows[number].limits.key.amount(occupant.resources)
            losses.append(Loss(self._stake(slot), None if occupant.tenant is None else occupant.tenant.since))
        if self._medians is None:
            medians = running.medians(now)
            # What runs on after its end was due is not known to end soon.
            self._medians = np.where(medians > now, medians, np.inf)
        stakes = [each.stake for each in losses]
        begun = [each.since if each.stake.started is None else each.stake.started for each in losses]
        grace = max(each.grace for each in stakes)
        return Victim(
            unit,
            tuple(slots),
            spare,
            queue,
            int(running.priority[first]),
            amounts,
            max(-np.inf if each is None else each for each in begun),
            max(each.evictions for each in stakes),
            grace if rules.max_grace is None else min(grace, rules.max_grace),
            lost(losses, part_of(tuple(held.items()), self.totals), rules.most_lost, wait, now),
            float(self._medians[list(slots)].max()),
        )
