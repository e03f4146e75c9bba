"""What is tried out to be gone: absent from the cluster, and not counted in what queues hold."""

from collections.abc import Hashable, Iterator

from bayplan.admission.preemption.judging import Judge
from bayplan.admission.preemption.standing import QueueStanding
from bayplan.admission.preemption.victim import Victim, Victims
from bayplan.cluster.absence import Absence


class TakenVictims:
    """In the order in which they were taken. O(slots of a victim) to take or put back one."""

    def __init__(self, judge: Judge, standing: QueueStanding, absence: Absence, victims: Victims) -> None:
        self._judge, self._standing, self._absence, self._victims = judge, standing, absence, victims
        self._taken: dict[int, Victim] = {}
        """By identity."""
        self._whole: set[Hashable] = set()
        """Units of which all has gone that others cannot do without."""
        self._spares: dict[Hashable, list[Victim]] = {}
        """By unit, the spare members that are taken."""
        self._alike: dict[Hashable, dict[int, Victim]] = {}
        """By what a judgement depends on: thousands of pods that are alike are judged once."""

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[Victim]:
        return iter(tuple(self._taken.values()))

    @property
    def newest_first(self) -> list[Victim]:
        """All, in reverse."""
        return list(reversed(self._taken.values()))

    def take(self, victim: Victim) -> None:
        """It goes; a whole unit goes with the spare members that were taken before."""
        if not victim.spare:
            for each in tuple(self._spares.get(victim.unit, ())):
                self.put_back(each)
            self._whole.add(victim.unit)
        else:
            self._spares.setdefault(victim.unit, []).append(victim)
        for slot in victim.slots:
            self._absence.take(int(self._victims.running.row[slot]), self._victims.occupant(slot))
        self._standing.charge(victim.queue, victim.amounts, -1)
        self._taken[id(victim)] = victim
        self._alike.setdefault(self._judge.alike(victim), {})[id(victim)] = victim

    def put_back(self, victim: Victim) -> None:
        """It stays."""
        for slot in victim.slots:
            self._absence.put_back(self._victims.occupant(slot))
        self._standing.charge(victim.queue, victim.amounts, 1)
        del self._taken[id(victim)]
        if victim.spare:
            self._spares[victim.unit].remove(victim)
        else:
            self._whole.discard(victim.unit)
        alike = self._judge.alike(victim)
        del self._alike[alike][id(victim)]
        if not self._alike[alike]:
            del self._alike[alike]

    def put_back_all(self) -> None:
        """All stay."""
        for victim in self.newest_first:
            self.put_back(victim)

    def goes_with_whole(self, victim: Victim) -> bool:
        """Whether it is a spare member of a unit that has gone."""
        return victim.spare and victim.unit in self._whole

    def lawful(self) -> bool:
        """Whether each may go beside the others. O(those that differ)."""
        return all(self._judge.may_stay_taken(next(iter(alike.values()))) for alike in self._alike.values())
