"""Where the tasks of a graph are drawn: from left to right by their depth."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan_operator.views.model.task import SimulatedTask

_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """One task's place: column, and row within the column, both from 0."""

    column: int
    row: int


def layout(tasks: Sequence[SimulatedTask]) -> dict[str, Spot]:
    """Columns by the longest way to a task; within them, near the tasks that it depends on (Sugiyama et al. 1981)."""
    depth = _depths(tasks)
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for task in tasks:
        columns[depth[task.name]].append(task.name)
    parents = {task.name: task.depends_on for task in tasks}
    children: dict[str, list[str]] = {task.name: [] for task in tasks}
    for task in tasks:
        for parent in task.depends_on:
            children[parent].append(task.name)
    place = {name: float(row) for column in columns for row, name in enumerate(column)}
    for sweep in range(_SWEEPS):
        neighbours = parents if sweep % 2 == 0 else children
        for column in columns if sweep % 2 == 0 else reversed(columns):
            size = max(1, len(column) - 1)
            aims = {name: place[name] / size for name in column}
            for name in column:
                if neighbours[name]:
                    near = [place[each] / _size(columns, depth, each) for each in neighbours[name]]
                    aims[name] = sum(near) / len(near)
            column.sort(key=aims.__getitem__)
            place.update({name: float(row) for row, name in enumerate(column)})
    return {name: Spot(number, row) for number, column in enumerate(columns) for row, name in enumerate(column)}


def _depths(tasks: Sequence[SimulatedTask]) -> dict[str, int]:
    parents = {task.name: task.depends_on for task in tasks}
    depth: dict[str, int] = {}
    for task in tasks:
        stack = [task.name]
        while stack:
            name = stack[-1]
            missing = [parent for parent in parents[name] if parent not in depth]
            if missing:
                stack += missing
            else:
                depth[name] = max((depth[parent] + 1 for parent in parents[name]), default=0)
                stack.pop()
    return depth


def _size(columns: Sequence[Sequence[str]], depth: dict[str, int], name: str) -> int:
    return max(1, len(columns[depth[name]]) - 1)
