"""Which requests are decided together."""

from collections.abc import Callable, Sequence
from typing import TypeVar

_Wanted = TypeVar("_Wanted")


def by_policy(
    batch: Sequence[_Wanted], policy: Callable[[_Wanted], str], priority: Callable[[_Wanted], int]
) -> list[list[_Wanted]]:
    """One group per policy. Where several compete, the higher priorities of all of them go first."""
    if len({policy(each) for each in batch}) <= 1:
        return [list(batch)] if batch else []
    groups: dict[tuple[int, str], list[_Wanted]] = {}
    for each in batch:
        groups.setdefault((-priority(each), policy(each)), []).append(each)
    return [groups[key] for key in sorted(groups)]
