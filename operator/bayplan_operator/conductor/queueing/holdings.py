"""What each queue holds of each quota, together with the queues below it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.cluster.quotas import QuotaKey, Quotas


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


class Holdings:
    """As things stand when this is made. O(quota rows x queues)."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._used = [self._summed([sum(own.values()) for own in row.own]) for row in quotas.rows]
        self._kept = [self._summed(list(row.kept)) for row in quotas.rows]
        self._nominal = [self._summed(list(row.limits.nominal)) for row in quotas.rows]

    def of(self, queue: str) -> Iterator[Held]:
        """Of each row that limits a queue. O(quota rows x depth)."""
        number = self._quotas.limited(queue)
        if number < 0:
            return
        for row, used, kept, nominal in zip(self._quotas.rows, self._used, self._kept, self._nominal, strict=True):
            if row.limits.limited[number]:
                borrowed = max(0, row.used[number] - row.limits.subtree[number])
                yield Held(row.limits.key, used[number], nominal[number], borrowed, row.most(number), kept[number])

    def _summed(self, amounts: list[int]) -> list[int]:
        """Each with those below it: parents come before their children."""
        parents = self._quotas.limits.parents
        for number in range(len(amounts) - 1, -1, -1):
            if parents[number] >= 0:
                amounts[parents[number]] += amounts[number]
        return amounts
