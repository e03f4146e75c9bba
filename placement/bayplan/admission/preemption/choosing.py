"""Which victims: as few and as cheap as the order of victims finds, and none that can be left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bayplan.admission.preemption.fitting import Fitting
from bayplan.admission.preemption.judging import Judge
from bayplan.admission.preemption.standing import QueueStanding
from bayplan.admission.preemption.subsets import sets_that_hold
from bayplan.admission.preemption.taken import TakenVictims
from bayplan.admission.preemption.victim import Victim, Victims
from bayplan.cluster.absence import Absence
from bayplan.model.arrays import IntArray
from bayplan.model.decision import Decision

_PASSES = 4
_EVEN = 1e-9
"""Losses that differ by no more count as equal: they are sums."""
_BEGINNINGS = 32
"""Victims that are tried as the first, where the order of victims leads nowhere."""


@dataclass(frozen=True, slots=True)
class ChosenVictims:
    """Victims, and the places of the unit once they have gone."""

    victims: Sequence[Victim]
    places: Sequence[Decision]


class Search:
    """For one unit. It leaves the victims that it chose absent; without a plan, none."""

    def __init__(self, judge: Judge, standing: QueueStanding, fitting: Fitting, absence: Absence, victims: Victims) -> None:
        self._judge, self._fitting = judge, fitting
        self._taken = TakenVictims(judge, standing, absence, victims)

    def __call__(self, candidates: Sequence[Victim], rows: IntArray) -> ChosenVictims | None:
        """A plan, if there is one. `candidates`: in the order in which they are taken; `rows`: by slot, the row of its node."""
        places = self._fitting.places()
        if places is not None:
            return ChosenVictims((), places)
        useful = self._useful(candidates, rows)
        if self._some_that_fit(useful):
            self._put_back_what_is_not_needed()
            self._one_for_all(useful)
            if self._taken.lawful():
                places = self._fitting.places()
                if places is not None:
                    return ChosenVictims(tuple(self._taken), places)
        self._taken.put_back_all()
        return None

    # Inside

    def _useful(self, candidates: Sequence[Victim], rows: IntArray) -> list[Victim]:
        """Without those that hold nothing of which too little is left."""
        open_, room, quota = self._fitting.rows, self._fitting.room(), self._fitting.quota()
        if room and quota:  # only the planner knows what is missing
            return list(candidates)
        found = []
        for each in candidates:
            on_nodes = not room and bool(open_[rows[list(each.slots)]].any())
            if on_nodes or (not quota and each.amounts.any()) or self._judge.makes_room_in_nominal(each):
                found.append(each)
        return found

    def _some_that_fit(self, candidates: Sequence[Victim]) -> bool:
        """Take them in order; where those that go first leave nothing lawful that would do, begin with another."""
        if not any(map(self._judge.may, candidates)) or not self._enough(candidates):
            return False
        if self._take_until_it_fits(candidates):
            return True
        self._taken.put_back_all()
        own = list(filter(self._judge.makes_room_in_nominal, candidates))
        for first in candidates[:_BEGINNINGS] if len(candidates) > 1 else ():
            self._taken.put_back_all()
            begin = [first] if any(each is first for each in own) else [*own, first]
            begun = set(map(id, begin))
            if self._take_until_it_fits([*begin, *(each for each in candidates if id(each) not in begun)]):
                return True
        self._taken.put_back_all()
        return self._any_set(candidates)

    def _any_set(self, candidates: Sequence[Victim]) -> bool:
        for victims in sets_that_hold(candidates, self._taken, self._may_hold):
            for victim in victims:
                self._taken.take(victim)
            if self._fitting.places() is not None:
                return True
            self._taken.put_back_all()
        return False

    def _enough(self, candidates: Sequence[Victim]) -> bool:
        """Whether there would be room if all of them were gone, lawful or not."""
        for victim in candidates:
            if not victim.spare:
                self._taken.take(victim)
        for victim in candidates:
            if victim.spare and not self._taken.goes_with_whole(victim):
                self._taken.take(victim)
        found = self._fitting.possible()
        self._taken.put_back_all()
        return found

    def _take_until_it_fits(self, candidates: Sequence[Victim]) -> bool:
        left = list(candidates)
        for _ in range(_PASSES):
            skipped = []
            for victim in left:
                if self._taken.goes_with_whole(victim):
                    continue
                if not self._judge.may(victim):
                    skipped.append(victim)
                    continue
                self._taken.take(victim)
                if self._holds():
                    return True
            if len(skipped) == len(left):
                return False
            left = skipped  # what was taken since may have made others lawful
        return False

    def _put_back_what_is_not_needed(self) -> None:
        """In reverse, until each is needed. What is needed by sums on each node is needed by the planner too. Only where the
        unit has no places in the end, the planner is asked about each."""
        before = tuple(self._taken)
        self._put_back_while(self._may_hold)
        if self._fitting.places() is not None:
            return
        self._taken.put_back_all()
        for victim in before:
            self._taken.take(victim)
        self._put_back_while(self._holds)

    def _put_back_while(self, holds: Callable[[], bool]) -> None:
        for _ in range(_PASSES):
            before = len(self._taken)
            for victim in self._taken.newest_first:
                self._taken.put_back(victim)
                if not holds():
                    self._taken.take(victim)
            if len(self._taken) == before:
                return

    def _one_for_all(self, candidates: Sequence[Victim]) -> None:
        """Where one of no greater loss does, that one."""
        if len(self._taken) < 2:
            return
        before = tuple(self._taken)
        total = sum(each.lost for each in before)
        self._taken.put_back_all()
        for victim in sorted(candidates, key=lambda each: each.lost):
            if victim.lost > total + _EVEN:
                break
            if self._judge.may(victim):
                self._taken.take(victim)
                if self._holds():
                    return
                self._taken.put_back_all()
        for victim in before:
            self._taken.take(victim)

    def _holds(self) -> bool:
        """Whether the unit fits, and each victim may go beside the others."""
        return self._may_hold() and self._fitting.places() is not None

    def _may_hold(self) -> bool:
        """The same, as far as sums tell whether it fits."""
        return self._fitting.possible() and self._taken.lawful()
