"""The domains in which a gang could be: how many of it each holds at most, and which is the smallest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.cluster.neighbours.domains import domain_names, domains
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_placing import Placing


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The members of one class."""

    count: int
    demand: Demand
    open: BoolArray
    """Per row: it has room for one now, pods nearby left aside."""
    admitted: BoolArray
    """Per row: no filter turns them away."""
    some_day: BoolArray
    """Per row: it could hold one now or later."""


@dataclass(frozen=True, slots=True, eq=False)
class GangDomains:
    """Those of a label, as the gang sees them. Shape (domains,) but for `of`."""

    label: str
    of: IntArray
    """Per row, the number of its domain; -1: it is in none."""
    names: tuple[str, ...]
    most: IntArray
    """So many members have room there now, pods nearby left aside, or fewer; exact for a gang of one class."""
    ever: IntArray
    """The same, were its nodes empty, ready and not cordoned."""
    size: IntArray
    """What is free, on nodes that admit members, of the resource that is the scarcest for the gang."""
    there: IntArray
    """Members that run there."""
    used: IntArray
    """Numbers of the domains that have a node: the one with the most members that run there first, then the smallest, then by
    name."""

    @property
    def chosen(self) -> bool:
        """Members that run already say where the others go."""
        return bool(self.there.any())

    @property
    def candidates(self) -> IntArray:
        """Numbers of the domains that a gang may have that is in one: where members run already, else all. In that order."""
        return self.used[self.there[self.used] > 0] if self.chosen else self.used

    def outside(self, number: int) -> BoolArray:
        """Per row: it is not in this domain."""
        return np.asarray(self.of != number)


def gang_domains(gang: Gang, label: str, members: Sequence[int], placing: Placing) -> GangDomains:
    """Those of a label. O(nodes x classes of members)."""
    cluster, asked = placing.cluster, _by_class(members, placing)
    found, names = domains(cluster, label), domain_names(cluster, label)
    rows = [row for name in gang.beside if (row := cluster.row(name)) is not None]
    running = found.of[np.array(rows, np.int64)]
    there = np.bincount(running[running >= 0], minlength=found.size)
    of, size = found.of, _size(asked, cluster, found.of, found.size)
    used = np.flatnonzero(_summed(np.ones(len(of), np.int64), of, found.size))
    order = sorted(used.tolist(), key=lambda number: (-there[number], size[number], names[number]))
    most, ever = (_most(asked, cluster, of, found.size, empty) for empty in (False, True))
    return GangDomains(label, of, names, most, ever, size, there, np.array(order, np.int64))


def capacity(cluster: Cluster, demand: Demand, most: int, empty: bool = False) -> IntArray:
    """Per row, how many requests for a demand fit there side by side, at most `most`. O(rows x (resources + GPUs)).

    `empty`: beside nothing else. What keeps them off for other reasons than room does not count.
    """
    if demand.impossible:
        return np.zeros(cluster.rows, np.int64)
    free = cluster.allocatable if empty else cluster.allocatable - cluster.used
    found = np.full(cluster.rows, most)
    for column, amount in demand.pairs:
        found = np.minimum(found, free[:, column] // amount)
    ask = demand.gpus
    if ask is not None:
        per_gpu = WHOLE // ask.thousandths if empty else np.maximum(cluster.gpu_free, 0) // ask.thousandths
        pieces = cluster.gpu_count * per_gpu if empty else np.asarray(per_gpu).sum(axis=1)
        found = np.minimum(found, pieces // ask.count)
    return np.asarray(np.maximum(found, 0))


def _by_class(members: Sequence[int], placing: Placing) -> list[_Asked]:
    classes = [placing.request(number).request_class for number in members]
    first = dict(zip(reversed(classes), reversed(members), strict=True))
    found = []
    for cls, count in Counter(classes).items():
        fit, open_ = placing.room(first[cls])
        found.append(_Asked(count, fit.demand, open_, fit.rows, fit.some_day))
    return found


def _most(asked: Sequence[_Asked], cluster: Cluster, of: IntArray, size: int, empty: bool) -> IntArray:
    """Per domain, an upper bound: that of each class by itself, and of all by the sum of what is free of each resource."""
    found = np.zeros(size, np.int64)
    rows = np.zeros(cluster.rows, bool)
    for each in asked:
        possible = each.some_day if empty else each.open
        rows |= possible
        there = np.where(possible, capacity(cluster, each.demand, each.count, empty), 0)
        found += np.minimum(_summed(there, of, size), each.count)
    if len(asked) > 1:
        free = cluster.allocatable if empty else cluster.allocatable - cluster.used
        for column in _columns(asked):
            amounts = np.sort(np.repeat([_amount(each, column) for each in asked], [each.count for each in asked]))
            amounts = np.minimum(amounts, 2**62 // len(amounts))
            there = _summed(np.where(rows, np.maximum(free[:, column], 0), 0), of, size)
            found = np.minimum(found, np.searchsorted(np.cumsum(amounts), there, side="right"))
    return found


def _size(asked: Sequence[_Asked], cluster: Cluster, of: IntArray, size: int) -> IntArray:
    """Per domain, what is free of the resource of which the gang asks the largest share of all that is free."""
    admitted = np.logical_or.reduce([each.admitted for each in asked])
    free = np.where(admitted[:, None], np.maximum(cluster.allocatable - cluster.used, 0), 0)
    inside, names = of >= 0, cluster.resources
    scarcest, most = -1, (-1.0, "")
    for column in _columns(asked):
        share = sum(_amount(each, column) * each.count for each in asked) / max(int(free[inside, column].sum()), 1)
        if scarcest < 0 or (-share, names[column]) < (-most[0], most[1]):
            scarcest, most = column, (share, names[column])
    return np.zeros(size, np.int64) if scarcest < 0 else _summed(free[:, scarcest], of, size)


def _columns(asked: Sequence[_Asked]) -> list[int]:
    return sorted({column for each in asked for column, _ in each.demand.pairs})


def _amount(asked: _Asked, column: int) -> int:
    return dict(asked.demand.pairs).get(column, 0)


def _summed(amounts: IntArray, of: IntArray, size: int) -> IntArray:
    """Per domain, the sum over its rows; each counts for so much at most that no sum leaves an int64."""
    found = np.zeros(size + 1, np.int64)
    np.add.at(found, of, np.minimum(amounts, 2**62 // max(len(of), 1)))  # -1, in no domain, points behind them
    return found[:-1]
