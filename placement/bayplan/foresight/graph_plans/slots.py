"""From a cluster to the slots of a plan."""

from collections.abc import Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector, admission
from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import RequestClass


def slots(cluster: Cluster, asks: Mapping[RequestClass, int], limit: int, selector: Selector = ()) -> Nodes:
    """The free room of all nodes, as slots for what is asked. `asks`: class to how many units; `limit`: slots per node class.

    A node has as many slots as units of the mean size fit beside what is there, of those that it admits. Where no node has
    room for a class now, those that could hold it when empty count as empty: when others will leave is not known. Of a
    class of nodes, the freest keep their slots. O(asks x nodes). Raises `ValueError` for a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: it must be at least 1")
    rows = np.flatnonzero(cluster.present)
    rows = rows[np.argsort(cluster.name_rank[rows])]
    free = np.maximum(cluster.allocatable - cluster.used, 0)
    admitted, shares, weight = np.zeros((len(asks), len(rows)), bool), np.zeros(len(rows)), np.zeros(len(rows))
    for number, (asked, units) in enumerate(asks.items()):
        fit = admission(cluster, asked, selector)
        admitted[number] = fit.rows[rows]
        room = np.where(admitted[number], _room(cluster, asked, free, cluster.gpu_free)[rows], 0.0)
        if not (room >= 1).any():
            whole = np.where(np.arange(cluster.gpu_free.shape[1]) < cluster.gpu_count[:, None], WHOLE, 0)
            room = np.where(admitted[number], _room(cluster, asked, cluster.allocatable, whole)[rows], 0.0)
        fits = room >= 1
        shares[fits] += units / room[fits]
        weight[fits] += units
    # Units of the mean size; what asks for nothing fits without end.
    size = np.divide(shares, weight, out=np.full(len(rows), np.inf), where=weight > 0)
    count = np.floor(1.0 / np.maximum(size, 1.0 / limit) + 1e-9).astype(np.int64)
    kinds, number_of, node_class = _kinds(cluster, rows, admitted)
    return Nodes(
        names=tuple(cluster.names[row] for row in rows.tolist()),
        classes=kinds,
        node_class=node_class,
        slot_node=(chosen := _ordered(_freest(count, node_class, limit), cluster.gpu_count[rows], count)),
        slot_free=np.zeros(len(chosen)),
        usable=usable(cluster),
        admits={asked: admitted[number][number_of] for number, asked in enumerate(asks)},
    )


def usable(cluster: Cluster) -> frozenset[str]:
    """Names of the nodes that are ready and not cordoned. Kept until a node changes; O(nodes)."""
    return cluster.static_memo("usable nodes", lambda: _usable(cluster))


def _usable(cluster: Cluster) -> frozenset[str]:
    rows = np.flatnonzero(cluster.present & cluster.ready & ~cluster.cordoned)
    return frozenset(cluster.names[row] for row in rows.tolist())


def _room(cluster: Cluster, asked: RequestClass, free: IntArray, gpu_free: IntArray) -> FloatArray:
    """Per row, how many units of a class the free amounts hold, other classes left aside."""
    demand = cluster.demand(asked)
    if demand.impossible:
        return np.zeros(cluster.rows)
    room = np.full(cluster.rows, np.inf)
    for column, amount in demand.pairs:
        room = np.minimum(room, free[:, column] // amount)
    ask = demand.gpus
    if ask is not None:
        parts = (np.maximum(gpu_free, 0) // ask.thousandths).sum(axis=1)
        room = np.minimum(room, parts if ask.fraction else (gpu_free >= WHOLE).sum(axis=1) // ask.count)
    return np.asarray(room)


def _kinds(cluster: Cluster, rows: IntArray, admitted: BoolArray) -> tuple[tuple[str, ...], IntArray, IntArray]:
    """Classes of nodes told apart by what they admit: their names, a node of each, and per node its class."""
    keys = np.vstack((cluster.node_class[rows], admitted.astype(np.int64)))
    _, first, inverse = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    return tuple(cluster.node_classes[cluster.node_class[rows[each]]] for each in first.tolist()), first, inverse.reshape(-1)


def _ordered(slot_node: IntArray, devices: IntArray, count: IntArray) -> IntArray:
    """The slots of nodes without devices first, then those of the fullest: of equal ones, a plan takes the first."""
    return np.asarray(slot_node[np.lexsort((slot_node, count[slot_node], devices[slot_node]))])


def _freest(count: IntArray, node_class: IntArray, limit: int) -> IntArray:
    """The node of each slot; of a class at most `limit` slots, those of the nodes with the most first."""
    order = np.lexsort((-count, node_class))
    slot_node = np.repeat(order, count[order])
    kind = node_class[slot_node]
    starts = np.searchsorted(kind, np.arange(kind.max(initial=-1) + 1))
    return np.asarray(slot_node[np.arange(len(kind)) - starts[kind] < limit])
