"""A graph of tasks in columns: validation, longest chains, lower bounds."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class GraphError(ValueError):
    """The tasks form no graph that can run; the message names the task and what is wrong."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task: `shards` units of work alike, all of which must succeed. Duration in seconds, per shard."""

    name: str
    depends_on: tuple[str, ...] = ()
    shards: int = 1
    duration: float = 60.0


@dataclass(frozen=True, slots=True)
class Graph:
    """An acyclic graph. Tasks are numbered in the order given, units (shards) in the order of their tasks."""

    tasks: tuple[Task, ...]
    index: dict[str, int]
    edge_parent: IntArray
    """Per edge, the task that has to succeed first; edges are sorted by child."""
    edge_child: IntArray
    """Per edge, the task that waits."""
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

    @classmethod
    def build(cls, tasks: Sequence[Task]) -> "Graph":
        """Check the tasks and put them into columns; O(tasks + edges). Raises `GraphError`."""
        index = _index(tasks)
        parents: list[int] = []
        children: list[int] = []
        for child, task in enumerate(tasks):
            for name in dict.fromkeys(task.depends_on):
                parents.append(_parent(name, task, index))
                children.append(child)
        shards = np.array([task.shards for task in tasks], np.int64)
        return cls(
            tasks=tuple(tasks),
            index=index,
            edge_parent=np.array(parents, np.int64),
            edge_child=np.array(children, np.int64),
            topological=_topological(tasks, parents, children),
            unit_task=np.repeat(np.arange(len(tasks)), shards),
            unit_start=np.concatenate(([0], np.cumsum(shards))),
        )

    def upward_rank(self, durations: FloatArray | None = None) -> FloatArray:
        """Per task, seconds of the longest chain that starts with it, itself included.

        `durations`: seconds per task, shape (tasks,). Topcuoglu et al. 2002, equation 3, without communication.
        """
        rank = self._durations(durations).astype(np.float64)
        order = self.topological[::-1].tolist()
        starts = np.searchsorted(self.edge_child, np.arange(len(self.tasks) + 1)).tolist()
        parents, ranks, owns = self.edge_parent.tolist(), rank.tolist(), rank.tolist()
        for task in order:
            for parent in parents[starts[task] : starts[task + 1]]:
                ranks[parent] = max(ranks[parent], owns[parent] + ranks[task])
        return np.array(ranks)

    def critical_path(self, durations: FloatArray | None = None) -> list[int]:
        """The tasks of a longest chain, first to last."""
        rank = self.upward_rank(durations)
        by_parent = np.argsort(self.edge_parent, kind="stable")
        parents, children = self.edge_parent[by_parent], self.edge_child[by_parent]
        path = [int(np.argmax(rank))]
        while True:
            low, high = np.searchsorted(parents, [path[-1], path[-1] + 1])
            if low == high:
                return path
            after = children[low:high]
            path.append(int(after[np.argmax(rank[after])]))

    def critical_path_length(self, durations: FloatArray | None = None) -> float:
        """Seconds that the graph takes at least, however many nodes there are."""
        return float(self.upward_rank(durations).max())

    def lower_bound(self, capacity: int | None = None, durations: FloatArray | None = None) -> float:
        """Seconds that no schedule can beat if at most `capacity` units run at once: longest chain or total work / capacity."""
        chain = self.critical_path_length(durations)
        if capacity is None:
            return chain
        shards = np.diff(self.unit_start)
        return max(chain, float((self._durations(durations) * shards).sum()) / capacity)

    def _durations(self, durations: FloatArray | None) -> FloatArray:
        return np.array([task.duration for task in self.tasks]) if durations is None else durations


def _index(tasks: Sequence[Task]) -> dict[str, int]:
    if not tasks:
        raise GraphError("tasks is empty: a graph needs at least one task")
    index: dict[str, int] = {}
    for number, task in enumerate(tasks):
        if task.name in index:
            raise GraphError(
                f'tasks[{number}].name is "{task.name}", as is that of tasks[{index[task.name]}]: give each its own'
            )
        if task.shards < 1:
            raise GraphError(f'task "{task.name}": shards is {task.shards}, it must be at least 1')
        if not (task.duration > 0 and math.isfinite(task.duration)):
            raise GraphError(f'task "{task.name}": duration is {task.duration}, it must be a positive number of seconds')
        index[task.name] = number
    return index


def _parent(name: str, task: Task, index: dict[str, int]) -> int:
    if name == task.name:
        raise GraphError(f'task "{task.name}": dependsOn names the task itself: remove that dependency')
    if name not in index:
        near = difflib.get_close_matches(name, index, n=1)
        advice = f'did you mean "{near[0]}"?' if near else "there is no such task in this graph"
        raise GraphError(f'task "{task.name}": dependsOn names "{name}", which is unknown: {advice}')
    return index[name]


def _topological(tasks: Sequence[Task], parents: list[int], children: list[int]) -> IntArray:
    """Kahn's algorithm. Raises `GraphError` with a shortest cycle where there is one."""
    after: list[list[int]] = [[] for _ in tasks]
    open_parents = [0] * len(tasks)
    for parent, child in zip(parents, children, strict=True):
        after[parent].append(child)
        open_parents[child] += 1
    order = [task for task, count in enumerate(open_parents) if count == 0]
    for task in order:
        for child in after[task]:
            open_parents[child] -= 1
            if open_parents[child] == 0:
                order.append(child)
    if len(order) < len(tasks):
        stuck = {task for task, count in enumerate(open_parents) if count > 0}
        names = [tasks[task].name for task in _shortest_cycle(after, stuck)]
        raise GraphError(
            f"the tasks depend on each other in a cycle: {' → '.join([*names, names[0]])}; remove one of the dependencies"
        )
    return np.array(order, np.int64)


_CYCLE_SEARCHES = 64


def _shortest_cycle(after: list[list[int]], stuck: set[int]) -> list[int]:
    """A cycle among the tasks that Kahn's algorithm left over, in the order in which the tasks would run.

    The shortest through any of the first tasks tried; each search is breadth-first, O(edges).
    """
    best: list[int] = []
    for start in sorted(stuck)[:_CYCLE_SEARCHES]:
        found = _cycle_through(start, after, stuck)
        if found and (not best or len(found) < len(best)):
            best = found
    return best or _any_cycle(after, stuck)


def _cycle_through(start: int, after: list[list[int]], stuck: set[int]) -> list[int]:
    came_from = {start: start}
    queue = [start]
    for task in queue:
        for child in after[task]:
            if child == start:
                path = [task]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if child in stuck and child not in came_from:
                came_from[child] = task
                queue.append(child)
    return []


def _any_cycle(after: list[list[int]], stuck: set[int]) -> list[int]:
    """Walk backwards: every left-over task waits for another one, so the walk must come back to where it was."""
    before = {child: task for task in stuck for child in after[task] if child in stuck}
    walk: list[int] = []
    task = min(stuck)
    while task not in walk:
        walk.append(task)
        task = before[task]
    return walk[walk.index(task) :][::-1]
