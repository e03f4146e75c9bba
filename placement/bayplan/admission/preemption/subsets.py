"""Few victims: all sets of them are tried, since an order that is gone through may miss the one that is lawful."""

from collections.abc import Callable, Iterator, Sequence

from bayplan.admission.preemption.taken import TakenVictims
from bayplan.admission.preemption.victim import Victim

MOST = 9
"""Victims of which all sets are tried: 511 of them."""


def sets_that_hold(
    candidates: Sequence[Victim], taken: TakenVictims, holds: Callable[[], bool]
) -> Iterator[tuple[Victim, ...]]:
    """Sets with which `holds` is true, and is not with their first victims alone; fewest victims first, then least lost.

    None of more than `MOST` candidates. Nothing is taken afterwards.
    """
    if len(candidates) > MOST:
        return
    whole_first = sorted(candidates, key=lambda each: each.spare)
    found: list[tuple[Victim, ...]] = []

    def look(begin: int) -> None:
        for number in range(begin, len(whole_first)):
            victim = whole_first[number]
            if taken.goes_with_whole(victim):
                continue
            taken.take(victim)
            if holds():
                found.append(tuple(taken))
            else:
                look(number + 1)
            taken.put_back(victim)

    look(0)
    yield from sorted(found, key=lambda each: (len(each), sum(victim.lost for victim in each)))
