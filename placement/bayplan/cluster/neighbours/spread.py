"""Topology spread constraints, as kube-scheduler counts them (plugin PodTopologySpread)."""

import math
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters.node_affinity import node_affinity
from bayplan.cluster.filters.node_selector import node_selector
from bayplan.cluster.filters.taints import untainted
from bayplan.cluster.neighbours.domains import domains
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.neighbour import Neighbour, SpreadConstraint
from bayplan.model.reasons import Rejection
from bayplan.model.workload import RequestClass

_TAINTS = (Rejection.TAINT, Rejection.NOT_READY, Rejection.UNSCHEDULABLE, Rejection.CONDITION_TAINT)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a constraint is about, pods left aside."""

    domain: IntArray
    """Per row, its domain, -1 where there is none."""
    counted: BoolArray
    """Per row: its pods count."""
    known: IntArray
    """The domains of these rows, each once."""
    size: int
    """More than the largest number of a domain."""


def beyond_skew(cluster: Cluster, asked: RequestClass, pod: Neighbour) -> BoolArray:
    """Per row: with the pod there, the skew of a hard constraint of it would be too large, or it has no domain for one.

    The skew is what the domain would have less the least that any domain has. Where kube-scheduler counts all domains, too,
    the least is that of bound pods: it may look at pods in another order than they were decided in, and whatever the order,
    none then exceeds its skew.
    """
    hard = tuple(each for each in pod.spread if each.hard)
    found = np.zeros(cluster.rows, bool)
    for each in hard:
        ground = _ground(cluster, asked, each, hard)
        counts = cluster.neighbours.counts((each.pods,))
        there = _sums(ground, counts.staying)
        least = there if each.honors_affinity else _sums(ground, counts.settled)
        fewest = int(least[ground.known].min()) if len(ground.known) >= max(1, each.min_domains) else 0
        itself = int(cluster.neighbours.selects((each.pods,), pod))
        allowed = there + itself - fewest <= each.max_skew
        allowed[-1] = False  # no domain
        found |= ~allowed[ground.domain]
    return found


def evenness(cluster: Cluster, asked: RequestClass, pod: Neighbour, rows: BoolArray) -> FloatArray:
    """Per row, from 0 to 1: how well it serves the soft constraints (`ScheduleAnyway`), among the rows that are possible.

    kube-scheduler's formula: the sum of count x ln(domains + 2) + maxSkew - 1 over the constraints, turned round and scaled.
    """
    soft = tuple(each for each in pod.spread if not each.hard)
    crowd, nowhere = np.zeros(cluster.rows), np.zeros(cluster.rows, bool)
    for each in soft:
        ground = _ground(cluster, asked, each, soft)
        sums = _sums(ground, cluster.neighbours.counts((each.pods,)).staying)
        nowhere |= ground.domain < 0
        size = len(np.unique(ground.domain[rows & ~nowhere]))
        crowd += sums[ground.domain] * math.log(size + 2) + each.max_skew - 1
    return _turned(crowd, rows & ~nowhere)


def _turned(crowd: FloatArray, rows: BoolArray) -> FloatArray:
    """The fewest become 1, the most become least; 0 for other rows."""
    found = np.zeros(len(crowd))
    if rows.any():
        most, least = crowd[rows].max(), crowd[rows].min()
        found[rows] = (most + least - crowd[rows]) / most if most > 0 else 1.0
    return found


def _sums(ground: _Ground, counts: IntArray) -> IntArray:
    """Per domain, and 0 for none at the end."""
    rows = counts.nonzero()[0]
    rows = rows[ground.counted[rows]]
    return np.bincount(ground.domain[rows], weights=counts[rows], minlength=ground.size + 1).astype(np.int64)


def _ground(cluster: Cluster, asked: RequestClass, spread: SpreadConstraint, all_of: tuple[SpreadConstraint, ...]) -> _Ground:
    keys = tuple(each.topology_key for each in all_of)
    nodes = (asked.node_selector, asked.required) if spread.honors_affinity else ()
    tolerated = asked.tolerations if spread.honors_taints else None
    key = ("spread", spread.topology_key, keys, nodes, tolerated)
    return cluster.static_memo(key, lambda: _made(cluster, asked, spread, keys))


def _made(cluster: Cluster, asked: RequestClass, spread: SpreadConstraint, keys: tuple[str, ...]) -> _Ground:
    """Counted are nodes with the labels of all constraints, as far as the constraint honours what the pod asks of nodes."""
    rows = cluster.present.nonzero()[0]
    for each in keys:
        rows = rows[domains(cluster, each).of[rows] >= 0]
    if spread.honors_affinity:
        rows = rows[node_selector(cluster, asked.node_selector, rows) & node_affinity(cluster, asked.required, rows)]
    if spread.honors_taints:
        for kind in _TAINTS:
            rows = rows[untainted(cluster, asked.tolerations, kind, rows)]
    all_of_them = domains(cluster, spread.topology_key)
    counted = np.zeros(cluster.rows, bool)
    counted[rows] = True
    return _Ground(all_of_them.of, counted, np.unique(all_of_them.of[rows]), all_of_them.size)
