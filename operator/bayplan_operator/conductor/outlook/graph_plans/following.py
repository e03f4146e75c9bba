"""The plans of all open graphs: which graph is planned next, and what is known meanwhile."""

import logging
from collections.abc import Hashable, Iterable
from dataclasses import replace
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Background, Done
from bayplan.foresight.graph_plans import Plan, usable, why_remake
from bayplan.foresight.graph_plans.expected import COPIED
from bayplan.foresight.graph_plans.reservations import until
from bayplan.foresight.graph_plans.spared import Spared
from bayplan.lifecycle import Run
from bayplan_operator import metrics
from bayplan_operator.clock import Clock, Rest
from bayplan_operator.conductor.knowledge.learned import Learned
from bayplan_operator.conductor.outlook.graph_plans.followed import FIRST, Followed, kind, make, may_spare, policy_of, wanted
from bayplan_operator.conductor.outlook.graph_plans.glimpse import Glimpse, glimpse
from bayplan_operator.conductor.outlook.graph_plans.improving import Found, Search
from bayplan_operator.conductor.outlook.graph_plans.progress import progress
from bayplan_operator.conductor.outlook.lessons import Lessons
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)

_AFRESH, _IMPROVED = "anew", "improved"
_AGAIN = 1.0
"""Seconds between two plans of one graph, at least..."""
_RESTS = 3.0
"""... and the rest after each plan that is not a graph's first, in times that it took: all of them together take no more than
a quarter of one core."""
_SEARCH_RESTS = 19.0
"""The rest after each piece of a search for better plans, in times that it took: all of them together take no more than a
twentieth of one core."""
_LOOK = 5.0
"""Seconds after which it is looked whether reality has left a plan behind though nothing has happened: that is lateness."""


class GraphPlans(Step):
    """Keeps a plan for each graph whose policy goes by plans. One at a time is made, in a thread, of the newest situation."""

    def __init__(
        self, cluster: Cluster, settings: Settings, clock: Clock, beside: Background, learned: Learned | None = None
    ) -> None:
        self.made: dict[Hashable, Plan] = {}
        """By graph UID, with what has become of the units since."""
        self.revision = 0
        """Changes whenever a decision could be another because of plans."""
        self._cluster, self._settings, self._clock, self._beside = cluster, settings, clock, beside
        self._lessons = Lessons(learned, clock, COPIED)
        self._followed: dict[str, Followed] = {}
        self._rest, self._search_rest = Rest(clock, 0.0, _RESTS), Rest(clock, 0.0, _SEARCH_RESTS)
        self._look_at = 0.0
        self._static_version = -1
        self._unplanned: dict[str, Followed] = {}
        """By UID, those whose first plan may still be waited for."""
        self._called_for: dict[str, Followed] = {}
        """By UID, those that something calls to be planned."""
        self._searched: dict[str, Followed] = {}
        """By UID, those whose plans are improved, in turns."""
        self._awaited: frozenset[str] = frozenset()
        self._expiry: float | None = None
        """When the next unit that waits for its planned place has waited enough."""

    def advanced(self, graph: GraphRun, before: Run, now: float) -> None:
        """A graph's run has gone on: see whether its plan still holds. O(units)."""
        known = self._followed.get(graph.ref.uid)
        if known is not None:
            self._compare(known, now)

    def step(self, tick: Tick) -> None:
        """Before anything is placed: begin with a plan if one is due. O(touched graphs, and those that wait for a plan)."""
        now = tick.now
        for graph in tick.touched:
            uid = graph.ref.uid
            if not wanted(graph):
                self.forget(uid)
            elif uid not in self._followed or self._followed[uid].policy != policy_of(graph):
                self.forget(uid)
                search = Search(self._settings.plan_search, self._settings.seed, uid)
                known = Followed(graph, now + self._settings.plan_wait, Rest(self._clock, _AGAIN, 0.0), search)
                self._followed[uid] = self._unplanned[uid] = self._called_for[uid] = known
        if now >= self._look_at or self._cluster.static_version != self._static_version:
            self._look_at, self._static_version = now + _LOOK, self._cluster.static_version
            for known in self._followed.values():
                self._compare(known, now)
        awaited = frozenset(uid for uid, known in self._unplanned.items() if self._waits(known, now))
        if len(awaited) < len(self._unplanned):
            self._unplanned = {uid: self._unplanned[uid] for uid in self._unplanned if uid in awaited}
        expired = self._expiry is not None and now >= self._expiry
        if awaited != self._awaited or expired:
            self._awaited, self._expiry = awaited, None if expired else self._expiry
            self.revision += 1
        self._begin()

    @property
    def awaited(self) -> frozenset[str]:
        """UIDs of the graphs whose tasks wait for a first plan."""
        return self._awaited

    def reserved(self, units: Iterable[tuple[str, int]], now: float) -> None:
        """Units, by graph UID, that have just been told to wait for a planned place. They are asked again once they have
        waited enough."""
        times = [until(plan, unit) for uid, unit in units if (plan := self.made.get(uid)) is not None]
        self._expiry = min((at for at in times if at > now), default=None)

    def next_time(self, now: float) -> float | None:
        """When the next tick is due for plans, in seconds since the epoch; none: not by the clock."""
        times = [known.wait_until for known in self._unplanned.values()]
        if self._followed:
            times.append(self._look_at)
        if self._expiry is not None:
            times.append(self._expiry)
        if not self._beside.busy:
            times += [now + self._wait(each) for each in self._called_for.values()]
            if self._searched:
                times.append(now + self._search_rest.wait)
        return min(times, default=None)

    def _waits(self, known: Followed, now: float) -> bool:
        return known.plan is None and known.spared is None and not known.failed and now < known.wait_until

    def forget(self, uid: str) -> None:
        """The graph needs no plan any more, or is gone."""
        known = self._followed.pop(uid, None)
        self._unplanned.pop(uid, None)
        self._called_for.pop(uid, None)
        self._searched.pop(uid, None)
        if known is not None and self.made.pop(uid, None) is not None:
            self.revision += 1

    def _compare(self, known: Followed, now: float) -> None:
        """Take in what has become of the units; and whether that leaves the plan behind."""
        if known.spared is not None and not known.spared.holds(usable(self._cluster), now):
            known.spared = Spared(usable(self._cluster), now)
            self._call_for(known, known.cause or _AFRESH)
        running, plan = known.graph.running, known.plan
        if running is None or plan is None or len(plan.slot) != running.prepared.graph.units:
            return
        seen = progress(plan, running.run)
        if not known.cause:
            self._call_for(known, why_remake(plan, seen, usable(self._cluster), now))
        self._keep(known, plan.followed(seen))

    def _call_for(self, known: Followed, cause: str) -> None:
        """The graph has to be planned for this cause; empty: it has not."""
        known.cause, uid = cause, known.graph.ref.uid
        if not cause:
            self._called_for.pop(uid, None)
        elif self._followed.get(uid) is known:
            self._called_for[uid] = known

    def _keep(self, known: Followed, plan: Plan) -> None:
        known.plan = self.made[known.graph.ref.uid] = plan

    def _wait(self, known: Followed) -> float:
        """Seconds until its next plan may be made."""
        first = known.cause == FIRST and not known.failed
        return known.rest.wait if first else max(known.rest.wait, self._rest.wait)

    def _next(self) -> Followed | None:
        """First plans before others; of these, the graph that has waited longest."""
        due = [known for known in self._called_for.values() if self._wait(known) <= 0.0 and wanted(known.graph)]
        return min(due, key=lambda known: (known.plan is not None or known.failed, known.rest.until), default=None)

    def _begin(self) -> None:
        if self._beside.busy:
            return
        known = self._next()
        if known is not None:
            self._make(known)
        elif self._searched and self._search_rest.over:
            self._improve(self._searched.pop(next(iter(self._searched))))

    def _make(self, known: Followed) -> None:
        cause = known.cause
        self._call_for(known, "")
        try:
            seen = self._seen(known.graph)
        except Exception:
            self._failed(known, cause)
            return
        work = partial(make, seen, known.expectation, before=known.plan, spare=may_spare(known.graph))
        self._beside.begin(work, partial(self._take, known, cause, seen))

    def _seen(self, graph: GraphRun) -> Glimpse:
        """As it is now, with what was learned not long ago."""
        seen = glimpse(graph, self._cluster, self._settings.bandwidth, self._clock.now())
        return replace(seen, run_times=self._lessons.run_times, survival=self._lessons.survival)

    def _take(self, known: Followed, cause: str, seen: Glimpse, done: Done[Plan | None]) -> None:
        try:
            made = done.answer()
        except Exception:
            self._failed(known, cause)
        else:
            known.failed = False
            known.backoff.worked()
            self._call_for(known, "")
            known.rest.after(0.0)
            if cause != FIRST:
                self._rest.after(done.seconds)
            if made is None:
                self._spare(known, seen)
            else:
                metrics.PLAN_SECONDS.observe(done.seconds)
                metrics.PLANS.labels(kind(cause)).inc()
                known.search.planned(first=cause == FIRST)
                self._planned(known, made)
        self._begin()

    def _failed(self, known: Followed, cause: str) -> None:
        """Whatever is wrong with the figures, the graph's tasks are placed by the plan before, or without one."""
        metrics.PLAN_FAILURES.inc()
        log.exception("graph %s/%s could not be planned; trying again in %.0f s", *known.graph.key, known.backoff.wait)
        known.failed = True
        self._call_for(known, cause)
        known.rest.hold(known.backoff.failed())

    def _planned(self, known: Followed, made: Plan) -> None:
        known.spared = None
        if self._followed.get(known.graph.ref.uid) is known:
            self._keep(known, made)
            self.revision += 1
            self._compare(known, self._clock.now())
            self._search_on(known)

    def _search_on(self, known: Followed) -> None:
        if known.search.wanted and self._followed.get(known.graph.ref.uid) is known:
            self._searched[known.graph.ref.uid] = known

    def _improve(self, known: Followed) -> None:
        plan = known.plan
        if plan is None or known.cause or not wanted(known.graph):
            return  # it is searched on from its next plan
        try:
            seen = self._seen(known.graph)
        except Exception:
            self._gave_up(known)
            return
        work = known.search.work(seen, plan, known.expectation, self._clock)
        self._beside.begin(work, partial(self._improved, known, plan))

    def _gave_up(self, known: Followed) -> None:
        """Whatever is wrong with the search, the graph goes by the plan that it has."""
        metrics.PLAN_FAILURES.inc()
        log.exception("the plan of graph %s/%s could not be improved", *known.graph.key)
        known.search.give_up()

    def _improved(self, known: Followed, before: Plan, done: Done[Found]) -> None:
        self._search_rest.after(done.seconds)
        try:
            found = done.answer()
        except Exception:
            self._gave_up(known)
            return
        known.search.spend(found)
        metrics.PLAN_SEARCH_SECONDS.inc(found.spent)
        same = known.plan is not None and known.plan.made_at == before.made_at and not known.cause
        if found.plan is not None and same:
            metrics.PLANS.labels(_IMPROVED).inc()
            self._planned(known, found.plan)
        else:
            self._search_on(known)
        self._begin()

    def _spare(self, known: Followed, seen: Glimpse) -> None:
        known.spared = Spared(usable(seen.cluster), seen.now)
        known.plan = None
        if self.made.pop(known.graph.ref.uid, None) is not None:
            self.revision += 1
