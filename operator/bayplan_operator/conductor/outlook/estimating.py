"""Estimates of when graphs will have ended, made one after the other in a thread beside the ticks."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan.core.background import Background, Done
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.clock import Clock, Rest
from bayplan_operator.conductor.knowledge.learned import Learned
from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.outlook.forecasting import Question, expected, first_bound, forecast
from bayplan_operator.conductor.outlook.graph_plans.glimpse import glimpse
from bayplan_operator.conductor.outlook.lessons import Lessons
from bayplan_operator.conductor.outlook.obstacles import Refusing, obstacle
from bayplan_operator.conductor.outlook.urgency import ByUrgency
from bayplan_operator.conductor.record.completion import Forecast, Outlook
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)

_PAUSE, _PAUSES, _PAUSES_AGAIN = 0.1, 9.0, 99.0
"""Seconds from the end of one estimate to the next, at least; and how many times its own duration, to a graph's first estimate
and to any other. All of them together take at most a tenth of one core while there are graphs without one, else a hundredth."""
_COPIED = 2.0
"""Seconds after which what was learned of run times counts in estimates."""
_LONGEST_BASIS = 255
"""Characters of what an estimate is based on."""
_GAP = 3.0
"""Seconds between two estimates of one graph."""
_SHARE, _SOONEST, _LATEST = 0.1, 5.0, 300.0
"""An estimate is made again after this share of the time that it says remains, within these seconds: what overruns shows."""
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0
"""Seconds after an estimate that failed, and after many that did."""


class Estimator(Step):
    """Gives every graph its lower bound at once, and its estimate soon."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        clock: Clock,
        beside: Background,
        refusing: Callable[[float], Refusing],
        learned: Learned | None = None,
    ) -> None:
        """`refusing` answers what nodes refuse at an instant."""
        self._refusing = refusing
        self._cluster, self._settings, self._beside = cluster, settings, beside
        self._lessons = Lessons(learned, clock, _COPIED)
        self._first, self._again = Rest(clock, _PAUSE, _PAUSES), Rest(clock, _PAUSE, _PAUSES_AGAIN)
        """Before an estimate of a graph that has none yet, and before any other."""
        self._backoff = Backoff("estimate", _FIRST_WAIT, _LONGEST_WAIT)
        self._open: dict[str, GraphRun] = {}
        """By UID, those that may still end."""
        self._without = ByUrgency()
        """Those of which an estimate was due when they were last looked at, and that have none yet."""
        self._asking = ByUrgency()
        """Those that have one, and of which another was due."""

    def step(self, tick: Tick) -> None:
        """Bounds for graphs that are new or changed, deadlines that have passed, and at most one estimate is begun.

        O(touched graphs), and `earliest` for each that changed.
        """
        for graph in tick.touched:
            running, uid = graph.running, graph.ref.uid
            if running is None or graph.known.deleting or running.all_over:
                self.forget(uid)
                continue
            self._open[uid] = graph
            outlook = self._bounded(graph, running, tick.now)
            self._leave(uid)
            if self._due(graph, running, outlook, tick.now):
                (self._without if outlook.forecast is None else self._asking).add(graph)
        chosen = None if self._beside.busy else self._next()
        if chosen is not None:
            self._leave(chosen.ref.uid)
            self._begin(chosen, tick.now)

    def next_time(self, now: float) -> float | None:
        """When a graph that asks for an estimate may have it; the times of single graphs are said by `next_time_of`."""
        if self._beside.busy:
            return None
        if self._without:
            return now + self._first.wait
        return now + self._again.wait if self._asking else None

    def forget(self, uid: str) -> None:
        """The graph is over, or gone."""
        self._open.pop(uid, None)
        self._leave(uid)

    def _leave(self, uid: str) -> None:
        self._without.discard(uid)
        self._asking.discard(uid)

    def next_time_of(self, graph: GraphRun, now: float) -> float | None:
        """When there is something to do for a graph although nothing happens."""
        if graph.outlook is None or graph.running is None or graph.known.deleting:
            return None
        times = [graph.outlook.stale_at, graph.outlook.next_at] if graph.startable else []
        if graph.known.deadline is not None and graph.known.deadline >= now:
            times.append(graph.known.deadline + 0.001)
        # What is due already waits for the estimate before it: see `next_time`.
        return min((at for at in times if at > now), default=None)

    def _bounded(self, graph: GraphRun, running: Running, now: float) -> Outlook:
        if graph.outlook is None:
            graph.outlook = _met(graph, running, now)
        outlook = graph.outlook
        asked = (graph.known.generation, graph.known.deadline)
        settled = graph.known.refused is None and not graph.known.checking.awaited
        if (
            graph.known.policy is not None
            and settled
            and (outlook.asked != asked or outlook.graph is not running.prepared.graph)
        ):
            restored = not outlook.asked
            outlook.asked, outlook.graph = asked, running.prepared.graph
            try:
                self._bound(running, outlook, graph.known.policy.strategy.node_selector, now)
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
            outlook.revision += 1
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
        return graph.known.generation, graph.known.policy, self._cluster.static_version

    def _next(self) -> GraphRun | None:
        if self._without:
            return self._without.first if self._first.over else None
        return self._asking.first if self._again.over else None

    def _begin(self, graph: GraphRun, now: float) -> None:
        running, outlook = graph.running, graph.outlook
        if running is None or outlook is None:
            return
        outlook.run, outlook.situation, outlook.next_at = running.run, self._situation(graph), now + _GAP
        deadline = graph.known.deadline
        try:
            seen = glimpse(graph, self._cluster, self._settings.bandwidth, now)
            why = obstacle(running, self._cluster, seen.terms.selector, self._refusing(now))
            if graph.known.queue_stop is not None:
                why = graph.known.queue_stop.message[:_LONGEST_BASIS]
            seen, lesson = replace(seen, survival=self._lessons.survival), self._lessons.of(running.prepared)
        except Exception:
            self._failed(graph, outlook, now)
            return
        policy, rivals = graph.known.policy, len(self._open) > 1
        assert policy is not None  # or there was no glimpse
        strategy = policy.placing(graph.decided.strategy)
        question = Question(seen, lesson, graph.ref.uid, deadline, rivals, strategy, obstacle=why)
        self._beside.begin(partial(forecast, question), partial(self._take, graph, outlook, question))

    def _take(self, graph: GraphRun, outlook: Outlook, question: Question, done: Done[Forecast]) -> None:
        try:
            found = done.answer()
        except Exception:
            self._failed(graph, outlook, question.seen.now)
        else:
            self._backoff.worked()
            _take(graph, outlook, question.deadline, found)
        metrics.ESTIMATE_SECONDS.observe(done.seconds)
        self._first.after(done.seconds)
        self._again.after(done.seconds)
        graph.call()

    def _failed(self, graph: GraphRun, outlook: Outlook, now: float) -> None:
        """Whatever is wrong with one estimate, graphs are placed without it."""
        metrics.ESTIMATE_FAILURES.inc()
        log.exception(
            "the end of TaskGraph %s/%s could not be estimated; trying again in %.0f s", *graph.key, self._backoff.wait
        )
        outlook.next_at = outlook.stale_at = now + self._backoff.failed()


def _met(graph: GraphRun, running: Running, now: float) -> Outlook:
    outlook = Outlook.restored(graph.written.status, graph.decided.accepted_at or now)
    if outlook.said.basis is not None and graph.written.status.get("observedGeneration") == graph.known.generation:
        # An operator before us has said it all: the next estimate is early enough, and very many graphs cost a tick nothing.
        outlook.asked, outlook.graph = (graph.known.generation, graph.known.deadline), running.prepared.graph
    return outlook


def _take(graph: GraphRun, outlook: Outlook, deadline: float | None, found: Forecast) -> None:
    left = found.completion - found.made_at if found.completion is not None else _LATEST
    outlook.stale_at = found.made_at + min(max(_SHARE * left, _SOONEST), _LATEST)
    if deadline != graph.known.deadline:
        return  # it was changed meanwhile; the next one is under way soon
    outlook.take(found)
    verdict = deadlines.verdict(graph, outlook)
    flips = verdict.flips(outlook.verdict) if verdict is not None else outlook.verdict is not None
    if outlook.renew(found.made_at, anyway=flips) or flips:
        outlook.verdict = verdict
        outlook.revision += 1
