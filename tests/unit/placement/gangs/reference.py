"""What a gang's members may have, found by trying everything: for a few members and nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

RESOURCES = ("cpu", "gpu")
Amounts = tuple[int, int]
"""Of each of the resources."""


@dataclass(frozen=True)
class Place:
    """A node."""

    name: str
    rack: str | None
    whole: Amounts
    used: Amounts

    @property
    def free(self) -> Amounts:
        return self.whole[0] - self.used[0], self.whole[1] - self.used[1]


def most(places: Sequence[Place], members: Sequence[Amounts]) -> int:
    """The most members that have room side by side."""
    return _most([list(each.free) for each in places], list(members))


def _most(free: list[list[int]], members: list[Amounts]) -> int:
    if not members:
        return 0
    (cpu, gpu), rest = members[0], members[1:]
    best = 0
    for left in free:
        if left[0] >= cpu and left[1] >= gpu:
            left[0] -= cpu
            left[1] -= gpu
            best = max(best, 1 + _most(free, rest))
            left[0] += cpu
            left[1] += gpu
            if best == len(members):
                return best
    return max(best, _most(free, rest))


def racks(places: Sequence[Place]) -> dict[str, list[Place]]:
    """The nodes of each rack."""
    found: dict[str, list[Place]] = {}
    for each in places:
        if each.rack is not None:
            found.setdefault(each.rack, []).append(each)
    return found


def sizes(places: Sequence[Place], members: Sequence[Amounts]) -> dict[str, int]:
    """Per rack, what is free of the resource of which the members ask the largest share of all that is free in racks. Nodes
    that are too small for every member do not count."""
    counted = [each for each in places if each.rack is not None and any(_large_enough(each, asked) for asked in members)]
    shares = []
    for number, name in enumerate(RESOURCES):
        asked = sum(each[number] for each in members)
        if asked:
            there = sum(each.free[number] for each in counted)
            shares.append((-Fraction(asked, max(there, 1)), name, number))
    scarcest = min(shares)[2]
    return {rack: sum(each.free[scarcest] for each in of if each in counted) for rack, of in racks(places).items()}


def right(
    places: Sequence[Place], members: Sequence[Amounts], least: int, beside: Sequence[str] = ()
) -> tuple[str | None, int]:
    """The rack in which a gang must be, and how many members it holds; none if it has to wait."""
    there = {rack: sum(beside.count(each.name) for each in of) for rack, of in racks(places).items()}
    size = sizes(places, members)
    allowed = {rack: of for rack, of in racks(places).items() if there[rack] or not any(there.values())}
    found = sorted((-most(of, members), -there[rack], size[rack], rack) for rack, of in allowed.items())
    return (found[0][3], -found[0][0]) if found and -found[0][0] >= least else (None, 0)


def _large_enough(place: Place, asked: Amounts) -> bool:
    return place.whole[0] >= asked[0] and place.whole[1] >= asked[1]
