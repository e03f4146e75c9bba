"""Greedy: one request after the other, each on its best node."""

import re
from collections.abc import Sequence

import numpy as np

from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.filters import rejections_in_words
from bayplan.labels import BoolArray, IntArray
from bayplan.planning.candidates import Candidates
from bayplan.planning.size import sizes
from bayplan.protocols import FloatArray, Strategy
from bayplan.reasons import Reason
from bayplan.workload import Request, RequestClass


def greedy(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
    """Order, filter, score. O(requests log requests + placements x nodes + classes x nodes).

    Among requests that the order holds equal, the larger goes first (best-fit decreasing; Johnson 1973).
    """
    decisions: list[Decision | None] = [None] * len(requests)
    candidates: dict[RequestClass, Candidates] = {}
    full: dict[RequestClass, tuple[Reason, str]] = {}
    refused = {cls: _refused_rows(cluster, names) for cls, names in context.rejected.items() if names}
    label = _label(strategy)
    with cluster.trial() as take:
        for number in _sorted(requests, cluster, strategy, context).tolist():
            request = requests[number]
            cls = request.request_class
            why_not = full.get(cls)
            if why_not is None:
                known = candidates.get(cls)
                if known is None:
                    known = candidates[cls] = _candidates(cls, cluster, strategy)
                known.refresh(cluster)
                row, fitting = known.best(cluster, refused.get(cls))
                if row >= 0:
                    take(row, known.fit.demand)
                    why = f"score {known.scores[row]:.2f} ({label}); {fitting} of {len(cluster)} nodes fit"
                    decisions[number] = Decision(request.id, cluster.names[row], None, why)
                    continue
                # Nothing is freed within a batch, so whoever asks for the same finds the same.
                why_not = full[cls] = _why_not(known, cluster, refused.get(cls))
            decisions[number] = Decision(request.id, None, *why_not)
    return [decision for decision in decisions if decision is not None]


def _candidates(cls: RequestClass, cluster: Cluster, strategy: Strategy) -> Candidates:
    key = ("candidates", cls, strategy.scorers, strategy.node_selector)
    return cluster.memo(key, lambda: Candidates(cls, strategy.scorers, strategy.node_selector))


def _sorted(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> IntArray:
    """Numbers of the requests, who goes first first: by the strategy's order, then by size, then as given."""
    keys: list[FloatArray] = [order(requests, context) for order in strategy.order]
    devices, shares = sizes(requests, cluster)
    return np.lexsort((-shares, -devices, *reversed(keys)))


def _refused_rows(cluster: Cluster, names: frozenset[str]) -> BoolArray:
    refused = np.zeros(cluster.rows, bool)
    refused[[row for name in names if (row := cluster.row(name)) is not None]] = True
    return refused


def _why_not(candidates: Candidates, cluster: Cluster, refused: BoolArray | None) -> tuple[Reason, str]:
    reason = Reason.NO_CAPACITY if candidates.fit.possible else Reason.NO_SUCH_NODE
    return reason, rejections_in_words(cluster, candidates.fit, refused)


def _label(strategy: Strategy) -> str:
    """The scorers' names as words: `best fit, preferred affinity`."""
    return ", ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", each.name).lower() for each in strategy.scorers)
