"""All filters together, in columns."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster import BoolArray, Cluster, IntArray
from bayplan.filters.node_affinity import node_affinity
from bayplan.filters.node_selector import node_selector
from bayplan.filters.taints import taints, tolerates_cordon
from bayplan.reasons import Rejection
from bayplan.workload import RequestClass

Selector = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """What does not depend on usage: it holds for one static version of the cluster."""

    columns: IntArray
    """The resources asked for."""
    amounts: IntArray
    permanent: tuple[tuple[Rejection, BoolArray], ...]
    """Per filter, in the order in which a node is told why: the rows that pass it."""
    passing: tuple[tuple[Rejection, BoolArray], ...]
    """The same for what may pass by itself."""
    rows: BoolArray
    """The rows that pass all of them."""

    @property
    def possible(self) -> BoolArray:
        """The rows that could ever hold the request."""
        return np.asarray(np.logical_and.reduce([ok for _, ok in self.permanent]), bool)

    def room(self, cluster: Cluster, rows: IntArray | slice) -> BoolArray:
        """For each of the rows: what is free holds the request."""
        free = cluster.allocatable[rows][:, self.columns] - cluster.used[rows][:, self.columns]
        return np.asarray((free >= self.amounts).all(axis=1))


def fit(cluster: Cluster, request_class: RequestClass, policy_selector: Selector) -> Fit:
    """Evaluate the filters for all nodes; kept until a node changes in more than usage. O(nodes) when it has."""
    key = ("fit", request_class, policy_selector)
    version, known = cluster.memo(key, lambda: [-1, None])
    if version == cluster.static_version:
        return known  # type: ignore[no-any-return]
    made = _evaluate(cluster, request_class, policy_selector)
    cluster.memo(key, list)[:] = [cluster.static_version, made]
    return made


def _evaluate(cluster: Cluster, request_class: RequestClass, policy_selector: Selector) -> Fit:
    columns, amounts = cluster.demand(request_class)
    present = cluster.present
    permanent = (
        (Rejection.OUTSIDE_POLICY, node_selector(cluster, policy_selector)),
        (Rejection.NODE_SELECTOR, node_selector(cluster, request_class.node_selector)),
        (Rejection.NODE_AFFINITY, node_affinity(cluster, request_class.required)),
        (Rejection.TAINT, taints(cluster, request_class.tolerations)),
        (Rejection.TOO_SMALL, (cluster.allocatable[:, columns] >= amounts).all(axis=1) & present),
    )
    may_be_cordoned = tolerates_cordon(request_class.tolerations)
    passing = (
        (Rejection.NOT_READY, cluster.ready.copy()),
        (Rejection.UNSCHEDULABLE, np.ones(cluster.rows, bool) if may_be_cordoned else ~cluster.cordoned),
    )
    rows = np.logical_and.reduce([ok for _, ok in (*permanent, *passing)])
    return Fit(columns, amounts, permanent, passing, rows)
