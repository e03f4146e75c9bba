"""How long a unit reads what its parents have left: the one place that says so."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph import Graph


def sources(graph: Graph, data: FloatArray, place: IntArray, task: int, bandwidth: float) -> tuple[IntArray, FloatArray]:
    """Where results lie that a task reads, and the seconds that each part takes from another node; both of shape (parts,).

    `data`: per edge, bytes that a unit of the child reads of the parent's results, an equal part from each of its units;
    `place`: per unit a node's number, -1: none, or not known, and nothing is read from there. O(parents' units).
    """
    places, seconds = [], []
    for edge in range(graph.parents.indptr[task], graph.parents.indptr[task + 1]):
        if data[edge] > 0:
            parent = graph.parents.indices[edge]
            where = place[graph.unit_start[parent] : graph.unit_start[parent + 1]]
            known = where[where >= 0]
            places.append(known)
            seconds.append(np.full(len(known), data[edge] / len(where) / bandwidth))
    if not places:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(places), np.concatenate(seconds)


def seconds(places: IntArray, parts: FloatArray, nodes: IntArray) -> FloatArray:
    """Shape (nodes,): seconds for which a unit reads on each: all parts at once, over a link each. O(parts + nodes)."""
    if not len(parts):
        return np.zeros(len(nodes))
    first = int(np.argmax(parts))
    second = float(parts[places != places[first]].max(initial=0.0))
    return np.where(nodes == places[first], second, float(parts[first]))
