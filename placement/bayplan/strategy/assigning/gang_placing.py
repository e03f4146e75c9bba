"""What placing a gang needs of the batch that it is in."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit
from bayplan.model.arrays import BoolArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.assigning.candidates import NO_ROWS

Mark = tuple[int, int]
GangPlaces = dict[int, Decision]
"""By number of a request, a decision with a node."""


class Placing(Protocol):
    """A batch whose requests are placed on trial, one after the other, each where the planner chooses."""

    @property
    def cluster(self) -> Cluster:
        """With what was placed so far."""
        ...

    def request(self, number: int) -> Request:
        """The request of this number."""
        ...

    def room(self, number: int) -> tuple[Fit, BoolArray]:
        """What keeps a request off which rows, and per row whether it has room, pods nearby left aside."""
        ...

    def alike(self, number: int) -> Hashable:
        """Requests of which this is equal have no place where one of them has none, as things stand."""
        ...

    def place(self, number: int, outside: BoolArray = NO_ROWS) -> tuple[Decision, bool]:
        """Decide a request, and take its place if it has one; and whether no place is left for those alike.

        `outside`: rows that are left out.
        """
        ...

    def again(self, places: Mapping[int, Decision]) -> None:
        """Take places once more that were undone. Nothing else may have been placed since."""
        ...

    def mark(self) -> Mark:
        """How things stand, to be handed to `undo`."""
        ...

    def undo(self, mark: Mark) -> None:
        """Take back everything since a mark."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """Members that have a place, which is taken, and what was said of the first that has none."""

    places: GangPlaces
    refused: Decision | None


def tried(members: Sequence[int], placing: Placing, whole: bool, outside: BoolArray = NO_ROWS) -> Tried:
    """Try one member after the other. `whole`: one without a place is enough to end it."""
    places: GangPlaces = {}
    refused: Decision | None = None
    full: set[Hashable] = set()
    for number in members:
        if full and placing.alike(number) in full:
            continue
        decision, final = placing.place(number, outside)
        if decision.node is not None:
            places[number] = decision
            continue
        refused = refused or decision
        if final:
            full.add(placing.alike(number))
        if whole:
            break
    return Tried(places, refused)


def waiting(members: Sequence[int], placing: Placing, reason: Reason, words: str) -> dict[int, Decision]:
    """The same said of all of them."""
    return {number: Decision(placing.request(number).id, None, reason, words) for number in members}
