"""Greedy: one request after the other, each on its best node."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster import BoolArray, Cluster, IntArray
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.filters import rejections_in_words
from bayplan.filters.fit import Selector
from bayplan.planning.candidates import Candidates, WeightedScorer
from bayplan.protocols import Order
from bayplan.reasons import Reason
from bayplan.workload import Request, RequestClass


@dataclass(frozen=True, slots=True)
class Greedy:
    """Order, filter, score. O(requests log requests + placements + classes x nodes).

    Among requests that the order holds equal, the larger goes first (best-fit decreasing; Johnson 1973).
    """

    order: tuple[Order, ...]
    scorers: tuple[WeightedScorer, ...]
    node_selector: Selector
    label: str

    def __call__(self, requests: Sequence[Request], cluster: Cluster, context: Context) -> list[Decision]:
        """A decision per request, in their order; the cluster is left as it was."""
        decisions: dict[int, Decision] = {}
        full: dict[RequestClass, tuple[Reason, str]] = {}
        refused = {cls: _rows(cluster, names) for cls, names in context.rejected.items() if names}
        with cluster.trial() as take:
            for number in self._sorted(requests, cluster, context).tolist():
                request = requests[number]
                cls = request.request_class
                known = full.get(cls)
                if known is None:
                    candidates = self._candidates(cls, cluster)
                    candidates.refresh(cluster, context)
                    row = candidates.best(cluster, refused.get(cls))
                    if row >= 0 and candidates.fit is not None:
                        take(row, candidates.fit.columns, candidates.fit.amounts)
                        decisions[number] = Decision(request.id, cluster.names[row], None, self._why(candidates, row, cluster))
                        continue
                    # Nothing is freed within a batch, so whoever asks for the same finds the same.
                    known = full[cls] = _why_not(candidates, cls, cluster, refused.get(cls))
                decisions[number] = Decision(request.id, None, *known)
        return [decisions[number] for number in range(len(requests))]

    def _candidates(self, cls: RequestClass, cluster: Cluster) -> Candidates:
        key = ("candidates", cls, self.scorers, self.node_selector)
        made: Candidates = cluster.memo(key, lambda: Candidates(cls, self.scorers, self.node_selector))
        return made

    def _sorted(self, requests: Sequence[Request], cluster: Cluster, context: Context) -> IntArray:
        keys = [order(requests, context) for order in self.order]
        sizes = {cls: _size(cls, cluster) for cls in {request.request_class for request in requests}}
        size = np.array([-sizes[request.request_class] for request in requests])
        return np.lexsort((np.arange(len(requests)), size, *reversed(keys)))

    def _why(self, candidates: Candidates, row: int, cluster: Cluster) -> str:
        fitting = int(np.isfinite(candidates.scores).sum())
        total = sum(weight for _, weight in self.scorers)
        return f"{self.label} {candidates.scores[row] / total:.2f}; {fitting} of {len(cluster)} nodes fit"


def _size(cls: RequestClass, cluster: Cluster) -> float:
    """The largest share that the class asks of the largest node in any resource."""
    columns, amounts = cluster.demand(cls)
    if not len(columns) or not cluster.rows:
        return 0.0
    largest = cluster.allocatable[:, columns].max(axis=0)
    return float((amounts / np.maximum(largest, 1)).max())


def _rows(cluster: Cluster, names: frozenset[str]) -> BoolArray:
    return np.fromiter((name in names for name in cluster.names), bool, cluster.rows)


def _why_not(candidates: Candidates, cls: RequestClass, cluster: Cluster, refused: BoolArray | None) -> tuple[Reason, str]:
    if candidates.fit is None:
        raise ValueError("candidates must be refreshed before they can say why nothing fits")
    nobody = np.zeros(cluster.rows, bool)
    words = rejections_in_words(cluster, cls, candidates.fit, nobody if refused is None else refused)
    reason = Reason.NO_CAPACITY if candidates.fit.possible.any() else Reason.NO_SUCH_NODE
    return reason, words
