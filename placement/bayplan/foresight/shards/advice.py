"""How many shards pay off for one task by itself, and the trade-off."""

from dataclasses import dataclass

import numpy as np

from bayplan.foresight.shards.curves import Curves
from bayplan.foresight.shards.list_time import busy
from bayplan.foresight.shards.places import Places
from bayplan.foresight.shards.splitting import Splitting
from bayplan.model.arrays import FloatArray, IntArray

TOLERANCE = 0.05
"""A task may take this share longer than its shortest time for the sake of fewer shards."""
EFFICIENCY = 0.5
"""At least this share of the shards' time must be work. With a start-up s and work w that is n <= w / s: every shard works
at least as long as it starts, and time multiplied by cost is least. It is the knee of Eager, Zahorjan & Lazowska 1989,
"Speedup versus efficiency in parallel systems"."""


@dataclass(frozen=True, slots=True)
class Advice:
    """How many shards, and what was weighed."""

    splitting: Splitting
    places: Places
    shards: int
    """The smallest number whose time is within what is allowed, of those that are efficient enough. Every further shard starts
    up once more, and does once more what cannot be divided: of all numbers that are fast enough, this one wastes the least."""
    seconds: float
    """What the task takes with them, in all waves."""
    fast: int
    """The smallest number within the tolerance of the shortest time: the answer where nothing but this task matters."""
    shortest: float
    """What the task would take with the best number within the bounds that is efficient enough."""
    efficient: int
    """The largest number that is efficient enough."""
    tolerance: float = TOLERANCE

    @property
    def relaxed(self) -> bool:
        """It has fewer shards than would pay off by itself, since the rest of its graph takes longer anyway."""
        return self.shards < self.fast


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The trade-off: what the task takes, per number of shards. All of shape (numbers,)."""

    shards: IntArray
    seconds: FloatArray
    """Until the last shard has ended, and the parts are put together."""
    node_seconds: FloatArray
    """That places are busy, together: what it costs."""


def table(splitting: Splitting, places: Places) -> Table:
    """The trade-off for all numbers within the bounds. O(numbers * speeds^2 * log(most waves))."""
    curves = Curves.of([splitting], [places])
    rows = zip(curves.unit, curves.slots, curves.shards.tolist(), curves.last.tolist(), strict=True)
    used = np.array([busy(*row) for row in rows])
    return Table(curves.shards, curves.seconds, used + splitting.merge * (curves.shards - 1))


def advise(splitting: Splitting, places: Places, tolerance: float = TOLERANCE) -> Advice:
    """The smallest number of shards whose time is within `tolerance` of the shortest, for a task by itself.

    Only numbers of which at least `EFFICIENCY` of the time is work are looked at, and the least that is asked for.
    The grain of work is thereby as coarse as may be against the overhead of each part: the question of Kruskal & Weiss
    1985, "Allocating independent subtasks on parallel processors", here with equal shards, known times and waves.
    Raises `ValueError` for a tolerance below 0. O(numbers * speeds^2 * log(most waves)).
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}: it must be a share, 0 or above")
    worthwhile = splitting.worthwhile(EFFICIENCY)
    curves = Curves.of([worthwhile], [places])
    shortest = curves.shortest()
    row = int(curves.first_within(shortest * (1 + tolerance))[0])
    shards = int(curves.shards[row])
    return Advice(splitting, places, shards, float(curves.seconds[row]), shards, float(shortest[0]), worthwhile.most, tolerance)
