"""A gang in one domain of a topology: the smallest that holds it."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_domains import GangDomains
from bayplan.strategy.assigning.gang_places import Places, Placing, anywhere, tried, waiting
from bayplan.strategy.assigning.gang_search import GangSearch
from bayplan.strategy.assigning.gang_words import full_domain, no_domain

_UNIONS = 4
"""How many sets of several domains are tried before a gang that only prefers one is placed anywhere."""


class InDomains:
    """Tries the domains of a gang, in an order that lets it stop at the first that is right.

    All domains but those that cannot hold it are tried, by what they have free: a gang of one class is tried once.
    """

    def __init__(
        self, members: Sequence[int], gang: Gang, found: GangDomains, placing: Placing, search: GangSearch | None
    ) -> None:
        """`search`: for members that differ; `None`: one after the other, they find all the room that there is."""
        self._members, self._gang, self._found, self._placing, self._search = members, gang, found, placing, search
        self._least = gang.least(len(members))

    def required(self) -> dict[int, Decision]:
        """Decisions for all members, those with a place in one domain. Their places are taken."""
        number, places = self._all() or self._most()
        return self._told(number, places) if len(places) >= self._least else self._none(number, len(places))

    def preferred(self) -> dict[int, Decision]:
        """The same; where no domain holds all, anywhere, in few domains if that is found at once."""
        whole = self._all()
        if whole is not None:
            return whole[1]
        several = self._several()
        if several is not None:
            return several
        mark = self._placing.mark()
        somewhere = anywhere(self._members, self._gang, self._placing)
        placed = sum(each.node is not None for each in somewhere.values())
        if placed == len(self._members) or self._least == len(self._members):
            return somewhere
        self._placing.undo(mark)
        number, places = self._most()
        if len(places) >= max(placed, self._least):
            return self._told(number, places)
        self._placing.undo(mark)
        self._placing.again({number: each for number, each in somewhere.items() if each.node is not None})
        return somewhere

    def _all(self) -> tuple[int, Places] | None:
        """The first domain that holds all, which are placed there then."""
        for number in self._found.candidates.tolist():
            if self._found.most[number] < len(self._members):
                continue
            places = self._whole(number)
            if places is not None:
                return number, places
        return None

    def _most(self) -> tuple[int, Places]:
        """The domain that holds most, of equals the first, and what it holds, which is placed there if it is enough."""
        most, place = self._found.most, {number: n for n, number in enumerate(self._found.candidates.tolist())}
        best, held = -1, dict[int, Decision]()
        for number in sorted(place, key=lambda each: (-most[each], place[each])):
            if best >= 0 and (-most[number], place[number]) > (-len(held), place[best]):
                continue
            places = self._held(number)
            if best < 0 or (-len(places), place[number]) < (-len(held), place[best]):
                best, held = number, places
        if len(held) >= self._least:
            self._placing.again(held)
        return best, held

    def _several(self) -> Places | None:
        """Few domains that hold all together: where members run already, then those that hold most."""
        found, first = self._found, set(self._found.candidates.tolist()) if self._found.chosen else set()
        place = {number: n for n, number in enumerate(found.used.tolist())}
        numbers = sorted(place, key=lambda each: (each not in first, -found.most[each], place[each]))
        enough = int(np.searchsorted(np.cumsum(found.most[numbers]), len(self._members))) + 1
        for count in range(max(2, enough), min(enough + _UNIONS, len(numbers) + 1)):
            places = self._whole(*numbers[:count])
            if places is not None:
                return places
        return None

    def _whole(self, *numbers: int) -> Places | None:
        """All of them in these domains, where they are placed then; `None`: these do not hold them."""
        outside, mark = self._found.outside(*numbers), self._placing.mark()
        found = tried(self._members, self._placing, True, outside)
        if found.refused is None:
            return found.places
        self._placing.undo(mark)
        if self._search is None or len(numbers) > 1:
            return None
        places = self._search(outside, len(self._members) - 1, len(self._members))
        self._placing.again(places)
        return places or None

    def _held(self, number: int) -> Places:
        """As many of them as one domain holds. No place is taken."""
        outside, mark = self._found.outside(number), self._placing.mark()
        places = tried(self._members, self._placing, False, outside).places
        self._placing.undo(mark)
        most = int(self._found.most[number])
        if self._search is None or len(places) >= most:
            return places
        return self._search(outside, len(places), most) or places

    def _told(self, number: int, places: Places) -> dict[int, Decision]:
        rest = [each for each in self._members if each not in places]
        words = full_domain(self._gang, len(self._members), len(places), self._found, number) if rest else ""
        return places | waiting(rest, self._placing, Reason.GANG_INCOMPLETE, words)

    def _none(self, best: int, room: int) -> dict[int, Decision]:
        found = self._found
        ever = bool((found.ever[found.candidates] >= self._least).any())
        if not ever and best >= 0:
            best = max(reversed(found.candidates.tolist()), key=lambda number: found.ever[number])
            room = int(found.ever[best])
        reason = Reason.GANG_INCOMPLETE if ever else Reason.NO_SUCH_NODE
        words = no_domain(self._gang, len(self._members), found, (best, room), ever)
        return waiting(self._members, self._placing, reason, words)
