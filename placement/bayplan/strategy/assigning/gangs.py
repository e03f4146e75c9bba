"""The gangs of a batch."""

from collections.abc import Hashable, Sequence

from bayplan.model.workload import Request


def gangs_of(requests: Sequence[Request]) -> dict[Hashable, list[int]]:
    """Per gang, the numbers of its requests in the batch, in their order. O(requests)."""
    found: dict[Hashable, list[int]] = {}
    for number, each in enumerate(requests):
        if each.gang is not None:
            found.setdefault(each.gang.id, []).append(number)
    return found
