"""All queues as a tree: what is wrong with it, and what each queue may hold by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bayplan.admission.queue import Queue, QuotaRow, StopPolicy
from bayplan.cluster.quotas.limits import UNLIMITED, QueueLimits, QuotaKey, RowLimits


@dataclass(frozen=True, slots=True)
class QueueTree:
    """Queues by name; parents before their children, else by name."""

    queues: Mapping[str, Queue]
    """Those that stand in the tree."""
    faults: Mapping[str, str]
    """By name, what is wrong with a queue: nothing of it starts. Those below such a queue have a fault too."""
    half_life: float | None = None
    """The half-life, in seconds, by which the shares of queues without a parent are compared; `None`: they are not."""

    @property
    def rules(self) -> bool:
        """Whether a request fares otherwise for being in one queue or another. What is stopped does not count here."""
        compared = self.half_life is not None and len(self.queues) > 1
        return compared or any(
            each.quotas or each.ageing or each.reserve or each.half_life is not None for each in self.queues.values()
        )

    @property
    def reserves(self) -> bool:
        """Whether any request may hold a reservation."""
        return any(each.reserve for each in self.queues.values())

    @property
    def preempts(self) -> bool:
        """Whether a request of any queue may evict anything."""
        return any(each.preemption.evicts for each in self.queues.values())

    @property
    def by_run_time(self) -> bool:
        """Whether anything goes by how long requests run."""
        return self.reserves or self.half_life is not None or any(each.half_life is not None for each in self.queues.values())

    def half_life_of(self, name: str) -> float | None:
        """The half-life by which the share of a queue is compared with those beside it; `None`: it is not."""
        above = self.queues[name].parent
        return self.half_life if above is None else self.queues[above].half_life

    def nominal(self) -> dict[str, dict[str, float]]:
        """By queue and quota, what is guaranteed to it and to those below it. O(queues x quota rows)."""
        found: dict[str, dict[str, float]] = {name: {} for name in self.queues}
        for name in reversed(list(self.queues)):  # children before their parents
            sums = found[name]
            for row in self.queues[name].quotas:
                sums[str(row.key)] = sums.get(str(row.key), 0.0) + row.nominal
            above = self.queues[name].parent
            for key, amount in sums.items() if above is not None else ():
                found[above][key] = found[above].get(key, 0.0) + amount  # type: ignore[index]
        return found

    def stopped(self, name: str) -> str:
        """Why nothing starts in a queue, in a sentence; empty: it may. O(depth)."""
        fault = self.faults.get(name)
        if fault is not None:
            return fault
        queue = self.queues.get(name)
        if queue is None:
            return f"queue {name} does not exist"
        while queue is not None:
            if queue.stop is not StopPolicy.NONE:
                whose = "its" if queue.name == name else f"the stopPolicy of its ancestor {queue.name}"
                said = "stopPolicy" if queue.name == name else ""
                return f"queue {name} lets nothing start: {whose} {said} is {queue.stop.value}".replace("  ", " ")
            queue = None if queue.parent is None else self.queues.get(queue.parent)
        return ""

    def drained(self, name: str) -> str:
        """The queue whose stopPolicy has what runs in a queue evicted, itself or one above it; empty: it goes on. O(depth)."""
        queue = None if name in self.faults else self.queues.get(name)
        while queue is not None:
            if queue.stop is StopPolicy.HOLD_AND_DRAIN:
                return queue.name
            queue = None if queue.parent is None else self.queues.get(queue.parent)
        return ""

    def limits(self) -> QueueLimits:
        """What each queue may hold, as numbers. O(queues x quota rows).

        A queue without a row that stands on its way to the root, or that has one below it, has the row with nominal 0 and no
        limits: it passes on all that it gets. The sums are those of hierarchical cohorts (Kueue's documentation of cohorts): a
        queue keeps what it does not lend, and its parent has what its children lend, and its own.
        """
        names = tuple(self.queues)
        numbers = {name: number for number, name in enumerate(names)}
        parents = [-1 if each.parent is None else numbers[each.parent] for each in self.queues.values()]
        keys = sorted({row.key for each in self.queues.values() for row in each.quotas})
        return QueueLimits(names, tuple(parents), tuple(self._row(key, parents) for key in keys))

    def _row(self, key: QuotaKey, parents: Sequence[int]) -> RowLimits:
        rows = [_row_of(each, key) for each in self.queues.values()]
        limited, nominal = [False] * len(rows), [0] * len(rows)
        subtree, guaranteed, borrowing = [0] * len(rows), [0] * len(rows), [UNLIMITED] * len(rows)
        for number, row in enumerate(rows):  # parents first
            above = parents[number]
            limited[number] = row is not None or (above >= 0 and limited[above])
            if row is not None:
                nominal[number] = row.nominal
                borrowing[number] = UNLIMITED if row.borrowing_limit is None else row.borrowing_limit
        for number in range(len(rows) - 1, -1, -1):  # children first
            row, above = rows[number], parents[number]
            subtree[number] += nominal[number]
            lent = subtree[number]
            if row is not None and row.lending_limit is not None:
                lent = min(lent, row.lending_limit)
            if above < 0:
                continue
            guaranteed[number] = subtree[number] - lent
            subtree[above] += lent
        return RowLimits(key, tuple(limited), tuple(nominal), tuple(guaranteed), tuple(subtree), tuple(borrowing))


def tree_of(queues: Iterable[Queue], half_life: float | None = None) -> QueueTree:
    """The queues as a tree. Of two with one name the later counts. O(queues x depth).

    `half_life`: that by which the shares of queues without a parent are compared; `None`: they are not.
    """
    given = {each.name: each for each in queues}
    faults: dict[str, str] = {}
    for name in sorted(given):
        fault = _fault(given, name)
        if fault:
            faults[name] = fault
    placed: dict[str, Queue] = {}
    for name in sorted(set(given) - set(faults)):
        path = [given[name]]
        while (above := path[-1].parent) is not None and above not in placed:
            path.append(given[above])
        placed.update((each.name, each) for each in reversed(path))
    return QueueTree(placed, faults, half_life)


def _fault(given: Mapping[str, Queue], name: str) -> str:
    queue, path = given[name], [name]
    own = _own_fault(queue)
    if own:
        return own
    while queue.parent is not None:
        above = queue.parent
        if above not in given:
            if queue.name == name:
                return f"queue {name}: parentName is {above}, and there is no such queue"
            return f"queue {name}: its ancestor {queue.name} names the parent {above}, and there is no such queue"
        if above in path:
            cycle = path[path.index(above) :]
            first = cycle.index(min(cycle))
            ring = [*cycle[first:], *cycle[:first], cycle[first]]
            if name in cycle:
                return f"queue {name}: its parents form a cycle: {' -> '.join(ring)}"
            return f"queue {name}: the parents above it form a cycle: {' -> '.join(ring)}"
        path.append(above)
        queue = given[above]
        below = _own_fault(queue)
        if below:
            return f"queue {name}: its ancestor has a fault: {below}"
    return ""


def _own_fault(queue: Queue) -> str:
    """What is wrong with it whatever its parents are."""
    if queue.parent is not None:
        return ""
    for row in queue.quotas:
        for field, limit in (("borrowingLimit", row.borrowing_limit), ("lendingLimit", row.lending_limit)):
            if limit is not None:
                return (
                    f"queue {queue.name}: the quota of {row.key} has a {field}, and the queue has no parent: "
                    "give it a parentName, or leave the limit out"
                )
    return ""


def _row_of(queue: Queue, key: QuotaKey) -> QuotaRow | None:
    return next((row for row in queue.quotas if row.key == key), None)
