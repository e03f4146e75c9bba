"""What each queue holds of each quota, together with the queues below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey, Quotas


@dataclass(frozen=True, slots=True)
class Supply:
    """Of what a quota row counts, in units of the row."""

    there: int
    """What the ready nodes have."""
    guaranteed: int
    """To all queues together."""


@dataclass(frozen=True, slots=True)
class Held:
    """Of one quota row, in units of the row."""

    key: QuotaKey
    used: int
    nominal: int
    borrowed: int
    most: int
    """What the queue may ever hold, were all others empty."""
    charged: int = 0
    """For graphs that were admitted as a whole, what none of their pods holds yet."""
    supply: Supply | None = None
    """`None`: not known."""


def on_ready_nodes(cluster: Cluster) -> list[int]:
    """Of each quota row, what ready nodes have that it counts. O(quota rows x rows)."""
    quotas, columns, found = cluster.quotas, cluster.resources, list[int]()
    open_ = cluster.present & cluster.ready & ~cluster.cordoned
    for number, row in enumerate(quotas.rows):
        rows = open_ & quotas.closed((number,), cluster.rows)
        amounts = cluster.allocatable[rows].sum(axis=0).tolist()
        found.append(row.limits.key.amount(dict(zip(columns, amounts, strict=True))))
    return found


class Holdings:
    """As things stand when this is made. O(quota rows x queues)."""

    def __init__(self, quotas: Quotas, there: Sequence[int] = ()) -> None:
        """`there`: of each quota row, what ready nodes have that it counts; empty: not known."""
        self._quotas = quotas
        self._there: Sequence[int | None] = there or [None] * len(quotas.rows)
        self._used = [self._summed([sum(own.values()) for own in row.own]) for row in quotas.rows]
        self._kept = [self._summed(list(row.kept)) for row in quotas.rows]
        self._nominal = [self._summed(list(row.limits.nominal)) for row in quotas.rows]

    def of(self, queue: str) -> Iterator[Held]:
        """Of each row that limits a queue. O(quota rows x depth)."""
        number = self._quotas.limited(queue)
        if number < 0:
            return
        columns = (self._quotas.rows, self._used, self._kept, self._nominal, self._there)
        for row, used, kept, nominal, there in zip(*columns, strict=True):
            if row.limits.limited[number]:
                borrowed = max(0, row.used[number] - row.limits.subtree[number])
                supply = None if there is None else Supply(there, sum(row.limits.nominal))
                yield Held(row.limits.key, used[number], nominal[number], borrowed, row.most(number), kept[number], supply)

    def _summed(self, amounts: list[int]) -> list[int]:
        """Each with those below it: parents come before their children."""
        parents = self._quotas.limits.parents
        for number in range(len(amounts) - 1, -1, -1):
            if parents[number] >= 0:
                amounts[parents[number]] += amounts[number]
        return amounts
