"""The edges of a graph in compressed sparse rows, checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.graph import Adjacency
from bayplan.model.graph_checks import topological_order


@dataclass(frozen=True, slots=True)
class Topology:
    """Which task waits for which."""

    parents: Adjacency
    """Per task, those that have to end before it, ascending."""
    children: Adjacency
    """Per task, those that wait for it, ascending."""
    parent_edge: IntArray
    """Shape (edges,): for each entry of `parents.indices`, the number of its edge."""
    child_edge: IntArray
    """Shape (edges,): for each entry of `children.indices`, the number of its edge."""
    order: IntArray
    """All tasks, parents before children."""


@dataclass(frozen=True, slots=True)
class _Node:
    """What a check of the graph reads of a task."""

    name: str
    depends_on: tuple[str, ...] = ()
    shards: int = 1
    duration: float = 1.0


def topology(tasks: int, parents: IntArray, children: IntArray, names: Sequence[str] = ()) -> Topology:
    """The neighbours of every task; O(tasks + edges log edges).

    `parents`, `children`: shape (edges,), task numbers. Raises `ValueError` for unknown tasks and tasks that
    wait for themselves, and its subclass `GraphError` with the cycle named where there is one.
    """
    check_edges(tasks, parents, children)
    by_child, by_parent = np.lexsort((parents, children)), np.lexsort((children, parents))
    above = Adjacency(_starts(children, tasks), parents[by_child])
    below = Adjacency(_starts(parents, tasks), children[by_parent])
    nodes = [_Node(names[number] if names else str(number)) for number in range(tasks)]
    order = topological_order(nodes, [above.of(task).tolist() for task in range(tasks)])
    return Topology(above, below, by_child, by_parent, order)


def check_edges(tasks: int, parents: IntArray, children: IntArray) -> None:
    """Raise `ValueError` unless each edge joins two different tasks that exist."""
    if parents.ndim != 1 or parents.shape != children.shape:
        raise ValueError(f"parents and children have shapes {parents.shape} and {children.shape}: both must be (edges,)")
    for field, ends in (("parents", parents), ("children", children)):
        unknown = np.flatnonzero((ends < 0) | (ends >= tasks))
        if len(unknown):
            edge = int(unknown[0])
            raise ValueError(f"{field}[{edge}] is {ends[edge]}, an unknown task: it must be from 0 to {tasks - 1}")
    alone = np.flatnonzero(parents == children)
    if len(alone):
        edge = int(alone[0])
        raise ValueError(f"edge {edge} makes task {parents[edge]} wait for itself: remove it")


def _starts(ends: IntArray, tasks: int) -> IntArray:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(ends, minlength=tasks)))).astype(np.int64)
