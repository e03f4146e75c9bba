"""What must hold of the tasks of a graph: unique names, known dependencies, no cycle."""

import difflib
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_CYCLE_SEARCHES = 64
_CYCLE_SHOWN = 12


class GraphError(ValueError):
    """The tasks form no graph that can run; the message names the task, the field, and what is wrong."""


class TaskLike(Protocol):
    """The fields that are checked."""

    @property
    def name(self) -> str:
        """Unique in the graph."""
        ...

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Names of the tasks that have to succeed before."""
        ...

    @property
    def shards(self) -> int:
        """At least 1."""
        ...

    @property
    def duration(self) -> float:
        """Seconds, above zero."""
        ...


def task_index(tasks: Sequence[TaskLike]) -> dict[str, int]:
    """Name to number. Raises `GraphError` for no tasks, equal names, and values out of range."""
    if not tasks:
        raise GraphError("tasks is empty: a graph needs at least one task")
    index: dict[str, int] = {}
    for number, task in enumerate(tasks):
        if not task.name:
            raise GraphError(f"tasks[{number}].name is empty: every task needs a name")
        if task.name in index:
            raise GraphError(same_name(task.name, index[task.name], number))
        if task.shards < 1:
            raise GraphError(f'task "{task.name}": shards is {task.shards}: it must be at least 1')
        if not (task.duration > 0 and math.isfinite(task.duration)):
            raise GraphError(f'task "{task.name}": duration is {task.duration}: it must be a positive number of seconds')
        index[task.name] = number
    return index


def same_name(name: str, first: int, second: int) -> str:
    """What is said of two tasks with one name."""
    return f'tasks[{second}].name is "{name}", as is that of tasks[{first}]: give each task its own name'


def parent_lists(tasks: Sequence[TaskLike], index: Mapping[str, int]) -> list[list[int]]:
    """Per task the numbers of its parents, each once. Raises `GraphError` for unknown ones and for itself."""
    parents = []
    for number, task in enumerate(tasks):
        found = list(dict.fromkeys(index.get(name, -1) for name in task.depends_on))
        if -1 in found:
            raise GraphError(_unknown(task, index))
        if number in found:
            raise GraphError(f'task "{task.name}": dependsOn names the task itself: remove that dependency')
        parents.append(found)
    return parents


def topological_order(tasks: Sequence[TaskLike], parents: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """All tasks, parents before children (Kahn 1962). Raises `GraphError` with a cycle where there is one."""
    children: list[list[int]] = [[] for _ in tasks]
    for child, of_one in enumerate(parents):
        for parent in of_one:
            children[parent].append(child)
    missing = [len(of_one) for of_one in parents]
    order = [task for task, count in enumerate(missing) if count == 0]
    for task in order:
        for child in children[task]:
            missing[child] -= 1
            if missing[child] == 0:
                order.append(child)
    if len(order) < len(tasks):
        stuck = {task for task, count in enumerate(missing) if count > 0}
        cycle = _short_cycle(parents, children, stuck)
        raise GraphError(
            f"dependsOn forms a cycle: {_arrows([tasks[task].name for task in cycle])}: "
            "each waits for the one before it, so none can start; remove one of these dependencies"
        )
    return np.array(order, np.int64)


def _unknown(task: TaskLike, index: Mapping[str, int]) -> str:
    name = next(name for name in task.depends_on if name not in index)
    near = difflib.get_close_matches(name, index, n=1)
    advice = f'did you mean "{near[0]}"?' if near else "there is no such task in this graph"
    return f'task "{task.name}": dependsOn names "{name}", which is unknown: {advice}'


def _arrows(names: Sequence[str]) -> str:
    """a → b → a; of a long cycle only the start and the end."""
    around = [*names, names[0]]
    if len(names) <= _CYCLE_SHOWN:
        return " → ".join(around)
    half = _CYCLE_SHOWN // 2
    return f"{' → '.join([*around[:half], '…', *around[-half:]])} ({len(names)} tasks)"


def _short_cycle(parents: Sequence[Sequence[int]], children: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    """A cycle in the order in which its tasks would run, beginning with its lowest number.

    Some cycle is found by walking back from parent to parent. The shortest through any of the first tasks on
    it, and of the first left over, replaces it; each of these searches is breadth-first, O(edges).
    """
    best = _some_cycle(parents, stuck)
    for start in dict.fromkeys([*sorted(best)[:_CYCLE_SEARCHES], *sorted(stuck)[:_CYCLE_SEARCHES]]):
        found = _cycle_through(start, children, stuck)
        if found and len(found) < len(best):
            best = found
    lowest = best.index(min(best))
    return best[lowest:] + best[:lowest]


def _some_cycle(parents: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    """Every task left over waits for another one left over, so walking back must come round."""
    at: dict[int, int] = {}
    task = min(stuck)
    while task not in at:
        at[task] = len(at)
        task = next(parent for parent in parents[task] if parent in stuck)
    return list(at)[at[task] :][::-1]


def _cycle_through(start: int, children: Sequence[Iterable[int]], stuck: set[int]) -> list[int]:
    """A shortest cycle through a task; nothing if it is on none."""
    came_from = {start: start}
    queue = deque([start])
    while queue:
        task = queue.popleft()
        for child in children[task]:
            if child == start:
                path = [task]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if child in stuck and child not in came_from:
                came_from[child] = task
                queue.append(child)
    return []
