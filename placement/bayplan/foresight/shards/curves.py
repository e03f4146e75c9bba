"""What tasks take, for every number of shards that they may have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.foresight.shards.list_time import finish
from bayplan.foresight.shards.places import Places
from bayplan.foresight.shards.splitting import Splitting
from bayplan.model.arrays import FloatArray, IntArray

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """One row for each number of shards of each task, task by task, numbers ascending."""

    task: IntArray
    """Per row, its task."""
    start: IntArray
    """Per task, its first row."""
    shards: IntArray
    """Per row, the number of shards."""
    unit: FloatArray
    """Seconds of one shard, shape (rows, speeds)."""
    slots: IntArray
    """Places of each speed, shape (rows, speeds); 0 where a task has fewer speeds than others."""
    last: FloatArray
    """Per row, when the last shard ends."""
    seconds: FloatArray
    """Per row, when the parts are put together as well."""

    @classmethod
    def of(cls, splittings: Sequence[Splitting], places: Sequence[Places]) -> "Curves":
        """Of tasks, each with its places. O(rows * speeds^2 * log(most waves)), rows: the numbers allowed, summed."""
        least = np.array([each.least for each in splittings], np.int64)
        counts = np.array([each.most for each in splittings], np.int64) - least + 1
        start = np.cumsum(counts) - counts
        task = np.repeat(np.arange(len(counts)), counts)
        shards = np.arange(len(task)) - start[task] + least[task]
        work, startup, serial, merge = np.array([(e.work, e.startup, e.serial, e.merge) for e in splittings]).T
        speeds, slots = _padded(places)
        one = (startup + work * serial)[task] + (work * (1.0 - serial))[task] / shards
        unit = one[:, None] / speeds[task]
        last = finish(unit, slots[task], shards)
        return cls(task, start, shards, unit, slots[task], last, last + merge[task] * (shards - 1))

    def shortest(self) -> FloatArray:
        """Per task, its time with the best number, shape (tasks,)."""
        return np.asarray(np.minimum.reduceat(self.seconds, self.start), np.float64)

    def first_within(self, limit: FloatArray) -> IntArray:
        """Per task, the row of the smallest number whose time is within a limit that is no less than the shortest."""
        within = self.seconds <= limit[self.task] * (1 + _ROUNDING)
        rows = np.where(within, np.arange(len(within)), len(within))
        return np.asarray(np.minimum.reduceat(rows, self.start), np.int64)


def _padded(places: Sequence[Places]) -> tuple[FloatArray, IntArray]:
    """Speeds and slots of all, shape (tasks, most speeds)."""
    width = max(len(each.slots) for each in places)
    speeds, slots = np.ones((len(places), width)), np.zeros((len(places), width), np.int64)
    for number, each in enumerate(places):
        speeds[number, : len(each.speeds)] = each.speeds
        slots[number, : len(each.slots)] = each.slots
    return speeds, slots
