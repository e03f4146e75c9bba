"""What is to be scheduled: graphs on processors."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.schedules.topology import Topology, topology


class Precedence(Protocol):
    """Tasks of which some wait for others, whatever else they need."""

    @property
    def parents(self) -> IntArray:
        """Shape (edges,)."""
        ...

    @property
    def children(self) -> IntArray:
        """Shape (edges,)."""
        ...

    @property
    def topology(self) -> Topology:
        """Neighbours of every task."""
        ...


def no_edges() -> IntArray:
    """Shape (0,)."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class GraphProblem:
    """Tasks with dependencies on processors that run one task at a time, without preemption. Checked when made.

    A task that takes no time needs no processor to be free. Raises `ValueError` that names the field and the index,
    `GraphError` with the cycle where there is one.
    """

    durations: FloatArray
    """Shape (tasks, processors), seconds; infinite where a task cannot run."""
    parents: IntArray = field(default_factory=no_edges)
    """Shape (edges,): the task that has to end first."""
    children: IntArray = field(default_factory=no_edges)
    """Shape (edges,): the task that waits for it."""
    bytes: FloatArray | None = None
    """Shape (edges,): what goes from parent to child; none: nothing does."""
    bandwidth: float = math.inf
    """Bytes per second between any two sites; within one nothing is moved."""
    available: FloatArray | None = None
    """Shape (processors,), seconds: when each is free for the first time; none: at once."""
    site: IntArray | None = None
    """Shape (processors,), from 0 to processors - 1: between processors of one site nothing is moved; none: each is its own."""
    fetched: bool = False
    """When bytes are moved. False: sent when the parent ends, and there before the child starts. True: fetched by the child
    when it runs, which makes it hold its processor that much longer; from several sites at the same time."""
    names: tuple[str, ...] = ()
    """Of the tasks, for messages; empty: their numbers."""

    def __post_init__(self) -> None:
        durations = np.ascontiguousarray(self.durations, np.float64)
        object.__setattr__(self, "durations", durations)
        if durations.ndim != 2:
            raise ValueError(f"durations has shape {durations.shape}: it must be (tasks, processors)")
        tasks, processors = durations.shape
        if tasks == 0:
            raise ValueError("durations has no rows: there must be at least one task")
        if processors == 0:
            raise ValueError("durations has no columns: there must be at least one processor")
        check_values("durations", durations, finite=False)
        nowhere = np.flatnonzero(np.isinf(durations).all(axis=1))
        if len(nowhere):
            raise ValueError(f"durations[{nowhere[0]}] is infinite on every processor: the task must be able to run on one")
        set_edges(self)
        if not self.bandwidth > 0:
            raise ValueError(f"bandwidth is {self.bandwidth}: it must be above 0 bytes per second")
        for name, value, length in (("bytes", self.bytes, len(self.parents)), ("available", self.available, processors)):
            filled = np.zeros(length) if value is None else np.ascontiguousarray(value, np.float64)
            if filled.shape != (length,):
                raise ValueError(f"{name} has shape {filled.shape}: it must be ({length},)")
            check_values(name, filled, finite=True)
            object.__setattr__(self, name, filled)
        object.__setattr__(self, "site", _sites(self.site, processors))
        check_names(self.names, tasks)
        _ = self.topology

    @property
    def tasks(self) -> int:
        """How many."""
        return int(self.durations.shape[0])

    @property
    def processors(self) -> int:
        """How many."""
        return int(self.durations.shape[1])

    @cached_property
    def topology(self) -> Topology:
        """Neighbours of every task."""
        return topology(self.tasks, self.parents, self.children, self.names)

    @cached_property
    def seconds(self) -> FloatArray:
        """Shape (edges,): what moving the bytes of each edge takes between two processors."""
        assert self.bytes is not None
        return self.bytes / self.bandwidth

    @cached_property
    def free_from(self) -> FloatArray:
        """Shape (processors,), seconds: when each is free for the first time."""
        assert self.available is not None
        return self.available

    @cached_property
    def site_of(self) -> IntArray:
        """Shape (processors,): where each stands."""
        assert self.site is not None
        return self.site

    @cached_property
    def identical(self) -> bool:
        """All processors run every task equally fast, and nothing has to be moved between them."""
        return bool((self.durations == self.durations[:, :1]).all() and not self.seconds.any())


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each task runs, and on which processor."""

    processor: IntArray
    """Shape (tasks,)."""
    start: FloatArray
    """Shape (tasks,), seconds."""
    finish: FloatArray
    """Shape (tasks,), seconds."""

    @property
    def makespan(self) -> float:
        """Seconds until the last task has ended."""
        return float(self.finish.max())


def set_edges(problem: Precedence) -> None:
    """Make both ends of the edges whole numbers. Raises `ValueError` where they are not."""
    for name in ("parents", "children"):
        object.__setattr__(problem, name, whole_numbers(name, getattr(problem, name)))


def whole_numbers(name: str, values: IntArray) -> IntArray:
    """The values as `int64`. Raises `ValueError` that names the field where they are of another kind."""
    given = np.asarray(values)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"{name} holds numbers of type {given.dtype}: they must be whole numbers")
    return np.ascontiguousarray(given, np.int64)


def _sites(given: IntArray | None, processors: int) -> IntArray:
    if given is None:
        return np.arange(processors)
    site = whole_numbers("site", given)
    if site.shape != (processors,):
        raise ValueError(f"site has shape {site.shape}: it must be ({processors},)")
    wrong = np.flatnonzero((site < 0) | (site >= processors))
    if len(wrong):
        raise ValueError(f"site[{wrong[0]}] is {site[wrong[0]]}: it must be from 0 to {processors - 1}")
    return site


def check_values(name: str, values: FloatArray | IntArray, *, finite: bool) -> None:
    """Raise `ValueError` that names the field and the index, unless all are 0 or above; `finite`: none may be infinite."""
    wrong: BoolArray = np.isnan(values) | (values < 0)
    if finite:
        wrong |= np.isinf(values)
    where = np.argwhere(wrong)
    if len(where):
        index = tuple(where[0].tolist())
        place = ", ".join(map(str, index))
        raise ValueError(f"{name}[{place}] is {values[index]}: it must be {'a finite number, ' if finite else ''}0 or above")


def check_names(names: tuple[str, ...], tasks: int) -> None:
    """Raise `ValueError` unless there is a name per task, or none."""
    if names and len(names) != tasks:
        raise ValueError(f"names has {len(names)} entries: it must have one for each of the {tasks} tasks, or none")
