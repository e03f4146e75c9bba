"""Estimates of when graphs will have ended, made one after the other in a thread beside the ticks."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.conductor.completion import Forecast, Outlook
from bayplan_operator.conductor.graph_run import GraphRun, Running
from bayplan_operator.conductor.knowledge.learned import Learned
from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.outlook.forecasting import Question, expected, first_bound, forecast
from bayplan_operator.conductor.outlook.graph_plans.glimpse import glimpse
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)

_PAUSE, _PAUSES, _PAUSES_AGAIN = 0.1, 9.0, 49.0
"""Seconds from the end of one estimate to the next, at least; and how many times its own duration, to a graph's first estimate
and to any other. All of them together take at most a tenth of one core while there are graphs without one, else a fiftieth."""
_GAP = 3.0
"""Seconds between two estimates of one graph."""
_SHARE, _SOONEST, _LATEST = 0.1, 5.0, 300.0
"""An estimate is made anew after this share of the time that it says remains, within these seconds: what overruns shows."""
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0
"""Seconds after an estimate that failed, and after many that did."""


class Estimator:
    """Gives every graph its lower bound at once, and its estimate soon."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        wake: Callable[[], None],
        learned: Learned | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._learned = learned
        self._settings = settings
        self._wake = wake
        self._monotonic = monotonic
        self._under_way: asyncio.Task[None] | None = None
        self._not_before = self._again_from = 0.0
        """By the monotonic clock: no estimate before, and none of a graph that has one."""
        self._backoff = Backoff("estimate", _FIRST_WAIT, _LONGEST_WAIT)
        self._open: dict[str, GraphRun] = {}
        """By UID, those that may still end."""
        self._asking: dict[str, GraphRun] = {}
        """By UID, those of which an estimate was due when they were last looked at."""

    def step(self, graphs: Iterable[GraphRun], now: float) -> None:
        """Bounds for graphs that are new or changed, deadlines that have passed, and at most one estimate is begun.

        ``graphs``: those of which anything has changed, or whose time has come. Must be called in an event loop.
        O(these graphs), and `earliest` for each that changed.
        """
        for graph in graphs:
            running, uid = graph.running, graph.ref.uid
            if running is None or graph.deleting or running.all_over:
                self.forget(uid)
                continue
            self._open[uid] = graph
            outlook = self._bounded(graph, running, now)
            if deadlines.missed(graph, now) and not _told_missed(graph):
                graph.touched = graph.urgent = True
            if self._due(graph, running, outlook, now):
                self._asking[uid] = graph
            else:
                self._asking.pop(uid, None)
        if self._asking and self._under_way is None and self._monotonic() >= self._not_before:
            chosen = min(self._asking.values(), key=_urgency)
            first = chosen.outlook is None or chosen.outlook.forecast is None
            if first or self._monotonic() >= self._again_from:
                del self._asking[chosen.ref.uid]
                if chosen.running is not None and chosen.outlook is not None:
                    self._begin(chosen, chosen.running, chosen.outlook, len(self._open) > 1, now)

    def forget(self, uid: str) -> None:
        """The graph is over, or gone."""
        self._open.pop(uid, None)
        self._asking.pop(uid, None)

    def next_time(self, graph: GraphRun, now: float) -> float | None:
        """When there is something to do for a graph although nothing happens."""
        if graph.outlook is None or graph.running is None or graph.deleting:
            return None
        times = [graph.outlook.stale_at, graph.outlook.next_at] if graph.startable else []
        if graph.deadline is not None and graph.deadline >= now:
            times.append(graph.deadline + 0.001)
        # What is due already waits for the estimate before it, whose end wakes us.
        return min((at for at in times if at > now), default=None)

    def _bounded(self, graph: GraphRun, running: Running, now: float) -> Outlook:
        if graph.outlook is None:
            graph.outlook = _met(graph, running, now)
        outlook = graph.outlook
        asked = (graph.generation, graph.deadline)
        if graph.policy is not None and (outlook.asked != asked or outlook.graph is not running.prepared.graph):
            restored = not outlook.asked
            outlook.asked, outlook.graph = asked, running.prepared.graph
            try:
                self._bound(running, outlook, graph.policy.strategy.node_selector, now)
            except Exception:
                metrics.ESTIMATE_FAILURES.inc()
                log.exception("TaskGraph %s/%s has no lower bound; its estimate will bring one", *graph.key)
            outlook.forecast = outlook.run = None  # an estimate is due, by the new deadline
            outlook.next_at = now
            if not restored:
                outlook.newest = replace(outlook.newest, probability=None)
            outlook.renew(now)
            verdict = deadlines.verdict(graph, outlook)
            if not restored or (verdict is not None and verdict.flips(outlook.verdict)):
                outlook.verdict = verdict
            graph.touched = True
        return outlook

    def _bound(self, running: Running, outlook: Outlook, selector: Selector, now: float) -> None:
        least = expected(running)
        first = first_bound(self._cluster, running.prepared, running.run, selector, least, now)
        outlook.bound(first, bool(least.any()), now)

    def _due(self, graph: GraphRun, running: Running, outlook: Outlook, now: float) -> bool:
        if not graph.startable or running.run.failure or now < outlook.next_at:
            return False
        if now >= outlook.stale_at or outlook.situation != self._situation(graph):
            return True
        return outlook.run is None or (outlook.run is not running.run and bool((outlook.run.state != running.run.state).any()))

    def _situation(self, graph: GraphRun) -> tuple[object, ...]:
        return graph.generation, graph.policy, self._cluster.static_version

    def _begin(self, graph: GraphRun, running: Running, outlook: Outlook, rivals: bool, now: float) -> None:
        outlook.run, outlook.situation, outlook.next_at = running.run, self._situation(graph), now + _GAP
        self._under_way = asyncio.get_running_loop().create_task(
            self._ask(graph, running, outlook, rivals, now), name="estimate"
        )

    async def _ask(self, graph: GraphRun, running: Running, outlook: Outlook, rivals: bool, now: float) -> None:
        begun, deadline = self._monotonic(), graph.deadline
        try:
            seen = glimpse(graph, self._cluster, self._settings.bandwidth, now)
            run_times = None
            if self._learned is not None:
                run_times = self._learned.run_times.copy()
                seen = replace(seen, survival=self._learned.survival)
            question = Question(seen, run_times, graph.ref.uid, deadline, rivals)
            found = await asyncio.to_thread(forecast, question)
        except Exception:
            # Whatever is wrong with one estimate, graphs are placed without it.
            metrics.ESTIMATE_FAILURES.inc()
            log.exception(
                "the end of TaskGraph %s/%s could not be estimated; trying again in %.0f s", *graph.key, self._backoff.wait
            )
            outlook.next_at = outlook.stale_at = now + self._backoff.failed()
        else:
            self._backoff.worked()
            _take(graph, outlook, deadline, found)
        took = self._monotonic() - begun
        metrics.ESTIMATE_SECONDS.observe(took)
        first, again = max(_PAUSE, _PAUSES * took), max(_PAUSE, _PAUSES_AGAIN * took)
        ended = self._monotonic()
        self._not_before, self._again_from = ended + first, ended + again
        self._under_way = None
        graph.call(graph.ref.uid)
        self._wake()
        for pause in (first, again):
            asyncio.get_running_loop().call_later(pause, self._wake)


def _met(graph: GraphRun, running: Running, now: float) -> Outlook:
    outlook = Outlook.restored(graph.written, graph.accepted_at or now)
    if outlook.said.basis is not None and graph.written.get("observedGeneration") == graph.generation:
        # An operator before us has said it all: the next estimate is early enough, and very many graphs cost a tick nothing.
        outlook.asked, outlook.graph = (graph.generation, graph.deadline), running.prepared.graph
    return outlook


def _take(graph: GraphRun, outlook: Outlook, deadline: float | None, found: Forecast) -> None:
    left = found.completion - found.made_at if found.completion is not None else _LATEST
    outlook.stale_at = found.made_at + min(max(_SHARE * left, _SOONEST), _LATEST)
    if deadline != graph.deadline:
        return  # it was changed meanwhile; the next one is under way soon
    outlook.take(found)
    verdict = deadlines.verdict(graph, outlook)
    flips = verdict.flips(outlook.verdict) if verdict is not None else outlook.verdict is not None
    if outlook.renew(found.made_at, anyway=flips) or flips:
        outlook.verdict = verdict
        graph.touched = True


def _urgency(graph: GraphRun) -> tuple[bool, bool, float]:
    """Those that have none yet first, then those with a deadline, then the oldest."""
    outlook = graph.outlook
    made_at = outlook.forecast.made_at if outlook is not None and outlook.forecast is not None else None
    return made_at is not None, graph.deadline is None, made_at or graph.accepted_at or 0.0


def _told_missed(graph: GraphRun) -> bool:
    return any(each["type"] == deadlines.MISSED and each["status"] == "True" for each in graph.conditions)
