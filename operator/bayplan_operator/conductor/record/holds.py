"""Room that is held for shards of a graph until what is evicted for them has gone."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bayplan.model.decision import Hold
from bayplan.model.graph import Graph
from bayplan_operator.translate.hold_record import HeldRecord, HeldUnits, VainUnit, read_held, victim_hash, write_held


@dataclass(slots=True)
class HeldRoom:
    """One hold: a commitment, recorded before anything is evicted for it."""

    hold: Hold
    graces: Mapping[Hashable, float] = field(default_factory=dict)
    """Per victim, the seconds that it has to end; a victim that is missing has what its queue gives."""
    recorded: bool = False
    """It stands in the status."""
    begun: set[Hashable] = field(default_factory=set)
    """Victims whose eviction was begun by this process."""

    @property
    def units(self) -> tuple[int, ...]:
        """Those that get their places together."""
        return tuple(cast(tuple[str, int], each)[1] for each in self.hold.request_ids)


class Holds:
    """Of one graph."""

    def __init__(self, graph: Graph, status: Mapping[str, Any], epoch: float) -> None:
        """``status``: as it was found; ``epoch``: from when instants count, in seconds since 1970."""
        self._graph, self._epoch = graph, epoch
        self.open: dict[int, HeldRoom] = {}
        """By the first of their units."""
        self.vain: dict[int, VainUnit] = {}
        """By unit for which pods were evicted and that got no place."""
        found = read_held(graph, status, epoch)
        self.found: tuple[HeldUnits, ...] = found.holds
        """What an operator before this one has recorded, and the decider does not know yet."""
        self.found_vain: tuple[VainUnit, ...] = found.vain
        self.revision = 0
        """Changes whenever the status has something else to say."""

    @property
    def any(self) -> bool:
        """There is something to be recorded, or to be looked after."""
        return bool(self.open or self.vain or self.found or self.found_vain)

    @property
    def all_recorded(self) -> bool:
        """Whatever was decided stands in the status."""
        return all(each.recorded for each in self.open.values())

    @property
    def lines(self) -> list[str]:
        """As the status has them. Raises ``ValueError`` where there are too many."""
        holds = (*self.found, *(self._held(each) for each in self.open.values()))
        return write_held(self._graph, HeldRecord(holds, (*self.found_vain, *self.vain.values())), self._epoch)

    def add(self, held: HeldRoom) -> None:
        """Room is held from now on. Raises ``ValueError`` where it could not be recorded."""
        first = held.units[0]
        self.open[first] = held
        try:
            _ = self.lines
        except ValueError:
            del self.open[first]
            raise
        self.revision += 1

    def drop(self, first: int) -> None:
        """It is held no more."""
        if self.open.pop(first, None) is not None:
            self.revision += 1

    def count(self, vain: VainUnit) -> None:
        """Pods were evicted for a unit, and it got no place."""
        if self.vain.get(vain.unit) != vain:
            self.vain[vain.unit] = vain
            self.revision += 1

    def forgive(self, unit: int) -> None:
        """The unit has its place, or wants none any more."""
        if self.vain.pop(unit, None) is not None:
            self.revision += 1

    def take_found(self) -> None:
        """What was found is known to the decider, or is over."""
        if self.found or self.found_vain:
            self.found, self.found_vain = (), ()
            self.revision += 1

    def find(self, status: Mapping[str, Any]) -> bool:
        """The API server has this status now. Answers whether that lets anything be evicted. O(holds)."""
        waiting = [each for each in self.open.values() if not each.recorded]
        if not waiting:
            return False
        standing = {(each.units, each.victims) for each in read_held(self._graph, status, self._epoch).holds}
        for each in waiting:
            made = self._held(each)
            each.recorded = (made.units, made.victims) in standing
        return any(each.recorded for each in waiting)

    @staticmethod
    def _held(each: HeldRoom) -> HeldUnits:
        hold = each.hold
        return HeldUnits(each.units, hold.nodes, hold.gpus, tuple(map(victim_hash, hold.victims)), hold.until)
