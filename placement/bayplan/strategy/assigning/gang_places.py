"""Places for a gang, anywhere or in one domain: all of it, or at least its minimum."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.candidates import NO_ROWS
from bayplan.strategy.assigning.gang_words import too_few

Mark = tuple[int, int]
Places = dict[int, Decision]
"""By number of a request, a decision with a node."""


class Placing(Protocol):
    """A batch whose requests are placed on trial, one after the other, each where the planner chooses."""

    def place(self, number: int, outside: BoolArray = NO_ROWS) -> Decision:
        """Decide a request, and take its place if it has one. `outside`: rows that are left out."""
        ...

    def again(self, places: Mapping[int, Decision]) -> None:
        """Take places once more that were undone. Nothing else may have been placed since."""
        ...

    def open(self, number: int, outside: BoolArray) -> IntArray:
        """Rows with room for a request, the tightest first."""
        ...

    def mark(self) -> Mark:
        """How things stand, to be handed to `undo`."""
        ...

    def undo(self, mark: Mark) -> None:
        """Take back everything since a mark."""
        ...

    def request_id(self, number: int) -> Hashable:
        """The id of a request."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """Members that have a place, which is taken, and what was said of the first that has none."""

    places: Places
    refused: Decision | None


def tried(members: Sequence[int], placing: Placing, whole: bool, outside: BoolArray = NO_ROWS) -> Tried:
    """Try one member after the other. `whole`: one without a place is enough to end it."""
    places: Places = {}
    refused: Decision | None = None
    for number in members:
        decision = placing.place(number, outside)
        if decision.node is not None:
            places[number] = decision
            continue
        refused = refused or decision
        if whole:
            break
    return Tried(places, refused)


def anywhere(members: Sequence[int], gang: Gang, placing: Placing) -> Places:
    """Decisions for all members, with no regard to where they are. Their places are taken."""
    least, mark = gang.least(len(members)), placing.mark()
    found = tried(members, placing, least == len(members))
    if found.refused is None:
        return found.places
    words = too_few(gang, len(members), [each.node or "" for each in found.places.values()], found.refused.message)
    places = found.places
    if len(places) < least:
        placing.undo(mark)
        places = {}
    reason = Reason.NO_SUCH_NODE if found.refused.reason is Reason.NO_SUCH_NODE else Reason.GANG_INCOMPLETE
    return places | waiting([each for each in members if each not in places], placing, reason, words)


def waiting(members: Sequence[int], placing: Placing, reason: Reason, words: str) -> Places:
    """The same said of all of them."""
    return {number: Decision(placing.request_id(number), None, reason, words) for number in members}
