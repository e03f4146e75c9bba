"""The heaviest antichain of a graph: the most that may be needed at one instant by tasks of which none waits for another."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray

_LARGEST = 2**30
"""The flow is reckoned in 32-bit numbers: all weights together stay below this."""


class Antichain(NamedTuple):
    """Nodes of which none comes before another."""

    weight: int
    """What they weigh together, or an upper bound of the most that any antichain weighs, see `heaviest_antichain`."""
    members: BoolArray
    """Shape (nodes,). Of several that are as heavy, that with the latest nodes."""


def heaviest_antichain(weights: IntArray, before: IntArray, after: IntArray) -> Antichain:
    """Of an acyclic graph with the edges `before[e] -> after[e]`; weights 0 or above, shape (nodes,).

    By Dilworth's theorem with weights, the heaviest antichain weighs as much as the cheapest cover by chains in which node v is
    in at least `weights[v]` of them (Dilworth 1950; Fulkerson 1956 has the proof by flows). A chain is saved for each unit of
    flow that links what leaves one node to what enters a later one; nodes pass flow on, so that the transitive closure is not
    needed. O(nodes + edges) memory, one maximum flow.

    Weights are divided by what all of them share. Where their sum is still 2^30 or above they are rounded up: then the weight
    is an upper bound, by at most one part in 2^30 of the sum for each node.
    """
    heavy = weights > 0
    total = int(weights.sum())
    if not len(before) or total == 0:
        return Antichain(total, heavy)
    unit = int(np.gcd.reduce(weights[heavy]))
    if total // unit >= _LARGEST:
        unit = -(-total // (_LARGEST // 2))
    scaled = -(-weights // unit)
    saved, linked = _most_saved(scaled, before, after)
    return Antichain(unit * (int(scaled.sum()) - saved), linked & heavy)


def _most_saved(weights: IntArray, before: IntArray, after: IntArray) -> tuple[int, BoolArray]:
    """The flow, and the nodes of the antichain that its smallest cut tells."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    nodes, endless = len(weights), int(weights.sum())
    number = np.arange(nodes)
    leaving, entering, source, sink = number, nodes + number, 2 * nodes, 2 * nodes + 1
    heavy = np.flatnonzero(weights)
    tails = np.concatenate([np.full(len(heavy), source), entering[heavy], leaving[before], entering])
    heads = np.concatenate([leaving[heavy], np.full(len(heavy), sink), entering[after], leaving])
    most = np.concatenate([weights[heavy], weights[heavy], np.full(len(before) + nodes, endless)]).astype(np.int32)
    network = csr_array((most, (tails, heads)), shape=(2 * nodes + 2, 2 * nodes + 2))
    network.data = np.minimum(network.data, np.int32(endless))  # an edge that is named twice
    found = maximum_flow(network, source, sink)
    left = network - found.flow
    left.eliminate_zeros()
    reached = np.zeros(2 * nodes + 2, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    # Cut are nodes whose way out is not reached, or whose way in is; the antichain is the others.
    return int(found.flow_value), np.asarray(reached[:nodes] & ~reached[nodes : 2 * nodes])
