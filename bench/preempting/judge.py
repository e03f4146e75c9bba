"""Who may evict whom, what fits, and what is lost, by plain sums: nothing here is the planner's."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from bayplan.admission.preemption.rules import Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bench.preempting.sets import DrawnSet, Unit


class Tree:
    """Quotas of one row over the queues, summed from scratch at each question."""

    def __init__(self, drawn: DrawnSet) -> None:
        self.queues = {each.name: each for each in drawn.queues}
        self.half_life = drawn.half_life
        self.keys = sorted({row.key for each in drawn.queues for row in each.quotas})
        self.children = {name: [each.name for each in drawn.queues if each.parent == name] for name in self.queues}
        self.pools = {node.name: node.labels["pool"] for node in drawn.nodes}

    def path(self, name: str) -> list[str]:
        """It, and those above."""
        found = [name]
        while (above := self.queues[found[-1]].parent) is not None:
            found.append(above)
        return found

    def row(self, name: str, key: object) -> QuotaRow | None:
        """A queue's own row."""
        return next((each for each in self.queues[name].quotas if each.key == key), None)

    def limited(self, name: str, key: object) -> bool:
        """Some queue on the way to the root has the row."""
        return any(self.row(each, key) is not None for each in self.path(name))

    def nominal(self, name: str, key: object, *, below: bool) -> int:
        """Of a queue, with all below it."""
        row = self.row(name, key)
        own = 0 if row is None else row.nominal
        return own + (sum(self.nominal(each, key, below=True) for each in self.children[name]) if below else 0)

    def top(self, name: str, key: object) -> int:
        """What a queue has with what is lent to it from below."""
        return self.nominal(name, key, below=False) + sum(self.lent(each, key) for each in self.children[name])

    def lent(self, name: str, key: object) -> int:
        """What a queue lends."""
        row = self.row(name, key)
        most = None if row is None else row.lending_limit
        return self.top(name, key) if most is None else min(self.top(name, key), most)

    def used(self, name: str, key: object, own: dict[tuple[str, object], int]) -> int:
        """What counts at a queue: its own, and what those below hold beyond what they keep."""
        found = own.get((name, key), 0)
        for each in self.children[name]:
            keeps = self.top(each, key) - self.lent(each, key)
            found += max(0, self.used(each, key, own) - keeps)
        return found

    def allows(self, name: str, adds: dict[object, int], own: dict[tuple[str, object], int]) -> bool:
        """Whether a queue may hold so much more."""
        for key, amount in adds.items():
            if not amount or not self.limited(name, key):
                continue
            after = {**own, (name, key): own.get((name, key), 0) + amount}
            for each in self.path(name):
                used = self.used(each, key, after)
                if used == self.used(each, key, own):
                    continue
                row, most = self.row(each, key), self.top(each, key)
                if self.queues[each].parent is not None:
                    limit = None if row is None else row.borrowing_limit
                    if limit is not None and used > most + limit:
                        return False
                elif used > most:
                    return False
        return True


class Judge:
    """Of one set, at one instant."""

    def __init__(self, drawn: DrawnSet) -> None:
        self.drawn, self.tree = drawn, Tree(drawn)
        self.amounts = {node.name: dict(node.allocatable) for node in drawn.nodes}
        self.totals = {name: sum(each.get(name, 0) for each in self.amounts.values()) for name in ("gpu", "cpu")}

    def held(self, units: Iterable[Unit]) -> dict[tuple[str, object], int]:
        """Per queue and row, what its own units hold."""
        found: dict[tuple[str, object], int] = {}
        for unit in units:
            for key, amount in self.takes(unit, unit.nodes).items():
                if self.tree.limited(unit.queue, key):
                    found[unit.queue, key] = found.get((unit.queue, key), 0) + amount
        return found

    def takes(self, unit: Unit, nodes: Sequence[str]) -> dict[object, int]:
        """Of each row, what a unit takes with its members on these nodes."""
        found: dict[object, int] = {}
        for key in self.tree.keys:
            for node in nodes:
                if all(value == self.tree.pools[node] for _, value in key.node_selector):
                    found[key] = found.get(key, 0) + dict(unit.asks).get(key.resource, 0)
        return found

    def fits(self, unit: Unit, beside: Sequence[Unit]) -> bool:
        """Whether a unit finds places beside others: exact, since its members are alike."""
        return next(self.ways(unit, beside), None) is not None

    def ways(self, unit: Unit, beside: Sequence[Unit]) -> Iterator[list[str]]:
        """Per number of its members that go to the first pool, some node of its pool for each member."""
        free = self._free(beside)
        room = {
            node: max(0, min(left[name] // amount for name, amount in unit.asks))
            for node, left in free.items()
            if unit.pool in ("", self.tree.pools[node])
        }
        own = self.held(beside)
        in_a = sum(each for node, each in room.items() if self.tree.pools[node] == "a")
        in_b = sum(room.values()) - in_a
        a, b = self._node("a"), self._node("b")
        for some in range(min(in_a, unit.members) + 1):
            rest = unit.members - some
            nodes = [a] * some + [b] * rest
            if rest <= in_b and self.tree.allows(unit.queue, self.takes(unit, nodes), own):
                yield nodes

    def holds(self, unit: Unit, nodes: Sequence[str], beside: Sequence[Unit]) -> bool:
        """Whether these places are free, and within quota."""
        free = self._free(beside)
        for node in nodes:
            for name, amount in unit.asks:
                free[node][name] -= amount
        inside = all(left >= 0 for each in free.values() for left in each.values())
        return inside and self.tree.allows(unit.queue, self.takes(unit, nodes), self.held(beside))

    def guaranteed(self, unit: Unit, nodes: Sequence[str], beside: Sequence[Unit]) -> bool:
        """Whether its queue and all above it stay within nominal with it, in each row that it asks of."""
        takes, own = self.takes(unit, nodes), self.held(beside)
        for key, amount in takes.items():
            if not amount or not self.tree.limited(unit.queue, key):
                continue
            own[unit.queue, key] = own.get((unit.queue, key), 0) + amount
            sides = [(unit.queue, False), *((each, True) for each in self.tree.path(unit.queue))]
            if any(self._excess(side, key, own) > 0 for side in sides):
                return False
        return True

    def _free(self, beside: Sequence[Unit]) -> dict[str, dict[str, int]]:
        free = {node: dict(each) for node, each in self.amounts.items()}
        for other in beside:
            for node in other.nodes:
                for name, amount in other.asks:
                    free[node][name] -= amount
        return free

    def lawful(self, unit: Unit, nodes: Sequence[str], victims: Sequence[Unit], running: Sequence[Unit], shares: bool) -> bool:
        """Whether a unit that goes to these nodes may evict all of them together."""
        return all(self._may(unit, nodes, victim, victims, running, shares) for victim in victims)

    def plausible(self, unit: Unit, victim: Unit) -> bool:
        """Whether a unit may evict another as far as their priorities and the rules of its queue go."""
        rules = self.tree.queues[unit.queue].preemption
        if victim.queue == unit.queue:
            return rules.within_queue is WithinQueue.LOWER_PRIORITY and victim.priority < unit.priority
        return rules.reclaim is Reclaim.ANY or (rules.reclaim is Reclaim.LOWER_PRIORITY and victim.priority < unit.priority)

    def lost(self, unit: Unit, now: float) -> float:
        """Seconds times its part of the cluster; there are no checkpoints and no deadlines."""
        return self.part(unit) * min(now - unit.since, self.tree.queues[unit.queue].preemption.most_lost)

    def part(self, unit: Unit) -> float:
        """The largest part of any resource that it holds or asks."""
        return max(unit.members * amount / self.totals[name] for name, amount in unit.asks)

    # Inside

    def _node(self, pool: str) -> str:
        return next((node for node, each in self.tree.pools.items() if each == pool), "")

    def _may(
        self, unit: Unit, nodes: Sequence[str], victim: Unit, victims: Sequence[Unit], running: Sequence[Unit], shares: bool
    ) -> bool:
        if not self.plausible(unit, victim):
            return False
        if victim.queue == unit.queue:
            return shares or self.guaranteed(unit, nodes, [each for each in running if each not in victims])
        asks = {key for key, amount in self.takes(unit, nodes).items() if amount and self.tree.limited(unit.queue, key)}
        stay = [each for each in running if each not in victims]
        fin = self.held(stay)
        for key, amount in self.takes(unit, nodes).items():
            if self.tree.limited(unit.queue, key):
                fin[unit.queue, key] = fin.get((unit.queue, key), 0) + amount
        ours, theirs, parent = self._sides(unit.queue, victim.queue)
        with_it = self.held([*stay, victim])
        takes = self.takes(victim, victim.nodes)
        if not any(takes.get(key, 0) and self._above(victim.queue, theirs, key, with_it, fin, unit) for key in asks):
            return False
        if all(self._excess(ours, key, fin) <= 0 for key in asks):
            return True
        compares = self.tree.half_life if parent is None else self.tree.queues[parent].half_life
        return bool(shares and compares is not None and self._share(ours, fin) < self._share(theirs, fin))

    def _sides(self, one: str, other: str) -> tuple[tuple[str, bool], tuple[str, bool], str | None]:
        first, second = self.tree.path(one), self.tree.path(other)
        common = None
        while first and second and first[-1] == second[-1]:
            common = first.pop()
            second.pop()
        mine = (first[-1], True) if first else (common or "", False)
        his = (second[-1], True) if second else (common or "", False)
        return mine, his, common

    def _excess(self, side: tuple[str, bool], key: object, own: dict[tuple[str, object], int]) -> int:
        name, below = side
        return self._sum(name, key, own, below) - self.tree.nominal(name, key, below=below)

    def _sum(self, name: str, key: object, own: dict[tuple[str, object], int], below: bool) -> int:
        found = own.get((name, key), 0)
        return found + (sum(self._sum(each, key, own, True) for each in self.tree.children[name]) if below else 0)

    def _above(
        self,
        name: str,
        side: tuple[str, bool],
        key: object,
        own: dict[tuple[str, object], int],
        fin: dict[tuple[str, object], int],
        unit: Unit,
    ) -> bool:
        """Whether the victim's queue and each above it, up to the side, holds more than nominal with the victim."""
        own = dict(own)
        own[unit.queue, key] = fin.get((unit.queue, key), 0)
        if self._excess((name, False), key, own) <= 0:
            return False
        if not side[1]:
            return True
        for each in self.tree.path(name):
            if self._excess((each, True), key, own) <= 0:
                return False
            if each == side[0]:
                return True
        return True

    def _share(self, side: tuple[str, bool], own: dict[tuple[str, object], int]) -> float:
        name = side[0]
        queue: Queue = self.tree.queues[name]
        found = 0.0
        for key in self.tree.keys:
            if queue.parent is None:
                lendable = sum(self.tree.top(each, key) for each, one in self.tree.queues.items() if one.parent is None)
            else:
                lendable = self.tree.top(queue.parent, key)
            found = max(found, max(0, self._excess(side, key, own)) / max(1, lendable))
        return found / queue.weight


def subsets(units: Sequence[Unit], most: int) -> Iterable[tuple[Unit, ...]]:
    """All non-empty ones of at most so many, the smaller first."""
    return itertools.chain.from_iterable(itertools.combinations(units, n) for n in range(1, min(most, len(units)) + 1))
