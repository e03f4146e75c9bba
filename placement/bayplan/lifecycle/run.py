"""The state of a graph's run, in columns over its units."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle.conditions import Value
from bayplan.lifecycle.state import TRANSITIONS, UnitState
from bayplan.model.graph import Graph

_SUCCEEDED = int(UnitState.SUCCEEDED)
"""Looked up once: a member of an enumeration costs more than what is done with it here."""


@dataclass(slots=True)
class Run:
    """Columns of length ``graph.units``; instants in seconds since the epoch, NaN where unknown."""

    state: NDArray[np.int8]
    incarnation: NDArray[np.int32]
    """The highest incarnation known to have been created; 0 before the first."""
    settled: NDArray[np.int32]
    """The highest incarnation whose outcome is decided; later news of it are ignored."""
    failures: NDArray[np.int32]
    setbacks: NDArray[np.int32]
    """Attempts in a row that ended through no fault of the task, none of which ran for 10 minutes."""
    evictions: NDArray[np.int32]
    """How often its attempts had to end so that something else could run."""
    evicted_at: NDArray[np.float64]
    """When that was, the last time."""
    begun: NDArray[np.float64]
    """When an attempt first ran since the last such eviction: its own failures change nothing about it."""
    placed_at: NDArray[np.float64]
    """When its newest attempt got its place, as far as that was seen."""
    not_before: NDArray[np.float64]
    ready_at: NDArray[np.float64]
    started: NDArray[np.float64]
    finished: NDArray[np.float64]
    node: list[str]
    notes: dict[int, str] = field(default_factory=dict)
    """Unit to the last thing that went wrong with it, in words."""
    failure: str = ""
    """Which unit failed for good first, where and why, in one sentence; empty while none has."""
    results: dict[int, Mapping[str, Value]] = field(default_factory=dict)
    """Per unit that has succeeded, what the graph needs of what it said. A map in it is never changed."""
    round: int = 0
    """In which round the repeated tasks are, from 1; 0: the graph has no rounds."""
    rounds_over: bool = False
    """This was the last one."""
    round_before: dict[int, int] = field(default_factory=dict)
    """Per repeated unit that succeeded in the round before, which incarnation did."""
    began_in: Mapping[int, int] = field(default_factory=dict)
    """Per unit of an asynchronous task, the round in which its work began."""
    taken: frozenset[int] = frozenset()
    """Units of asynchronous tasks by whose work this round goes."""
    round_weights: Mapping[int, float] = field(default_factory=dict)
    """Per unit that was drawn by lot for this round, one over the probability with which it was."""

    @classmethod
    def fresh(cls, units: int) -> "Run":
        """A run of which nothing has happened yet."""
        return cls(
            state=np.full(units, UnitState.PENDING, np.int8),
            incarnation=np.zeros(units, np.int32),
            settled=np.zeros(units, np.int32),
            failures=np.zeros(units, np.int32),
            setbacks=np.zeros(units, np.int32),
            evictions=np.zeros(units, np.int32),
            evicted_at=np.full(units, np.nan),
            begun=np.full(units, np.nan),
            placed_at=np.full(units, np.nan),
            not_before=np.zeros(units),
            ready_at=np.full(units, np.nan),
            started=np.full(units, np.nan),
            finished=np.full(units, np.nan),
            node=[""] * units,
        )

    def copy(self) -> "Run":
        """An independent copy; a few tens of microseconds at 5,000 units."""
        return Run(
            state=self.state.copy(),
            incarnation=self.incarnation.copy(),
            settled=self.settled.copy(),
            failures=self.failures.copy(),
            setbacks=self.setbacks.copy(),
            evictions=self.evictions.copy(),
            evicted_at=self.evicted_at.copy(),
            begun=self.begun.copy(),
            placed_at=self.placed_at.copy(),
            not_before=self.not_before.copy(),
            ready_at=self.ready_at.copy(),
            started=self.started.copy(),
            finished=self.finished.copy(),
            node=self.node.copy(),
            notes=self.notes.copy(),
            failure=self.failure,
            results=self.results.copy(),
            round=self.round,
            rounds_over=self.rounds_over,
            round_before=self.round_before,
            round_weights=self.round_weights,
            began_in=self.began_in,
            taken=self.taken,
        )

    def columns(self) -> tuple[NDArray[np.generic], ...]:
        """The numeric columns, in the order of their declaration."""
        return (
            self.state, self.incarnation, self.settled, self.failures, self.setbacks, self.evictions, self.evicted_at,
            self.begun, self.not_before, self.ready_at, self.started, self.finished,
        )  # fmt: skip

    def same_as(self, other: "Run") -> bool:
        """Whether nothing differs."""
        return (
            all(
                np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
                for mine, theirs in zip(self.columns(), other.columns(), strict=True)
            )
            and self.node == other.node
            and self.notes == other.notes
            and self.failure == other.failure
            and self.results == other.results
            and (self.round, self.rounds_over, self.round_before) == (other.round, other.rounds_over, other.round_before)
            and self.round_weights == other.round_weights
            and (self.began_in, self.taken) == (other.began_in, other.taken)
        )

    def move(self, unit: int, to: UnitState) -> None:
        """Bring a unit into another state; staying is no transition. Raises ``ValueError`` where the table has no way."""
        source = UnitState(self.state[unit])
        if source != to:
            if (source, to) not in TRANSITIONS:
                raise ValueError(f"unit {unit} cannot go from {source.name} to {to.name}")
            self.state[unit] = to

    def count(self, *states: UnitState) -> int:
        """How many units are in one of the states."""
        return sum(int(np.count_nonzero(self.state == state)) for state in states)

    def finished_tasks(self, graph: Graph) -> NDArray[np.bool_]:
        """Per task: all its units have succeeded."""
        if graph.units == len(graph.tasks):  # most are so: then a task is its one unit
            return np.asarray(self.state == _SUCCEEDED)
        missing = np.add.reduceat((self.state != _SUCCEEDED).astype(np.int64), graph.unit_start[:-1])
        return np.asarray(missing == 0)

    @property
    def succeeded(self) -> bool:
        """All units are over, and none of them has failed that the graph needs."""
        return not self.failure and bool((self.state >= _SUCCEEDED).all())
