"""The nodes that can have one class of requests, with their scores, kept up to date row by row."""

import numpy as np

from bayplan.cluster import BoolArray, Cluster, IntArray
from bayplan.context import Context
from bayplan.filters import Fit, fit
from bayplan.filters.fit import Selector
from bayplan.protocols import FloatArray, Scorer
from bayplan.workload import RequestClass

WeightedScorer = tuple[Scorer, float]


class Candidates:
    """Scores per row, minus infinity where the class does not fit; after a placement only one row is made anew."""

    def __init__(self, request_class: RequestClass, scorers: tuple[WeightedScorer, ...], selector: Selector) -> None:
        self._request_class = request_class
        self._scorers = scorers
        self._selector = selector
        self._static_version = -1
        self._position = -1
        self.fit: Fit | None = None
        self.scores: FloatArray = np.zeros(0)

    def refresh(self, cluster: Cluster, context: Context) -> None:
        """Bring the scores up to date. O(changed rows), O(nodes) after a node came, went or was changed."""
        changed = cluster.changed_since(self._position)
        if self._static_version != cluster.static_version or changed is None or self.fit is None:
            self.fit = fit(cluster, self._request_class, self._selector)
            self.scores = np.full(cluster.rows, -np.inf)
            self._score(self.fit, cluster, np.flatnonzero(self.fit.rows), context)
            self._static_version = cluster.static_version
        elif changed:
            rows = np.array(changed, np.int64)
            self.scores[rows] = -np.inf
            self._score(self.fit, cluster, rows[self.fit.rows[rows]], context)
        self._position = cluster.log_position

    def best(self, cluster: Cluster, refused: BoolArray | None) -> int:
        """The row with the best score, the lexicographically first name among equals; -1 if none fits."""
        scores = self.scores if refused is None else np.where(refused, -np.inf, self.scores)
        if not len(scores):
            return -1
        top = scores.max()
        if top == -np.inf:
            return -1
        ties = np.flatnonzero(scores == top)
        return int(ties[0] if len(ties) == 1 else ties[np.argmin(cluster.name_rank[ties])])

    def _score(self, fit_: Fit, cluster: Cluster, rows: IntArray, context: Context) -> None:
        rows = rows[fit_.room(cluster, rows)]
        if len(rows):
            total = np.zeros(len(rows))
            for scorer, weight in self._scorers:
                total += weight * scorer(self._request_class, cluster, rows, context)
            # Sums that differ only by rounding are equal, so that ties go by name whatever the order of additions.
            self.scores[rows] = np.round(total, 12)
