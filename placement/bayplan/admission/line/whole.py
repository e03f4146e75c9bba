"""The whole line as it stands: which unit comes after which, if all of them found a place."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.line.contest import ROOT, Contest
from bayplan.admission.line.merging import QueueLines, merged, merges
from bayplan.admission.line.places import among_queues, keys, lasting
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.workload import Request
from bayplan.strategy.assigning.gangs import units_of
from bayplan.strategy.ordering.lasting import LASTING
from bayplan.strategy.wish import Wish


@dataclass(frozen=True, slots=True)
class LineUnit:
    """A unit in the line."""

    requests: tuple[Request, ...]
    """One, or a gang."""
    strategy: object
    """By which it is placed."""
    age: float
    """Points that the first of them has gained by waiting."""
    share: float | None
    """Of its queue, or of the one above it that was compared, as it goes next; `None`: shares are not compared."""

    @property
    def first(self) -> Request:
        """The request by which it stands there."""
        return self.requests[0]


def whole_line(wishes: Sequence[Wish], tree: QueueTree | None, shares: QueueShares | None, now: float) -> list[LineUnit]:
    """All units, the first first. `shares`: a copy of its own, which is changed.

    O(depth x n log n). Where units wait in a queue itself that compares the shares of those below it:
    O(n log n + n x depth x measures), step by step.
    """
    if not wishes:
        return []
    queues = {} if tree is None else tree.queues
    numbers = {name: number for number, name in enumerate(queues)}
    requests = [each.request for each in wishes]
    queue = np.array([numbers.get(each.queue or "", len(numbers)) for each in requests], np.int64)
    age = _ages(requests, queue, tree, now)
    ruled = tree is not None and shares is not None and tree.rules
    arrival = _ranks([each.arrival for each in requests])
    order = _ordered(wishes, queue if ruled else np.zeros(len(wishes), np.int64), age, arrival)
    units = units_of(requests, order)
    first = np.array([each[0] for each in units], np.int64)
    if tree is None or shares is None or not ruled:
        return [_unit(wishes, unit, age, np.nan) for unit in units]
    parents = [-1 if each.parent is None else numbers[each.parent] for each in queues.values()]
    if not merges(queue, parents, shares):
        return _step_by_step(wishes, units, age, shares, parents, queue)
    amounts, seconds = shares.asked(requests, queue)
    whole = amounts[first] if len(units) == len(wishes) else np.array([amounts[unit].sum(axis=0) for unit in units])
    lines = QueueLines(queue[first], _among(requests, first, arrival), whole, seconds[first])
    found, told = merged(lines, parents, shares)
    return [_unit(wishes, units[at], age, share) for at, share in zip(found.tolist(), told.tolist(), strict=True)]


def _ages(requests: Sequence[Request], queue: IntArray, tree: QueueTree | None, now: float) -> FloatArray:
    """Points that each has gained by waiting. Shape (requests,)."""
    ageing = [] if tree is None else [each.ageing for each in tree.queues.values()]
    if not any(ageing):
        return np.zeros(len(requests))
    per_hour = np.array([*(0.0 if each is None else each.per_hour for each in ageing), 0.0])
    ceiling = np.array([*(0.0 if each is None else each.ceiling for each in ageing), 0.0])
    since = np.array([now if each.since is None else each.since for each in requests])
    return np.asarray(np.minimum(ceiling[queue], per_hour[queue] * np.maximum(now - since, 0.0) / 3600))


def _ordered(wishes: Sequence[Wish], queue: IntArray, age: FloatArray, arrival: IntArray) -> IntArray:
    """By queue, and within each as its requests go."""
    requests = [each.request for each in wishes]
    points = age + np.array([each.priority for each in requests])
    critical = np.array([each.critical_path for each in requests])
    unit = np.array([each.unit or 0 for each in requests])
    by_policy = _by_policy(wishes)
    return np.lexsort((np.arange(len(wishes)), unit, arrival, -critical, *reversed(by_policy), -points, queue))


def _by_policy(wishes: Sequence[Wish]) -> list[IntArray]:
    """What the policies' orders go by, in columns: of one policy each of its orders, of several their keys as one."""
    strategies = {id(each.strategy): each.strategy for each in wishes}
    if len(strategies) == 1:
        (strategy,) = strategies.values()
        orders = strategy.order if lasting(strategy) else ()
        return [_ranks([LASTING[order](each.request) for each in wishes]) for order in orders]
    return [_ranks([keys(each.strategy, each.request) if lasting(each.strategy) else () for each in wishes])]


def _ranks(values: Sequence[Hashable]) -> IntArray:
    """Equal ones have equal ranks, the lower the lower. O(n log distinct)."""
    rank = {value: number for number, value in enumerate(sorted(set(values)))}  # type: ignore[type-var]
    return np.array([rank[value] for value in values], np.int64)


def _among(requests: Sequence[Request], first: IntArray, arrival: IntArray) -> IntArray:
    """Where units stand among queues that compare no shares. Shape (units,)."""
    priority = np.array([requests[number].priority for number in first.tolist()])
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, arrival[first], -priority))] = np.arange(len(first))
    return rank


def _step_by_step(
    wishes: Sequence[Wish], units: list[list[int]], age: FloatArray, shares: QueueShares, parents: list[int], queue: IntArray
) -> list[LineUnit]:
    lines: dict[int, list[list[int]]] = {}
    for unit in reversed(units):
        lines.setdefault(int(queue[unit[0]]), []).append(unit)
    above = [*parents, ROOT]
    contest = Contest(above, shares.compared, shares.rank)
    contest.begin([(number, among_queues(wishes[line[-1][0]], line[-1][0])) for number, line in lines.items()])
    found = []
    while (number := contest.first()) != ROOT:
        unit = lines[number].pop()
        compared = _compared(number, above, shares)
        found.append(_unit(wishes, unit, age, np.nan if compared < 0 else shares.rank(compared)[0]))
        for each in unit:
            shares.admitted(number, wishes[each].request)
        head = lines[number][-1][0] if lines[number] else -1
        contest.change(number, among_queues(wishes[head], head) if head >= 0 else None)
    return found


def _compared(queue: int, parents: Sequence[int], shares: QueueShares) -> int:
    """The queue, or the first above it, whose share is compared with those beside it; -1: none is."""
    if queue >= len(parents) - 1:
        return -1
    while queue >= 0 and not shares.compared.get(parents[queue], False):
        queue = parents[queue]
    return queue


def _unit(wishes: Sequence[Wish], unit: Sequence[int], age: FloatArray, share: float) -> LineUnit:
    first = unit[0]
    requests = tuple([wishes[number].request for number in unit])
    return LineUnit(requests, wishes[first].strategy, float(age[first]), None if share != share else share)
