"""The same problem with requests alike put together, and single GPUs summed up: what linear programs are made of."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, Problem

_BIG = WHOLE // 2
"""Of what takes more than half a GPU, no two share one."""


@dataclass(frozen=True, slots=True, eq=False)
class Compact:
    """A relaxation of a problem: every answer of the problem fits it, not the other way round, because of single GPUs."""

    group: IntArray
    """Shape (requests,): the group of each; requests alike in value, demand, GPUs and gang are one group."""
    first: IntArray
    """Shape (groups,): the first request of each."""
    size: IntArray
    """Shape (groups,): how many requests."""
    gang: IntArray
    """Shape (groups,): the gang, -1 if none."""
    value: FloatArray
    """Shape (groups, nodes); `FORBIDDEN` where not even one fits."""
    room: IntArray
    """Shape (groups, nodes): how many of its kind a node holds if nothing else comes, at most as many as all requests."""
    demand: IntArray
    """Shape (groups, columns): the resources, then what follows from single GPUs and not from a resource already."""
    free: IntArray
    """Shape (nodes, columns)."""
    unit: IntArray
    """Shape (columns,): in what demand and free are counted, the largest amount that divides all demands."""
    resources: int
    """So many of the columns are the problem's own."""

    def own_prices(self, prices: FloatArray) -> FloatArray:
        """Of prices of all columns, shape (nodes, columns), those of the problem's resources, each for one of these."""
        return np.asarray((prices / self.unit)[:, : self.resources])

    def members(self, group: int) -> IntArray:
        """The requests of a group, ascending."""
        return np.flatnonzero(self.group == group)


def compacted(problem: Problem) -> Compact:
    """Group the requests. O(requests x nodes x resources)."""
    group, first = _grouped(problem)
    size = np.bincount(group, minlength=len(first))
    room = _room(problem, first)
    value = np.where(room > 0, problem.value[first], FORBIDDEN)
    demand, free = _columns(problem)
    # What is left of a node beyond a multiple of the unit is of no use to any request.
    unit = np.maximum(np.gcd.reduce(demand, axis=0), 1)
    gang, resources = problem.gang[first], problem.demand.shape[1]
    return Compact(group, first, size, gang, value, room, demand[first] // unit, free // unit, unit, resources)


def _grouped(problem: Problem) -> tuple[IntArray, IntArray]:
    """Per request its group, per group its first request; groups in the order in which they first appear."""
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    group = np.empty(problem.requests, np.int64)
    rest = np.column_stack((problem.demand, problem.gpu_count, problem.gpu_thousandths, problem.gang)).astype(np.int64)
    for request in range(problem.requests):
        # A digest, since the rows themselves would take as much memory again as the whole table.
        key = rest[request].tobytes() + blake2b(problem.value[request].tobytes(), digest_size=20).digest()
        number = numbers.setdefault(key, len(first))
        if number == len(first):
            first.append(request)
        group[request] = number
    return group, np.array(first, np.int64)


def _room(problem: Problem, requests: IntArray) -> IntArray:
    """How many of each request a node holds, 0 where it must not go; shape (requests given, nodes)."""
    room = np.full((len(requests), problem.nodes), problem.requests, np.int64)
    room[problem.value[requests] == FORBIDDEN] = 0
    for demand, free in zip(problem.demand[requests].T, problem.free.T, strict=True):
        asking = np.flatnonzero(demand)
        room[asking] = np.minimum(room[asking], free // demand[asking, None])
    whole = (problem.gpu_free >= WHOLE).sum(axis=1)
    for number, request in enumerate(requests.tolist()):
        count, part = problem.gpu_count[request], problem.gpu_thousandths[request]
        if count:
            held = whole // count if part == WHOLE else (problem.gpu_free // part).sum(axis=1)
            room[number] = np.minimum(room[number], held)
    return room


def _columns(problem: Problem) -> tuple[IntArray, IntArray]:
    """Demand and free room, with what follows from single GPUs: thousandths in all, whole GPUs, parts above one half."""
    count, part = problem.gpu_count, np.where(problem.gpu_count > 0, problem.gpu_thousandths, 0)
    demands, frees = [problem.demand], [problem.free]
    extra = (
        (count * part, problem.gpu_free.sum(axis=1)),
        (np.where(part == WHOLE, count, 0), (problem.gpu_free >= WHOLE).sum(axis=1)),
        (np.where(part > _BIG, count, 0), (problem.gpu_free > _BIG).sum(axis=1)),
    )
    for demand, free in extra:
        known_demand, known_free = np.hstack(demands), np.hstack(frees)
        if demand.any() and not any(
            _implied(demand, free, known_demand[:, column], known_free[:, column]) for column in range(known_demand.shape[1])
        ):
            demands.append(demand[:, None])
            frees.append(free[:, None])
    return np.hstack(demands), np.hstack(frees)


def _implied(demand: IntArray, free: IntArray, by_demand: IntArray, by_free: IntArray) -> bool:
    """Whether whatever fits the one column fits the other: both the same but for the unit, and no more is free of the first."""
    asking = int(np.argmax(demand > 0))
    unit, by_unit = int(demand[asking]), int(by_demand[asking])
    if not by_unit or not np.array_equal(demand * float(by_unit), by_demand * float(unit)):
        return False
    return bool((by_free * float(unit) <= free * float(by_unit)).all())


def unfolded(compact: Compact, counts: list[tuple[int, int, int]]) -> IntArray:
    """An assignment in which so many (third) of a group (first) are on a node (second); shape (requests,)."""
    assignment = np.full(len(compact.group), NONE, np.int64)
    order = np.argsort(compact.group, kind="stable")
    following = np.concatenate((np.zeros(1, np.int64), np.cumsum(compact.size)[:-1]))
    for group, node, count in counts:
        start = following[group]
        assignment[order[start : start + count]] = node
        following[group] += count
    return assignment
