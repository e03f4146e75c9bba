"""A graph's run goes on, by what has changed; and now and then, by everything, to see that nothing was missed."""

import logging
from collections.abc import Sequence

from bayplan.lifecycle import Lifecycle, Refusal, Step
from bayplan_operator import metrics
from bayplan_operator.conductor.graph_run import GraphRun, Running
from bayplan_operator.conductor.graphs.observing import observe
from bayplan_operator.view import NodeStore, PodStore

log = logging.getLogger(__name__)

CHECK_EVERY = 300.0
"""Seconds after which a graph's run is held to everything that is seen of it."""


def start_over(running: Running) -> None:
    """From the run as it is known, and all that is seen at the next step."""
    running.lifecycle = Lifecycle(running.prepared.graph, running.run)
    running.changed = None


def step(
    running: Running, graph_uid: str, seen: tuple[PodStore, NodeStore, frozenset[str]], refusals: Sequence[Refusal], now: float
) -> Step:
    """The next step of the run. ``seen``: pods, nodes, and those that are lost."""
    news = observe(running, graph_uid, *seen, refusals)
    if news.attempts:
        running.stale_lines.update(running.prepared.graph.unit_task[[each.unit for each in news.attempts]].tolist())
    return running.lifecycle.step(news, running.controls, now, running.recorded)


def checked(
    graph: GraphRun, running: Running, made: Step, seen: tuple[PodStore, NodeStore, frozenset[str]], now: float
) -> Step | None:
    """After a step, one of everything that is seen, if it is time. A difference is a defect: it is told, counted and mended."""
    if now < running.checked_at + CHECK_EVERY:
        return None
    running.checked_at = now
    before, running.run = running.run, made.run
    start_over(running)
    whole = step(running, graph.ref.uid, seen, (), now)
    running.run = before
    if not (whole.run.same_as(made.run) and whole.wants.start == made.wants.start and whole.ended == made.ended):
        told_difference(graph, "its run")
    return whole


def told_difference(graph: GraphRun, what: str) -> None:
    """Something was missed."""
    metrics.STEP_DIFFERENCES.inc()
    log.error("TaskGraph %s/%s: %s was not what a look at everything comes to", *graph.key, what)
