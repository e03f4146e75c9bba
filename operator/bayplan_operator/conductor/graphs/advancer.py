"""A graph's run goes on, by what has changed; and now and then, by everything, to see that nothing was missed."""

import logging
from collections.abc import Sequence

from bayplan.lifecycle import Advance, Refusal
from bayplan_operator import metrics
from bayplan_operator.conductor.graphs.lost_nodes import LostNodes
from bayplan_operator.conductor.graphs.observing import observe
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.view import NodeStore, PodStore

log = logging.getLogger(__name__)

CHECK_EVERY = 300.0
"""Seconds after which a graph's run is held to everything that is seen of it."""


class Advancer:
    """Takes a graph's run one step on."""

    def __init__(self, pods: PodStore, nodes: NodeStore, lost: LostNodes) -> None:
        self._pods, self._nodes, self._lost = pods, nodes, lost

    def advance(self, graph: GraphRun, running: Running, refusals: Sequence[Refusal], now: float) -> Advance:
        """By what was seen otherwise than before, and by creations that were refused. O(what has changed)."""
        news = observe(running, graph.ref.uid, self._pods, self._nodes, self._lost.of(graph), refusals)
        if news.attempts:
            running.lines.stale.update(running.prepared.graph.unit_task[[each.unit for each in news.attempts]].tolist())
        return running.lifecycle.step(news, running.controls, now, running.lines.recorded)

    def checked(self, graph: GraphRun, running: Running, made: Advance, now: float) -> Advance | None:
        """After an advance, one by everything that is seen, if it is time. A difference is a defect: it is told and mended."""
        if now < running.seen.checked_at + CHECK_EVERY:
            return None
        running.seen.checked_at = now
        before, running.run = running.run, made.run
        running.start_over()
        whole = self.advance(graph, running, (), now)
        running.run = before
        if not (whole.run.same_as(made.run) and whole.wants.start == made.wants.start and whole.ended == made.ended):
            told_difference(graph, "its run")
        return whole


def told_difference(graph: GraphRun, what: str) -> None:
    """Something was missed."""
    metrics.STEP_DIFFERENCES.inc()
    log.error("TaskGraph %s/%s: %s was not what a look at everything comes to", *graph.key, what)
