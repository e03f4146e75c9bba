"""What queues may hold, as numbers: one table per quota row, over a tree of queues."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bayplan.model.resources import Resources, amount_in_words

UNLIMITED = 2**62
"""More than any sum of amounts."""


@dataclass(frozen=True, slots=True, order=True)
class QuotaKey:
    """What a quota row counts: a resource, on nodes with these labels. Two rows are the same if these are equal as text."""

    resource: str
    node_selector: tuple[tuple[str, str], ...] = ()
    """Label and value, sorted; none: all nodes."""
    counts: tuple[tuple[str, int], ...] = ()
    """Where several resources stand for the same thing, such as whole GPUs and shares of them: each of these resources, and how
    many units of the row one of its units is. None: the resource alone, unit for unit."""

    def amount(self, resources: Resources) -> int:
        """What counts of resources, in units of the row."""
        if not self.counts:
            return resources.get(self.resource, 0)
        return sum(units * resources.get(name, 0) for name, units in self.counts)

    @property
    def names(self) -> tuple[str, ...]:
        """The resources that it counts."""
        return tuple(name for name, _ in self.counts) or (self.resource,)

    def in_words(self, amount: int, *, up: bool) -> str:
        """An amount as users write it of the row's resource, to at most three digits after the point."""
        units = dict(self.counts).get(self.resource, 1)
        if units == 1:
            return amount_in_words(self.resource, amount, up=up)
        thousandths = -(-1000 * amount // units) if up else 1000 * amount // units
        return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".")

    def __str__(self) -> str:
        """Such as `nvidia.com/gpu on nodes with gpu=A100`."""
        labels = ",".join(f"{key}={value}" for key, value in self.node_selector)
        return f"{self.resource} on nodes with {labels}" if labels else self.resource


@dataclass(frozen=True, slots=True)
class RowLimits:
    """One quota row over all queues of a tree; a queue is its number."""

    key: QuotaKey
    limited: Sequence[bool]
    """On its way to the root, the queue itself included, some queue has the row; else nothing that it holds counts."""
    nominal: Sequence[int]
    guaranteed: Sequence[int]
    """What the queue and those below it may always have together, since it is lent to no other."""
    subtree: Sequence[int]
    """`guaranteed`, and what the queue and those below it lend the others."""
    borrowing: Sequence[int]
    """What the queue and those below it may hold beyond `subtree`; `UNLIMITED`: as much as there is."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """All quota rows of a tree of queues."""

    queues: tuple[str, ...] = ()
    """Names, by number."""
    parents: tuple[int, ...] = ()
    """Of each queue the number of its parent; -1: it has none."""
    rows: tuple[RowLimits, ...] = ()
    numbers: dict[str, int] = field(init=False, compare=False, default_factory=dict)
    """Names to numbers."""

    def __post_init__(self) -> None:
        """Number the queues."""
        self.numbers.update((name, number) for number, name in enumerate(self.queues))

    def below(self, queue: int) -> list[int]:
        """A queue, and all below it. O(queues)."""
        found = {queue}
        for number, above in enumerate(self.parents):  # parents come before their children
            if above in found:
                found.add(number)
        return sorted(found)
