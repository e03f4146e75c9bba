"""Which unit waits for which, and what it reads."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.graph import Graph

_MOST_PAIRS = 4_096
"""Of units along one edge between which data is told apart by node; of more, nearly all lies elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitEdges:
    """Edges between units. Numbers from `graph.units` on are joins: they take no time, and wait for all units of a task."""

    parents: IntArray
    """Shape (edges,)."""
    children: IntArray
    """Shape (edges,)."""
    bytes: FloatArray
    """Shape (edges,): what the child reads of the parent."""
    joins: int
    reads: FloatArray
    """Shape (units,): bytes that a unit reads whatever its node, since they come from very many."""


def unit_edges(graph: Graph, data: FloatArray, done: BoolArray, begun: BoolArray) -> UnitEdges:
    """The edges to units that have not begun, from those that are not done or hand bytes on; O(edges + pairs of units).

    Where many units wait for many, a join stands between them, so that there are as many edges as units.
    """
    shards = np.diff(graph.unit_start)
    parent, child = graph.edge_parent, graph.edge_child
    first = graph.unit_start[:-1]
    single = (shards[parent] == 1) & (shards[child] == 1)
    found = [(first[parent[single]], first[child[single]], data[single])]
    reads, joins = np.zeros(graph.units), 0
    for edge in np.flatnonzero(~single).tolist():
        above = _units(graph, int(parent[edge]))
        below = _units(graph, int(child[edge]))
        part = float(data[edge]) / len(above)
        if part > 0 and len(above) * len(below) > _MOST_PAIRS:
            reads[below] = np.maximum(reads[below], part)
            part = 0.0
        if part > 0 or len(above) * len(below) <= len(above) + len(below):
            found.append(_pairs(above, below, part))
        else:
            join = np.array([graph.units + joins])
            joins += 1
            found += [_pairs(above, join, 0.0), _pairs(join, below, 0.0)]
    parents, children, moved = (np.concatenate(column) for column in zip(*found, strict=True))
    done, begun = (np.concatenate((each, np.zeros(joins, bool))) for each in (done, begun))
    kept = ~begun[children] & (~done[parents] | (moved > 0))
    return UnitEdges(parents[kept], children[kept], moved[kept], joins, reads)


def _units(graph: Graph, task: int) -> IntArray:
    return np.arange(graph.unit_start[task], graph.unit_start[task + 1])


def _pairs(above: IntArray, below: IntArray, part: float) -> tuple[IntArray, IntArray, FloatArray]:
    return (
        np.repeat(above, len(below)),
        np.tile(below, len(above)),
        np.full(len(above) * len(below), part),
    )
