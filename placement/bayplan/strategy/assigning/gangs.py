"""The gangs of a batch."""

from collections.abc import Hashable, Sequence

from bayplan.model.arrays import IntArray
from bayplan.model.workload import Gang, Request


def gangs_of(requests: Sequence[Request]) -> dict[Hashable, list[int]]:
    """Per gang, the numbers of its requests in the batch, in their order. O(requests)."""
    found: dict[Hashable, list[int]] = {}
    for number, each in enumerate(requests):
        if each.gang is not None:
            found.setdefault(each.gang.id, []).append(number)
    return found


def units_of(requests: Sequence[Request], order: IntArray) -> list[list[int]]:
    """The numbers of the requests, each alone or with its gang, which goes where its first does. O(requests)."""
    numbers = order.tolist()
    if not any(each.gang is not None for each in requests):
        return [[number] for number in numbers]
    units: list[list[int]] = []
    gangs: dict[Hashable, list[int]] = {}
    for number in numbers:
        gang = requests[number].gang
        if gang is not None and gang.id in gangs:
            gangs[gang.id].append(number)
            continue
        units.append([number])
        if gang is not None:
            gangs[gang.id] = units[-1]
    return units


def common(members: Sequence[Request]) -> Gang:
    """What the members of one gang say of it. Where one knows of more members that run than others do, what that one says.

    Raises `ValueError` for a request that is in no gang.
    """
    said = [each.gang for each in members if each.gang is not None]
    if len(said) < len(members):
        raise ValueError(f"request {next(each.id for each in members if each.gang is None)} is in no gang: it must be")
    return max(said, key=lambda gang: len(gang.beside))
