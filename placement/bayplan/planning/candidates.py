"""The nodes that can have one class of requests, with their scores, kept up to date row by row."""

import numpy as np

from bayplan.cluster import Cluster
from bayplan.filters import Fit, Selector, room
from bayplan.labels import BoolArray, IntArray
from bayplan.protocols import FloatArray, WeightedScorer
from bayplan.workload import RequestClass


class Candidates:
    """Scores per row, minus infinity where the class does not fit; a placement makes only one row anew."""

    def __init__(self, request_class: RequestClass, scorers: tuple[WeightedScorer, ...], policy_selector: Selector) -> None:
        self.fit = Fit(request_class, policy_selector)
        self.scores: FloatArray = np.zeros(0)
        """Per row: the weighted mean of all scorers, from 0 to 1."""
        self._scorers = scorers
        self._weights = sum(each.weight for each in scorers)
        self._position = -1

    def refresh(self, cluster: Cluster) -> None:
        """Bring the scores up to date. O(changed rows), O(nodes) after a node came, went or was changed."""
        position = cluster.changes.position
        if self.fit.refresh(cluster):
            changed = None
        elif position == self._position:
            return
        else:
            changed = cluster.changes.since(self._position)
        self._position = position
        if changed is None or len(changed) >= cluster.rows:
            self.scores = np.full(cluster.rows, -np.inf)
            rows = np.flatnonzero(self.fit.rows)
        else:
            rows = np.array(changed, np.int64)
            self.scores[rows] = -np.inf
            rows = rows[self.fit.codes[rows] == 0]
        self._score(cluster, rows)

    def best(self, cluster: Cluster, refused: BoolArray | None) -> tuple[int, int]:
        """The row with the best score, of equals the lexicographically first name, and how many fit.

        The row is -1 if none fits.
        """
        scores = self.scores if refused is None else np.where(refused, -np.inf, self.scores)
        if not len(scores):
            return -1, 0
        top = scores.max()
        if top == -np.inf:
            return -1, 0
        (ties,) = np.nonzero(scores == top)
        row = ties[0] if len(ties) == 1 else ties[np.argmin(cluster.name_rank[ties])]
        return int(row), int(np.count_nonzero(scores > -np.inf))

    def _score(self, cluster: Cluster, rows: IntArray) -> None:
        rows = rows[room(cluster, self.fit.demand, rows)]
        if not len(rows):
            return
        total = np.zeros(len(rows))
        for each in self._scorers:
            total += each.weight * each.scorer(self.fit.request_class, cluster, rows)
        # Sums that differ only by rounding are equal: ties go by name whatever the order of additions.
        self.scores[rows] = np.round(total / self._weights, 12)
