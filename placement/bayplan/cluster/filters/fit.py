"""All filters together: what keeps one class of requests away from each node, usage left aside."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.cluster.filters.availability import ready, schedulable
from bayplan.cluster.filters.gpus import acceptable_gpus
from bayplan.cluster.filters.node_affinity import node_affinity
from bayplan.cluster.filters.node_selector import Selector, node_selector
from bayplan.cluster.filters.resources import large_enough
from bayplan.cluster.filters.taints import untainted
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.reasons import Rejection
from bayplan.model.workload import RequestClass

CODES: dict[Rejection, int] = {rejection: number for number, rejection in enumerate(Rejection, start=1)}
_FITS = 0
_ABSENT = -1
_NEVER = np.zeros(len(CODES) + 2, bool)
"""By code: the node could hold no request of the class, now or later."""
_NEVER[[_ABSENT, *(code for rejection, code in CODES.items() if rejection.permanent)]] = True


class Fit:
    """Per row, the first filter that turns the class away; evaluated again only for nodes that changed."""

    def __init__(self, request_class: RequestClass, policy_selector: Selector) -> None:
        self.request_class = request_class
        self.policy_selector = policy_selector
        self.codes: NDArray[np.int8] = np.zeros(0, np.int8)
        """Per row: 0 fits, -1 there is no node, otherwise the rejection's number in `CODES`."""
        self.demand = Demand(np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._version = -1
        self._position = -1

    def refresh(self, cluster: Cluster) -> bool:
        """Bring it up to date; whether there was anything to do. O(changed nodes)."""
        if self._version == cluster.static_version:
            return False
        changed = cluster.static_changes.since(self._position) if self._position >= 0 else None
        if changed is None:
            changed = list(range(cluster.rows))
        codes = np.full(cluster.rows, _ABSENT, np.int8)
        codes[: len(self.codes)] = self.codes
        self.codes = codes
        self.demand = cluster.demand(self.request_class)
        rows = np.array(changed, np.int64)
        self.codes[rows] = self._evaluate(cluster, rows)
        self._version = cluster.static_version
        self._position = cluster.static_changes.position
        return True

    @property
    def rows(self) -> BoolArray:
        """Per row: no filter turns the class away."""
        return np.asarray(self.codes == _FITS)

    @property
    def possible(self) -> bool:
        """Whether any node could hold a request of the class, now or later."""
        return bool(self.some_day.any())

    @property
    def some_day(self) -> BoolArray:
        """Per row: the node could hold a request of the class, now or later."""
        return np.asarray(~_NEVER[self.codes])

    def _evaluate(self, cluster: Cluster, rows: IntArray) -> NDArray[np.int8]:
        codes = np.where(cluster.present[rows], _FITS, _ABSENT).astype(np.int8)
        for rejection, passes in self._filters(cluster, rows):
            codes[(codes == _FITS) & ~passes] = CODES[rejection]
        return codes

    def _filters(self, cluster: Cluster, rows: IntArray) -> Iterator[tuple[Rejection, BoolArray]]:
        """In the order of `Rejection`: first what is permanent."""
        asked, tolerations = self.request_class, self.request_class.tolerations
        yield Rejection.OUTSIDE_POLICY, node_selector(cluster, self.policy_selector, rows)
        yield Rejection.NODE_SELECTOR, node_selector(cluster, asked.node_selector, rows)
        yield Rejection.NODE_AFFINITY, node_affinity(cluster, asked.required, rows)
        yield Rejection.TAINT, untainted(cluster, tolerations, Rejection.TAINT, rows)
        yield Rejection.GPU_MODEL, acceptable_gpus(cluster, asked.gpus, rows)
        yield Rejection.TOO_SMALL, large_enough(cluster, self.demand, rows)
        yield Rejection.NOT_READY, ready(cluster, tolerations, rows)
        yield Rejection.UNSCHEDULABLE, schedulable(cluster, tolerations, rows)
        yield Rejection.CONDITION_TAINT, untainted(cluster, tolerations, Rejection.CONDITION_TAINT, rows)


def admission(cluster: Cluster, asked: RequestClass, selector: Selector) -> Fit:
    """Which nodes admit a class under a policy's selector, usage left aside; kept, and brought up to date here."""
    fit = cluster.memo(("fit", asked, selector), lambda: Fit(asked, selector))
    fit.refresh(cluster)
    return fit
