"""A gang in one domain of a topology: the smallest that holds it."""

from collections.abc import Sequence

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_domains import GangDomains
from bayplan.strategy.assigning.gang_placing import GangPlaces, Placing, tried, waiting
from bayplan.strategy.assigning.gang_search import GangSearch
from bayplan.strategy.assigning.gang_words import full_domain, no_domain


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
        whole = self.whole()
        if whole is not None:
            return whole
        number, places = self._fullest()
        return self._told(number, places) if len(places) >= self._least else self._none(number, len(places))

    def whole(self) -> GangPlaces | None:
        """All of them in the first domain that holds them; `None`: none does."""
        for number in self._found.candidates.tolist():
            if self._found.most[number] >= len(self._members):
                places = self._whole(number)
                if places is not None:
                    return places
        return None

    def several(self) -> GangPlaces | None:
        """All of them, one domain filled after the other: where members run, then those that hold most, then nodes in none."""
        found, first = self._found, set(self._found.candidates.tolist()) if self._found.chosen else set()
        place = {number: n for n, number in enumerate(found.used.tolist())}
        mark, rest, places = self._placing.mark(), list(self._members), dict[int, Decision]()
        for number in sorted(place, key=lambda each: (each not in first, -found.most[each], place[each])):
            some = rest[: int(found.most[number])]
            places |= tried(some, self._placing, False, found.outside(number)).places if some else {}
            rest = [each for each in rest if each not in places]
        last = tried(rest, self._placing, True)
        if last.refused is None:
            return places | last.places
        self._placing.undo(mark)
        return None

    def _fullest(self) -> tuple[int, GangPlaces]:
        """The domain that holds most, of equals the first, and what it holds. No place is taken."""
        most, place = self._found.most, {number: n for n, number in enumerate(self._found.candidates.tolist())}
        best, held = -1, dict[int, Decision]()
        for number in sorted(place, key=lambda each: (-most[each], place[each])):
            if best >= 0 and (-most[number], place[number]) > (-len(held), place[best]):
                continue
            places = self._held(number)
            if best < 0 or (-len(places), place[number]) < (-len(held), place[best]):
                best, held = number, places
        return best, held

    def _whole(self, number: int) -> GangPlaces | None:
        """All of them in this domain, where they are placed then; `None`: it does not hold them."""
        outside, mark = self._found.outside(number), self._placing.mark()
        found = tried(self._members, self._placing, True, outside)
        if found.refused is None:
            return found.places
        self._placing.undo(mark)
        if self._search is None:
            return None
        places = self._search(outside, len(self._members) - 1, len(self._members))
        self._placing.again(places)
        return places or None

    def _held(self, number: int) -> GangPlaces:
        """As many of them as one domain holds. No place is taken."""
        outside, mark = self._found.outside(number), self._placing.mark()
        places = tried(self._members, self._placing, False, outside).places
        self._placing.undo(mark)
        most = int(self._found.most[number])
        if self._search is None or len(places) >= most:
            return places
        return self._search(outside, len(places), most) or places

    def _told(self, number: int, places: GangPlaces) -> dict[int, Decision]:
        self._placing.again(places)
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
