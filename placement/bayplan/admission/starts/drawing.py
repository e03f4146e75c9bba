"""When units of the line start in one drawn future: what runs ends, and what waits takes the room in line order."""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from bayplan.admission.line.whole import LineUnit
from bayplan.admission.promises.promise import CHANCE
from bayplan.admission.starts.snapshot import ClassRoom, LineSnapshot, Pairs
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.workload import RequestClass

_End = tuple[float, int, int, Pairs, int, tuple[int, ...]]
"""When, a number that tells two of one instant apart, row, what it held, queue, and what of the quotas."""


@dataclass(slots=True)
class _Pending:
    """Units of one class that wait, in line order."""

    room: list[int]
    """How many fit on each row."""
    total: int
    units: list[int] = field(default_factory=list)


class Future:
    """One draw. O((ends + units) x classes), as far as it goes."""

    def __init__(self, snapshot: LineSnapshot, line: list[LineUnit], ends: list[float], runs: list[list[float]]) -> None:
        """`ends`: of each holder; `runs`: of each request of each unit, the seconds that it runs."""
        self._snapshot, self._line, self._runs = snapshot, line, runs
        self._usage: list[RowUsage] = snapshot.usage()
        numbers = {} if snapshot.tree is None else {name: n for n, name in enumerate(snapshot.tree.queues)}
        self._queues = [numbers.get(each.first.queue or "", -1) for each in line]
        self._free: dict[int, list[int]] = {}
        self._pending: dict[RequestClass, _Pending] = {}
        for number, each in enumerate(line):
            asked = each.first.request_class
            if asked not in self._pending:
                room = snapshot.classes[asked].room.tolist()
                self._pending[asked] = _Pending(room, sum(room))
            self._pending[asked].units.append(number)
        self._ends: list[_End] = [
            (end, number, holder.row, holder.pairs, holder.queue, holder.asks)
            for number, (holder, end) in enumerate(zip(snapshot.holders, ends, strict=True))
            if end < float("inf")
        ]
        heapify(self._ends)
        self._count = len(ends)
        self._chance: dict[int, float] = {}
        """By a unit that holds a promise, how much of its chance was given away."""
        self._reserved = [n for n, each in enumerate(line) if each.first.id in snapshot.promised]
        self.starts = [float("inf")] * len(line)

    def play(self) -> list[float]:
        """When each unit starts, in seconds since the epoch; infinite: it does not."""
        now, left = self._snapshot.now, len(self._line)
        while True:
            left -= self._place(now)
            if not left or not self._ends:
                return self.starts
            now = max(now, self._ends[0][0])
            while self._ends and self._ends[0][0] <= now:
                _, _, row, pairs, queue, asks = heappop(self._ends)
                self._change(row, pairs, 1)
                self._hold(queue, asks, -1)

    def _place(self, now: float) -> int:
        """Start what can, in line order; how many units did."""
        placed, shut = 0, set[RequestClass]()
        while True:
            heads = [
                (found, asked)
                for asked, pending in self._pending.items()
                if asked not in shut and pending.total and (found := self._first(asked, pending, now)) is not None
            ]
            if not heads:
                return placed
            unit, asked = min(heads, key=lambda each: each[0])
            self._pending[asked].units.remove(unit)
            self._start(unit, self._snapshot.classes[asked], now)
            placed += 1

    def _first(self, asked: RequestClass, pending: _Pending, now: float) -> int | None:
        refused: set[int] = set()
        for unit in pending.units:
            members, queue = self._least(unit), self._queues[unit]
            if members > pending.total or queue in refused:
                if members == 1:
                    return None
                continue
            if self._short(queue, asked, members) or not self._let_in(unit, now):
                refused.add(queue)
                continue
            return unit
        return None

    def _least(self, unit: int) -> int:
        requests = self._line[unit].requests
        gang = requests[0].gang
        return len(requests) if gang is None else gang.least(len(requests))

    def _short(self, queue: int, asked: RequestClass, members: int) -> bool:
        asks = self._snapshot.classes[asked].asks
        return queue >= 0 and any(
            amount and row.rest(queue) < members * amount for row, amount in zip(self._usage, asks, strict=True)
        )

    def _let_in(self, unit: int, now: float) -> bool:
        """Whether promises ahead of it let it use what is free for a while."""
        for ahead in self._reserved:
            if ahead >= unit:
                return True
            if self.starts[ahead] < float("inf"):
                continue
            at = self._snapshot.promised[self._line[ahead].first.id]
            if now >= at or self._chance.get(ahead, 0.0) + self._later(unit, at - now) > CHANCE:
                return False
        return True

    def _later(self, unit: int, seconds: float) -> float:
        requests = self._line[unit].requests
        run = requests[0].run
        return 1.0 if run is None or seconds == float("inf") else run.beyond(seconds) * len(requests)

    def _start(self, unit: int, what: ClassRoom, now: float) -> None:
        self.starts[unit] = now
        for ahead in self._reserved:
            if ahead < unit and self.starts[ahead] == float("inf"):
                at = self._snapshot.promised[self._line[ahead].first.id]
                self._chance[ahead] = self._chance.get(ahead, 0.0) + self._later(unit, at - now)
        queue, pending = self._queues[unit], self._pending[self._line[unit].first.request_class]
        row = -1
        for run in self._runs[unit][: max(self._least(unit), min(len(self._runs[unit]), pending.total))]:
            if row < 0 or not pending.room[row]:
                row = next(number for number, room in enumerate(pending.room) if room)
            self._change(row, what.pairs, -1)
            self._hold(queue, what.asks, 1)
            if now + run < float("inf"):
                self._count += 1
                heappush(self._ends, (now + run, self._count, row, what.pairs, queue, what.asks))

    def _change(self, row: int, pairs: Pairs, sign: int) -> None:
        free = self._free.get(row)
        if free is None:
            free = self._free[row] = self._snapshot.free[row].tolist()
        for column, amount in pairs:
            free[column] += sign * amount
        for asked, pending in self._pending.items():
            what = self._snapshot.classes[asked]
            if what.rows[row]:
                room = max(0, min((free[column] // amount for column, amount in what.pairs if amount), default=0))
                pending.total += room - pending.room[row]
                pending.room[row] = room

    def _hold(self, queue: int, asks: tuple[int, ...], sign: int) -> None:
        if queue >= 0:
            for row, amount in zip(self._usage, asks, strict=True):
                if amount:
                    row.charge(queue, sign * amount)
