"""The nodes that can have one class of requests, with their scores, kept up to date row by row."""

import copy
from collections.abc import Hashable

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit, Selector, open_places
from bayplan.cluster.hot import Hot
from bayplan.knowledge.load.hot import HotNodes
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.workload import Request, RequestClass
from bayplan.solvers.kernels import fit as kernels
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer, Scoring, Strategy

NO_ROWS = np.zeros(0, bool)
MOST_OTHERS = 100
"""Nodes about which kube-scheduler is asked beside the best: each makes the pod's object larger."""


class Candidates:
    """Scores per row, -1 where the class does not fit; a placement makes only one row again."""

    def __init__(self, request_class: RequestClass, scoring: Scoring, policy_selector: Selector, thresholds: Hot = ()) -> None:
        self.fit = Fit(request_class, policy_selector)
        self.hot: HotNodes | None = None
        """Judges whether nodes are hot, as of the last refresh; None: no node is."""
        self._thresholds = thresholds
        self.scores: IntArray = np.zeros(0, np.int64)
        """Per row: the weighted mean of all scorers at the best place there, from 0 to `UNIT`."""
        self._devices = np.zeros(0, np.int16)
        self._scorers = [(each.scorer, each.weight) for each in scoring.scorers]
        self._weights = sum(each.weight for each in scoring.scorers) or 1.0
        self._depending = [each.scorer for each in scoring.scorers if _depends(each.scorer)]
        self._position = -1
        self._known: list[Hashable] = []

    def refresh(self, request: Request, cluster: Cluster, context: Context) -> None:
        """Bring the scores up to date. O(changed rows); O(nodes) after a node, the mix or load has changed."""
        position = cluster.changes.position
        known = [each.depends_on(request, context) for each in self._depending]
        if self._thresholds:
            known.append(context.load)
            self.hot = None if context.load is None else HotNodes(context.load, self._thresholds)
        if self.fit.refresh(cluster) or known != self._known:
            changed = None
        elif position == self._position:
            return
        else:
            changed = cluster.changes.since(self._position)
        self._position, self._known = position, known
        if changed is None or len(changed) >= cluster.rows:
            if len(self.scores) != cluster.rows:
                self.scores = np.empty(cluster.rows, np.int64)
                self._devices = np.empty(cluster.rows, np.int16)
            self.scores.fill(-1)
            self._devices.fill(-1)
            rows = (self.fit.codes == 0).nonzero()[0]
        else:
            rows = np.array(changed, np.int64)
            self.scores[rows] = -1
            rows = rows[self.fit.codes[rows] == 0]
        self._score(rows, request, cluster, context)

    def best(self, cluster: Cluster, refused: BoolArray = NO_ROWS) -> tuple[int, int]:
        """The row with the best score, of equals the lexicographically first name, and how many fit.

        The row is -1 if none fits. `refused`: rows that are left out.
        """
        return kernels.best_row(self.scores, refused, cluster.name_rank)

    def open(self, refused: BoolArray = NO_ROWS) -> BoolArray:
        """Per row: it fits."""
        fits = self.scores >= 0
        return np.asarray(fits & ~refused) if len(refused) else fits

    def others(self, row: int, refused: BoolArray, cluster: Cluster) -> tuple[str, ...]:
        """Names of other rows that fit, the best first, at most `MOST_OTHERS`."""
        rows = self.open(refused).nonzero()[0]
        rows = rows[rows != row]
        best = rows[np.lexsort((cluster.name_rank[rows], -self.scores[rows]))[:MOST_OTHERS]]
        return tuple(cluster.names[each] for each in best.tolist())

    def preferring(self, preference: FloatArray) -> "Candidates":
        """The same, with scores that are half of these and half a preference from 0 to 1. To be looked at: it cannot be
        refreshed."""
        made = copy.copy(self)
        made.scores = np.where(self.scores < 0, self.scores, (self.scores + (preference * kernels.UNIT).astype(np.int64)) // 2)
        return made

    def devices(self, row: int, cluster: Cluster) -> tuple[int, ...]:
        """The GPUs of a fitting row that a request of the class gets."""
        ask = self.fit.demand.gpus
        if ask is None:
            return ()
        return (int(self._devices[row]),) if ask.fraction else cluster.choose_gpus(row, ask)

    def _score(self, rows: IntArray, request: Request, cluster: Cluster, context: Context) -> None:
        if self.hot is not None:
            rows = rows[~self.hot.rows(cluster, rows)]
        found = open_places(cluster, self.fit.demand, rows)
        if not len(found[0]):
            return
        places = FeasiblePlaces(*found)
        total: FloatArray | None = None
        for scorer, weight in self._scorers:
            weighed = weight * scorer(request, cluster, places, context)
            total = weighed if total is None else total + weighed
        mean = np.zeros(len(places.rows)) if total is None else total / self._weights
        kernels.keep_best(found, mean, self.scores, self._devices)


def candidates(request: Request, cluster: Cluster, strategy: Strategy, scoring: Scoring) -> Candidates:
    """The candidates of a request's class, as they were left when they were last asked for."""
    task = request.task if scoring.per_task else ""
    key = ("candidates", request.request_class, scoring, strategy.node_selector, strategy.hot, task)
    return cluster.memo(key, lambda: Candidates(request.request_class, scoring, strategy.node_selector, strategy.hot))


def _depends(scorer: Scorer) -> bool:
    """Whether it depends on anything at all; most do not, and need not be asked for every decision."""
    return bool(scorer.needs) or type(scorer).depends_on is not Scorer.depends_on


def refused_rows(cluster: Cluster, request_class: RequestClass, context: Context) -> BoolArray:
    """Per row: kube-scheduler refused the class there lately; of length 0 where it refused none."""
    names = context.rejected.get(request_class)
    if not names:
        return NO_ROWS
    refused = np.zeros(cluster.rows, bool)
    refused[[row for name in names if (row := cluster.row(name)) is not None]] = True
    return refused
