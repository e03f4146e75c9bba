"""The ways to choose quota rows for pods of a graph that may be on nodes of several."""

from collections.abc import Sequence

import numpy as np

from bayplan.admission.whole_graphs.demand import GraphDemand
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.filters.node_selector import node_selector
from bayplan.cluster.quotas import QuotaKey
from bayplan.cluster.quotas.reach import Labels, Reach, reach
from bayplan.model.arrays import BoolArray
from bayplan.model.workload import RequestClass


def homes(demand: GraphDemand, keys: Sequence[QuotaKey], cluster: Cluster) -> list[Labels | None]:
    """By the nodeSelector of the rows, in the order of their text, and last the nodes that none of them counts; without those
    where no node could ever hold one of these pods, unless that goes for all. O(selectors x classes x nodes)."""
    with_selector = [key for key in keys if key.node_selector]
    free = {
        each: [key for key in with_selector if key.amount(dict(each.resources)) and reach(each, key) is Reach.MAY]
        for each in {each for asks in demand.asks for each in asks}
    }
    free = {each: counting for each, counting in free.items() if counting}
    if not free:
        return [None]
    selectors = {key.node_selector for key in with_selector}
    rows = np.arange(cluster.rows)
    there = {each: node_selector(cluster, each, rows) for each in selectors}
    elsewhere = ~np.any(list(there.values()), axis=0)
    found = [(each, there[each]) for each in sorted(selectors)]
    held = [home for home, on in [*found, (None, elsewhere)] if all(_held(cluster, each, on) for each in free)]
    return held or [each for each, _ in found]


def _held(cluster: Cluster, asked: RequestClass, rows: BoolArray) -> bool:
    """Whether some node of these rows could hold it, empty."""
    return bool((admission(cluster, asked, ()).some_day & rows).any())
