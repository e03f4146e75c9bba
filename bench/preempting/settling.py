"""A drawn set, decided until nothing changes any more, with what goes wrong counted by the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Hold, Outcome
from bayplan.model.occupant import Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import Gang, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.wish import Wish
from bench.preempting.judge import Judge, subsets
from bench.preempting.sets import DrawnSet, Unit

GRACE = 3.0
MOST_SUBSETS = 9
"""Units up to which all sets of victims are tried by the judge."""


@dataclass(slots=True)
class Found:
    """What became of a set."""

    faults: Counter[str] = field(default_factory=Counter)
    plans: int = 0
    victims: int = 0
    waited: int = 0
    told: list[str] = field(default_factory=list)
    """Of each fault, a line."""

    def fault(self, kind: str, line: str) -> None:
        """One more."""
        self.faults[kind] += 1
        self.told.append(f"{kind}: {line}")


class Settling:
    """One set. Nothing arrives once it has begun, but for `late`, and nothing ends by itself."""

    def __init__(self, drawn: DrawnSet, *, shortcuts: bool = True) -> None:
        self.drawn, self.judge, self.found = drawn, Judge(drawn), Found()
        self.cluster = Cluster()
        for node in drawn.nodes:
            self.cluster.set_node(node)
        self.tree = tree_of(drawn.queues, drawn.half_life)
        self.decider = Decider(self.cluster, shortcuts=shortcuts)
        self.decider.update(Changes(queues=self.tree))
        self.units = {unit.name: unit for unit in drawn.units}
        self.now = 100.0
        self.holds: dict[str, Hold] = {}
        self.claims: Counter[tuple[str, int]] = Counter()
        """Plans by unit and how often it had been evicted before."""
        self.changed_at = 0.0
        self._arrived = False
        self._strategy = compile_preset("BestFit")

    def run(self) -> Found:
        """Until nothing changes; what is decided is acted on."""
        order = list(self.units.values())
        half = len(order) // 2
        for unit in order[:half]:  # what can run runs: the later decisions may evict it
            self._want(unit)
            self._step()
        self._until_still()
        self.claims.clear()
        for unit in order[half:]:
            self._want(unit)
            self._step()
        self._until_still()
        for (name, _), count in self.claims.items():
            if count > 1:
                self.found.fault("more than one plan for a wait", f"{name}: {count}")
        self._stuck()
        return self.found

    # Inside

    def _until_still(self) -> None:
        for _ in range(60):
            if not self._step() and not any(unit.leaving is not None for unit in self.units.values()):
                return
        self.found.fault("loop", "it has not come to rest in 60 decisions")

    def _step(self) -> bool:
        """One decision; whether anything came of it."""
        self.now += 1.0
        for unit in self.units.values():
            if unit.leaving is not None and unit.leaving <= self.now:
                for number in range(len(unit.nodes)):
                    self.cluster.vacate((unit.name, number))
                unit.nodes, unit.leaving = [], None
                unit.evictions += 1
                self._want(unit)
        if self._arrived:
            self.changed_at, self._arrived = self.now, False
        outcome = self.decider.decide(self.now)
        self._place(outcome)
        for hold in outcome.holds:
            self._check(hold)
            self._evict(hold, {each.occupant for each in outcome.evictions})
        for each in outcome.in_vain:
            self.found.fault("victims whose pre-emptor did not run", each.message)
        return bool(outcome.placements or outcome.evictions)

    def _want(self, unit: Unit) -> None:
        if unit.evicted_at is None:
            self._arrived, unit.since = True, self.now
        gang = Gang(unit.name) if unit.members > 1 else None
        asked = RequestClass(unit.asks, (("pool", unit.pool),) if unit.pool else ())
        seconds = 0.0 if np.isinf(unit.seconds) else unit.seconds
        self.decider.update(
            Changes(
                tuple(
                    Wish(
                        Request(
                            (unit.name, number),
                            asked,
                            unit.priority,
                            arrival=(unit.since,),
                            gang=gang,
                            duration=seconds,
                            queue=unit.queue,
                            unit=number,
                            evicted_at=unit.evicted_at,
                        ),
                        self._strategy,
                        "p",
                    )
                    for number in range(unit.members)
                )
            )
        )

    def _tenant(self, unit: Unit) -> Tenant:
        return Tenant(
            graph=unit.name,
            queue=unit.queue,
            priority=unit.priority,
            since=self.now,
            expected_end=None if np.isinf(unit.seconds) else self.now + unit.seconds,
            stake=Stake(unit.name, started=self.now, evictions=unit.evictions, grace=GRACE),
        )

    def _place(self, outcome: Outcome) -> None:
        placed: dict[str, list[tuple[int, str]]] = {}
        for each in outcome.placements:
            name, number = _parts(each.request_id)
            placed.setdefault(name, []).append((number, each.node or ""))
        for name, places in placed.items():
            unit = self.units[name]
            beside = [each for each in self.units.values() if each.nodes]
            nodes = [node for _, node in sorted(places)]
            if len(nodes) != unit.members:
                self.found.fault("part of a gang", name)
            if not self.judge.holds(unit, nodes, beside):
                self.found.fault("placed beyond nodes or quota", name)
            unit.nodes, unit.since = nodes, self.now
            self.holds.pop(name, None)
            for number, node in enumerate(nodes):
                self.cluster.occupy((name, number), node, dict(unit.asks), None, self._tenant(unit))

    def _evict(self, hold: Hold, keys: set[Hashable]) -> None:
        """All that is to leave for a hold, gangs whole."""
        for name in dict.fromkeys(_parts(key)[0] for key in hold.victims):
            unit = self.units[name]
            if any((name, number) not in keys for number in range(unit.members)):
                self.found.fault("part of a gang is evicted", name)
            unit.leaving, unit.evicted_at = self.now + GRACE, self.now
            for number, node in enumerate(unit.nodes):
                tenant = self.cluster.occupants(node)[name, number].tenant
                if tenant is not None:
                    self.cluster.occupy((name, number), node, dict(unit.asks), None, replace(tenant, leaving=True))

    def _check(self, hold: Hold) -> None:
        """A plan, beside what the judge finds."""
        name = _parts(hold.request_ids[0])[0]
        unit, victims = self.units[name], [self.units[each] for each in dict.fromkeys(_parts(key)[0] for key in hold.victims)]
        self.claims[name, unit.evictions] += 1
        self.found.plans += 1
        self.found.victims += len(victims)
        # What leaves is gone, and what room is kept for is there.
        kept = [replace(self.units[each], nodes=list(one.nodes)) for each, one in self.holds.items()]
        self.holds[name] = hold
        there = [each for each in self.units.values() if each.nodes and each.leaving is None]
        running = [*there, *kept]
        shares = unit.evicted_at is None or self.changed_at > unit.evicted_at
        stay = [each for each in running if each not in victims]
        if not self.judge.lawful(unit, hold.nodes, victims, running, shares):
            self.found.fault("unlawful", f"{name} evicts {[each.name for each in victims]}")
        if not self.judge.fits(unit, stay):
            self.found.fault("does not fit", name)
        if self.judge.fits(unit, running):
            self.found.fault("needs no victim", name)
        for victim in victims:
            fewer = [each for each in victims if each is not victim]
            if fewer and self._does(unit, fewer, running, shares):
                self.found.fault("victims that could be left out", f"{victim.name} for {name}")
        total = sum(self.judge.lost(each, self.now) for each in victims)
        for each in there if len(victims) > 1 else ():
            one = self.judge.lost(each, self.now) <= total + 1e-12 and each.since < self.now
            if one and self._does(unit, [each], running, shares):
                self.found.fault("several where one does", f"{each.name} for {name}")

    def _does(self, unit: Unit, victims: Sequence[Unit], running: Sequence[Unit], shares: bool) -> bool:
        """Whether a unit may evict these, and fits then."""
        stay = [each for each in running if each not in victims]
        return any(self.judge.lawful(unit, nodes, victims, running, shares) for nodes in self.judge.ways(unit, stay))

    def _stuck(self) -> None:
        """What waits, within its nominal quota on the way to the root, and could have its room by lawful evictions."""
        running = [each for each in self.units.values() if each.nodes]
        if len(running) > MOST_SUBSETS:
            return
        for unit in self.units.values():
            if not unit.nodes:
                self.found.waited += 1
                self._look_for_victims(unit, running)

    def _look_for_victims(self, unit: Unit, running: Sequence[Unit]) -> None:
        able = [each for each in running if self.judge.plausible(unit, each)]
        for victims in subsets(able, MOST_SUBSETS):
            stay = [each for each in running if each not in victims]
            for nodes in self.judge.ways(unit, stay):
                if self.judge.guaranteed(unit, nodes, stay) and self.judge.lawful(unit, nodes, victims, running, False):
                    self.found.fault("stuck", f"{unit.name} could evict {[each.name for each in victims]}")
                    return


def _parts(key: Hashable) -> tuple[str, int]:
    """Of a request or an occupant: its unit and the number of the member."""
    return cast(tuple[str, int], key)
