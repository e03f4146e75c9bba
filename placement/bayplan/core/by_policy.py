"""Which requests are decided together."""

from collections.abc import Callable, Sequence
from typing import TypeVar

_Wanted = TypeVar("_Wanted")


def by_policy(
    batch: Sequence[_Wanted], policy: Callable[[_Wanted], tuple[str, str]], priority: Callable[[_Wanted], int]
) -> list[list[_Wanted]]:
    """One group per policy and, of an adaptive policy, candidate: `policy` answers both, the latter empty where there is none.

    Where several compete, the higher priorities of all of them go first."""
    if len({policy(each) for each in batch}) <= 1:
        return [list(batch)] if batch else []
    groups: dict[tuple[int, tuple[str, str]], list[_Wanted]] = {}
    for each in batch:
        groups.setdefault((-priority(each), policy(each)), []).append(each)
    return [groups[key] for key in sorted(groups)]
