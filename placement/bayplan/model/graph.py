"""A graph of tasks in columns: longest chains and lower bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph_checks import GraphError, parent_lists, task_index, topological_order

__all__ = ["Adjacency", "Graph", "GraphError", "Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """A task: `shards` units of work alike, all of which must succeed. Duration in seconds, per shard."""

    name: str
    depends_on: tuple[str, ...] = ()
    shards: int = 1
    duration: float = 60.0


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Neighbours in compressed sparse rows: those of task t are `indices[indptr[t]:indptr[t + 1]]`."""

    indptr: IntArray
    """Shape (tasks + 1,)."""
    indices: IntArray
    """Shape (edges,)."""

    def of(self, task: int) -> IntArray:
        """The neighbours of one task."""
        return self.indices[self.indptr[task] : self.indptr[task + 1]]


@dataclass(frozen=True, slots=True)
class Graph:
    """An acyclic graph. Tasks are numbered in the order given, units (shards) in the order of their tasks."""

    tasks: tuple[Task, ...]
    index: dict[str, int]
    """Name to number."""
    parents: Adjacency
    """Per task, those that have to succeed before it, in the order in which it names them."""
    children: Adjacency
    """Per task, those that wait for it, ascending."""
    edge_child: IntArray
    """Per edge, the task that waits; edges are sorted by it."""
    topological: IntArray
    """All tasks, parents before children."""
    unit_task: IntArray
    """Per unit, its task."""
    unit_start: IntArray
    """Per task, its first unit; one more entry with the number of units."""

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.unit_task)

    @property
    def edge_parent(self) -> IntArray:
        """Per edge, the task that has to succeed first."""
        return self.parents.indices

    @classmethod
    def build(cls, tasks: Sequence[Task]) -> "Graph":
        """Check the tasks and put them into columns; O(tasks + edges). Raises `GraphError`."""
        index = task_index(tasks)
        parents = parent_lists(tasks, index)
        counts = np.fromiter(map(len, parents), np.int64, len(parents))
        edge_parent = np.array([parent for of_one in parents for parent in of_one], np.int64)
        edge_child = np.repeat(np.arange(len(tasks)), counts)
        by_parent = np.argsort(edge_parent, kind="stable")
        shards = np.array([task.shards for task in tasks], np.int64)
        children = Adjacency(_starts(np.bincount(edge_parent, minlength=len(tasks))), edge_child[by_parent])
        return cls(
            tasks=tuple(tasks),
            index=index,
            parents=Adjacency(_starts(counts), edge_parent),
            children=children,
            edge_child=edge_child,
            topological=topological_order(tasks, parents),
            unit_task=np.repeat(np.arange(len(tasks)), shards),
            unit_start=_starts(shards),
        )

    def upward_rank(self, durations: FloatArray | None = None) -> FloatArray:
        """Per task, seconds of the longest chain that starts with it, itself included. O(tasks + edges).

        `durations`: seconds per task, shape (tasks,). Topcuoglu et al. 2002, without communication.
        """
        own = self._durations(durations).tolist()
        after = [0.0] * len(own)
        starts, parents = self.parents.indptr.tolist(), self.parents.indices.tolist()
        for task in self.topological[::-1].tolist():
            rank = own[task] + after[task]
            for parent in parents[starts[task] : starts[task + 1]]:
                after[parent] = max(after[parent], rank)
        return np.array(own, np.float64) + np.array(after, np.float64)

    def critical_path(self, durations: FloatArray | None = None) -> list[int]:
        """The tasks of a longest chain, first to last; of equal ones the lower numbers."""
        rank = self.upward_rank(durations)
        path = [int(np.argmax(rank))]
        while len(following := self.children.of(path[-1])):
            path.append(int(following[np.argmax(rank[following])]))
        return path

    def critical_path_length(self, durations: FloatArray | None = None) -> float:
        """Seconds that the graph takes at least, however many nodes there are."""
        return float(self.upward_rank(durations).max())

    def lower_bound(self, capacity_units: int | None = None, durations: FloatArray | None = None) -> float:
        """Seconds that no schedule can beat: the longest chain, or total work / `capacity_units` if larger.

        `capacity_units`: how many units can run at once; `None`: any number. Raises `ValueError` below 1.
        """
        chain = self.critical_path_length(durations)
        if capacity_units is None:
            return chain
        if capacity_units < 1:
            raise ValueError(f"capacity_units is {capacity_units}: it must be at least 1")
        work = float(self._durations(durations) @ np.diff(self.unit_start))
        return max(chain, work / capacity_units)

    def _durations(self, durations: FloatArray | None) -> FloatArray:
        if durations is None:
            return np.array([task.duration for task in self.tasks], np.float64)
        if durations.shape != (len(self.tasks),):
            raise ValueError(f"durations has shape {durations.shape}: it must be ({len(self.tasks)},)")
        return durations.astype(np.float64)


def _starts(counts: IntArray) -> IntArray:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
