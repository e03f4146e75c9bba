"""Which requests are decided together."""

from collections.abc import Hashable, Sequence

from bayplan.core.wishes import policy_of
from bayplan.strategy.wish import Wish


def by_policy(batch: Sequence[Wish]) -> list[list[Wish]]:
    """One group per policy and, of an adaptive policy, candidate.

    Where several compete, the higher priorities of all of them go first; a gang goes with the highest of its priorities, since
    it goes as one.
    """
    if len({policy_of(each) for each in batch}) <= 1:
        return [list(batch)] if batch else []
    of_gang: dict[Hashable, int] = {}
    for each in batch:
        gang, priority = each.request.gang, each.request.priority
        if gang is not None:
            of_gang[gang.id] = max(priority, of_gang.get(gang.id, priority))
    groups: dict[tuple[int, tuple[str, str]], list[Wish]] = {}
    for each in batch:
        gang = each.request.gang
        priority = each.request.priority if gang is None else of_gang[gang.id]
        groups.setdefault((-priority, policy_of(each)), []).append(each)
    return [groups[key] for key in sorted(groups)]
