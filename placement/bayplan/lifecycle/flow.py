"""How the tasks of a graph follow each other, where that is more than "once all tasks before have succeeded"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle.conditions import Condition
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.graph import Graph

_SUCCEEDED, _FAILED, _SKIPPED = int(UnitState.SUCCEEDED), int(UnitState.FAILED), int(UnitState.SKIPPED)


class Gate(IntEnum):
    """What has to be true of the tasks before one, so that it starts."""

    ALL = 0
    """All have succeeded."""
    ANY = 1
    """One has succeeded."""
    BEST = 2
    """All are over, and one at least has succeeded. Its input is the best of them."""
    ALWAYS = 3
    """All are over, however they ended; it runs though the graph has failed."""


class TaskOutcome(IntEnum):
    """How a task has ended."""

    OPEN = 0
    """It has not."""
    SUCCEEDED = 1
    FAILED = 2
    SKIPPED = 3
    """It was not to run."""


@dataclass(frozen=True, slots=True)
class BestBy:
    """By which of their results the best of several tasks is found."""

    key: str
    maximize: bool = True


@dataclass(frozen=True, slots=True)
class Repeated:
    """The tasks that run again in each round."""

    tasks: BoolArray
    """Per task of the graph: it is one of them."""
    units: BoolArray
    """Per unit, the same."""
    asynchronous: frozenset[int] = frozenset()
    """Tasks of which a round needs the minimum of units only; the others go on with their work."""


@dataclass(frozen=True, slots=True)
class GangRule:
    """Units that start together, succeed together, and start again together."""

    name: str
    units: tuple[int, ...]
    """In the order of their ranks."""
    minimum: int
    """It runs with so many of them too; equal to their number: it needs all."""
    timeout: float
    """Seconds from its start until each of them has to be bound to its node."""

    @property
    def elastic(self) -> bool:
        """It shrinks and grows."""
        return self.minimum < len(self.units)


@dataclass(frozen=True, slots=True)
class BackupRule:
    """A task, and tasks that do the same work again elsewhere."""

    task: int
    backups: tuple[int, ...]
    """With as many shards each; no task waits for them."""
    after: float | None = None
    """Seconds that a unit runs before it gets a backup; ``None``: from its start."""
    learned: bool = False
    """That is what was learned of the task, and ``after`` says nothing."""
    budget: float = 1.0
    """Of its units, the share that may have a backup at once."""

    def most(self, shards: int) -> int:
        """So many backups at once."""
        return max(1, int(self.budget * shards * len(self.backups)))


@dataclass(frozen=True, slots=True)
class Flow:
    """Columns of length ``tasks``, and what only some tasks have, by their numbers."""

    gate: NDArray[np.int8]
    minimum: IntArray
    """So many of its units have to succeed. The others may fail, and the graph goes on without them."""
    optional: BoolArray
    """The graph goes on if it fails."""
    when: Mapping[int, Condition] = field(default_factory=dict)
    """It is skipped unless this holds."""
    best_by: Mapping[int, BestBy] = field(default_factory=dict)
    """Of tasks with ``Gate.BEST``."""
    repeated: Repeated | None = None
    """``None``: there are no rounds."""
    gangs: tuple[GangRule, ...] = ()
    backups: tuple[BackupRule, ...] = ()

    gang_of: Mapping[int, int] = field(init=False, repr=False)
    """Which gang a unit is in, by their numbers."""
    backed_up_by: Mapping[int, tuple[int, BackupRule]] = field(init=False, repr=False)
    """Per task that is a backup, the task that it does again, and by which rule."""
    rank_of: Mapping[int, int] = field(init=False, repr=False)
    """Which rank a unit has in its gang, from 0."""

    def __post_init__(self) -> None:
        """Number the members of gangs."""
        of = {unit: number for number, gang in enumerate(self.gangs) for unit in gang.units}
        object.__setattr__(self, "gang_of", of)
        backups = {task: (rule.task, rule) for rule in self.backups for task in rule.backups}
        object.__setattr__(self, "backed_up_by", backups)
        ranks = {unit: rank for gang in self.gangs for rank, unit in enumerate(gang.units)}
        object.__setattr__(self, "rank_of", ranks)

    def together(self, unit: int) -> bool:
        """The unit is in a gang."""
        return unit in self.gang_of

    @classmethod
    def plain(cls, graph: Graph) -> "Flow":
        """Every task starts once all before it have succeeded, and the graph needs every unit."""
        tasks = len(graph.tasks)
        return cls(np.zeros(tasks, np.int8), np.diff(graph.unit_start), np.zeros(tasks, bool))

    def outcomes(self, graph: Graph, run: Run) -> NDArray[np.int8]:
        """Per task, its `TaskOutcome`. It is open while a backup works at what has failed, or will. O(units)."""
        starts = graph.unit_start[:-1]
        over = [np.add.reduceat((run.state == state).astype(np.int64), starts) for state in (_SUCCEEDED, _FAILED, _SKIPPED)]
        succeeded, failed, skipped = over
        units = np.diff(graph.unit_start)
        needed = np.minimum(self.minimum, units - skipped)
        found = np.where(succeeded >= needed, TaskOutcome.SUCCEEDED, TaskOutcome.FAILED).astype(np.int8)
        found[needed <= 0] = TaskOutcome.SKIPPED
        found[succeeded + failed + skipped < units] = TaskOutcome.OPEN
        for task in () if self.repeated is None else self.repeated.asynchronous:
            if succeeded[task] >= needed[task] > 0:
                found[task] = TaskOutcome.SUCCEEDED
        for rule in self.backups:
            if failed[rule.task]:
                lost, worked_at = self._worked_at(graph, run, rule)
                if (lost[0] & worked_at).any():
                    found[rule.task] = TaskOutcome.OPEN
        return found

    def bearable(self, graph: Graph, run: Run, task: int) -> bool:
        """The graph can go on though units of the task have failed for good. O(units of the task)."""
        return bool(self.optional[task]) or self.enough(graph, run, task)

    def enough(self, graph: Graph, run: Run, task: int) -> bool:
        """The task can still succeed though units of it have failed for good. O(units of the task)."""
        if self.covered(graph, run, task):
            return True
        state = run.state[graph.unit_start[task] : graph.unit_start[task + 1]]
        taking_part = len(state) - int(np.count_nonzero(state == _SKIPPED))
        lost = int(np.count_nonzero(state == _FAILED))
        return 0 < min(int(self.minimum[task]), taking_part) <= taking_part - lost

    def covered(self, graph: Graph, run: Run, task: int) -> bool:
        """Each of its units that has failed is worked at elsewhere, will be, or was done there."""
        of = self.backed_up_by.get(task)
        rule = of[1] if of is not None else next((each for each in self.backups if each.task == task), None)
        if rule is None:
            return False
        failed, worked_at = self._worked_at(graph, run, rule)
        return bool((worked_at | ~failed.any(axis=0)).all())

    @staticmethod
    def _worked_at(graph: Graph, run: Run, rule: BackupRule) -> tuple[BoolArray, BoolArray]:
        """Which of its units have failed, of shape (1 + backups, shards); per shard, whether one is left, or has succeeded."""
        starts = graph.unit_start[[rule.task, *rule.backups]]
        states = run.state[starts[:, None] + np.arange(graph.tasks[rule.task].shards)[None, :]]
        # A backup that has not begun counts: it begins at once where the unit has failed, or as soon as the budget lets it.
        return np.asarray(states == _FAILED), np.asarray((states <= _SUCCEEDED).any(axis=0))
