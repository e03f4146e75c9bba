"""Planners' answers, tried again one after the other: what does not hold is no decision."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.cluster.filters import admission
from bayplan.cluster.neighbours.nearby import keeps_off
from bayplan.cluster.quotas import Asker
from bayplan.cluster.trial import Trial
from bayplan.knowledge.load.hot import HotNodes
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy


class Replay:
    """Takes the places of one batch on trial, in the order in which it is asked.

    It checks what planners are trusted with, built-in ones and those of plugins: that the node is there and admits the
    request, that kube-scheduler has not refused it, that it is not hot, that there is room beside what was taken before, on the
    GPUs too, that no pod nearby keeps it off, and that its queue may hold it. O(resources) per answer; O(nodes x terms) where
    other pods matter.
    """

    def __init__(self, cluster: Cluster, strategy: Strategy, context: Context, trial: Trial) -> None:
        self._cluster, self._selector, self._trial = cluster, strategy.node_selector, trial
        self._rejected = context.rejected
        self._judge = HotNodes(context.load, strategy.hot) if strategy.hot and context.load is not None else None
        self._hot: dict[int, bool] = {}
        """Per row that was asked about: its node was hot before this batch placed anything there, as the planner saw it."""

    def take(self, request: Request, decision: Decision) -> str:
        """Take the place of a decision that names a node; answers what is wrong with it, empty if it holds."""
        found = self._place(request, decision)
        if isinstance(found, str):
            return found
        self._trial.take(*found, decision.gpus, request)
        return ""

    def holds(self, request: Request, decision: Decision) -> bool:
        """Whether the place of a decision that names a node holds. It is not taken."""
        return not isinstance(self._place(request, decision), str)

    def _place(self, request: Request, decision: Decision) -> tuple[int, Demand] | str:
        """The row and what is taken of it, or what is wrong with the decision."""
        cluster, asked = self._cluster, request.request_class
        row = cluster.row(decision.node or "")
        if row is None:
            return f"there is no node {decision.node}"
        fit = admission(cluster, asked, self._selector)
        if fit.codes.item(row) != 0:
            return f"node {decision.node} does not admit it"
        if self._rejected and decision.node in self._rejected.get(asked, ()):
            return f"kube-scheduler has refused it on node {decision.node}"
        if self._judge is not None and self._is_hot(self._judge, row):
            return f"node {decision.node} is hot"
        if not cluster.holds(row, fit.demand, decision.gpus):
            return f"node {decision.node} has too little free for it"
        if keeps_off(cluster, asked, request.neighbour, row):
            return f"pods near node {decision.node} keep it off"
        if cluster.quotas.keeps_off(request.queue, fit.demand.pairs, row, Asker(request.graph, asked)):
            return f"its queue may hold no more on node {decision.node}"
        return row, fit.demand

    def _is_hot(self, judge: HotNodes, row: int) -> bool:
        """Judged when the row is first asked about: whether it is hot depends on its own usage alone."""
        if row not in self._hot:
            self._hot[row] = bool(judge.rows(self._cluster, np.array([row]))[0])
        return self._hot[row]
