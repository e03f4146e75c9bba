"""The whole line as it stands: which unit comes after which, if all of them found a place."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from bayplan.admission.line.contest import ROOT, Contest
from bayplan.admission.line.places import Place, among_queues, keys, lasting
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree
from bayplan.model.workload import Request
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
    """All units, the first first. `shares`: a copy of its own, which is changed. O(n log n + n x depth x measures)."""
    queues = {} if tree is None else tree.queues
    numbers = {name: number for number, name in enumerate(queues)}
    lines: dict[int, list[tuple[Place, Place, list[Wish], float]]] = {}
    for number, members in _by_queue(wishes, numbers).items():
        line = _one_queue(members, tree, now)
        line.reverse()
        lines[number] = line
    if tree is None or shares is None or not tree.rules:
        merged = sorted((each for line in lines.values() for each in line), key=lambda each: each[0])
        return [_unit(each, None) for each in merged]
    parents = [*(-1 if each.parent is None else numbers[each.parent] for each in queues.values()), ROOT]
    contest = Contest(parents, shares.compared, shares.rank)
    contest.begin([(number, line[-1][1]) for number, line in lines.items()])
    found = []
    while (number := contest.first()) != ROOT:
        entry = lines[number].pop()
        compared = _compared(number, parents, shares)
        found.append(_unit(entry, None if compared < 0 else shares.rank(compared)[0]))
        for wish in entry[2]:
            shares.admitted(number, wish.request)
        contest.change(number, lines[number][-1][1] if lines[number] else None)
    return found


def _by_queue(wishes: Sequence[Wish], numbers: dict[str, int]) -> dict[int, list[tuple[int, Wish]]]:
    found: dict[int, list[tuple[int, Wish]]] = {}
    for joined, wish in enumerate(wishes):
        name = wish.request.queue
        number = len(numbers) if name is None else numbers.get(name, len(numbers))
        found.setdefault(number, []).append((joined, wish))
    return found


def _one_queue(
    members: Sequence[tuple[int, Wish]], tree: QueueTree | None, now: float
) -> list[tuple[Place, Place, list[Wish], float]]:
    name = members[0][1].request.queue
    queue = None if tree is None or name is None else tree.queues.get(name)
    ageing = None if queue is None else queue.ageing
    units: dict[Hashable, list[tuple[Place, Place, Wish, float]]] = {}
    for joined, wish in members:
        request = wish.request
        age = 0.0 if ageing is None or request.since is None else ageing.points(now - request.since)
        order = keys(wish.strategy, request) if lasting(wish.strategy) else ()
        rest = (order, -request.critical_path, request.arrival, request.unit or 0, joined)
        entry = ((-(request.priority + age), *rest), among_queues(wish, joined), wish, age)
        units.setdefault(request.id if request.gang is None else ("gang", request.gang.id), []).append(entry)
    found = []
    for unit in units.values():
        unit.sort(key=lambda each: each[0])
        place, among, _, age = unit[0]
        found.append((place, among, [each[2] for each in unit], age))
    found.sort(key=lambda each: each[0])
    return found


def _compared(queue: int, parents: Sequence[int], shares: QueueShares) -> int:
    """The queue, or the first above it, whose share is compared with those beside it; -1: none is."""
    if queue >= len(parents) - 1:
        return -1
    while queue >= 0 and not shares.compared.get(parents[queue], False):
        queue = parents[queue]
    return queue


def _unit(entry: tuple[Place, Place, list[Wish], float], share: float | None) -> LineUnit:
    _, _, wishes, age = entry
    return LineUnit(tuple(each.request for each in wishes), wishes[0].strategy, age, share)
