"""The plans of all open graphs: which graph is planned next, and what is known meanwhile."""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Plan, make_plan, matters, usable, why_remake
from bayplan.foresight.graph_plans.expected import COPIED
from bayplan.foresight.graph_plans.reservations import until
from bayplan.foresight.graph_plans.spared import Spared
from bayplan.knowledge.run_times import RunTimes
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.conductor.graph_run import GraphRun
from bayplan_operator.conductor.knowledge.learned import Learned
from bayplan_operator.conductor.outlook.graph_plans.expectation import Expectation
from bayplan_operator.conductor.outlook.graph_plans.glimpse import Glimpse, glimpse, situation, with_reruns
from bayplan_operator.conductor.outlook.graph_plans.progress import progress
from bayplan_operator.settings import Settings
from bayplan_operator.translate.policy import CompiledPolicy

log = logging.getLogger(__name__)

_FIRST, _AFRESH = "first", "anew"
_AGAIN = 1.0
"""Seconds between two plans of one graph, at least..."""
_RESTS = 3.0
"""... and the rest after each plan that is not a graph's first, in times that it took: all of them together take no more than
a quarter of one core."""
_LOOK = 5.0
"""Seconds after which it is looked whether reality has left a plan behind though nothing has happened: that is lateness."""
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 1800.0
"""Seconds after a plan that failed, and after many that did."""


@dataclass(slots=True)
class _Followed:
    """A graph whose policy goes by plans."""

    graph: GraphRun
    policy: tuple[CompiledPolicy | None, str]
    """With the candidate of an adaptive one."""
    wait_until: float
    """Its tasks wait for the first plan until then, in seconds since the epoch."""
    cause: str = _FIRST
    """What calls for a plan; empty: nothing."""
    plan: Plan | None = None
    not_before: float = 0.0
    """By the monotonic clock."""
    backoff: Backoff = field(default_factory=lambda: Backoff("graph plan", _FIRST_WAIT, _LONGEST_WAIT))
    failed: bool = False
    expectation: Expectation = field(default_factory=Expectation)
    spared: Spared | None = None
    """No plan could gain anything; none: it was not found to be so."""


class GraphPlans:
    """Keeps a plan for each graph whose policy goes by plans. One at a time is made, in a thread, of the newest situation."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        clock: Callable[[], float],
        wake: Callable[[], None],
        learned: Learned | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.made: dict[Hashable, Plan] = {}
        """By graph UID, with what has become of the units since."""
        self.revision = 0
        """Changes whenever a decision could be another because of plans."""
        self._cluster, self._settings, self._clock, self._wake = cluster, settings, clock, wake
        self._learned = learned
        self._monotonic = monotonic
        self._run_times: RunTimes | None = None
        """The copy that the thread goes by."""
        self._copied_at = -COPIED
        self._followed: dict[str, _Followed] = {}
        self._working: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self._look_at = 0.0
        self._static_version = -1
        self._unplanned: dict[str, _Followed] = {}
        """By UID, those whose first plan may still be waited for."""
        self._called_for: dict[str, _Followed] = {}
        """By UID, those that something calls to be planned."""
        self._awaited: frozenset[str] = frozenset()
        self._expiry: float | None = None
        """When the next of those who wait for their planned place has waited enough."""

    @property
    def busy(self) -> bool:
        """A plan is being made."""
        return self._working is not None

    def note(self, graph: GraphRun, now: float) -> None:
        """A graph has been advanced: see whether its plan still holds. O(units)."""
        known = self._followed.get(graph.ref.uid)
        if known is not None:
            self._compare(known, now)

    def step(self, graphs: Iterable[GraphRun], now: float) -> None:
        """Once in every tick, before anything is placed: begin with a plan if one is due, which needs an event loop.

        ``graphs``: those of which anything has changed. O(these graphs, and those that wait for a plan).
        """
        for graph in graphs:
            uid = graph.ref.uid
            if not _wanted(graph):
                self.forget(uid)
            elif uid not in self._followed or self._followed[uid].policy != (graph.policy, graph.strategy):
                self.forget(uid)
                until_then = now + self._settings.plan_wait
                known = _Followed(graph, (graph.policy, graph.strategy), until_then)
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
        if not self.busy and self._next() is not None:
            self._working = asyncio.get_running_loop().create_task(self._work(), name="plans")

    @property
    def awaited(self) -> frozenset[str]:
        """UIDs of the graphs whose tasks wait for a first plan."""
        return self._awaited

    def reserved(self, units: Iterable[tuple[str, int]], now: float) -> None:
        """Who has just been told to wait for a planned place, by graph UID: it is asked again once it has waited enough."""
        times = [until(plan, unit) for uid, unit in units if (plan := self.made.get(uid)) is not None]
        self._expiry = min((at for at in times if at > now), default=None)

    def next_time(self, now: float) -> float | None:
        """When the next tick is due for plans, in seconds since the epoch; none: not by the clock."""
        times = [known.wait_until for uid, known in self._followed.items() if uid in self._awaited]
        if self._followed:
            times.append(self._look_at)
        if self._expiry is not None:
            times.append(self._expiry)
        if not self.busy:
            moment = self._monotonic()
            times += [now + max(0.0, self._due_at(each) - moment) for each in self._called_for.values()]
        return min(times, default=None)

    def _waits(self, known: _Followed, now: float) -> bool:
        return known.plan is None and known.spared is None and not known.failed and now < known.wait_until

    def forget(self, uid: str) -> None:
        """The graph needs no plan any more, or is gone."""
        known = self._followed.pop(uid, None)
        self._unplanned.pop(uid, None)
        self._called_for.pop(uid, None)
        if known is not None and self.made.pop(uid, None) is not None:
            self.revision += 1

    def _compare(self, known: _Followed, now: float) -> None:
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

    def _call_for(self, known: _Followed, cause: str) -> None:
        """The graph has to be planned for this cause; empty: it has not."""
        known.cause, uid = cause, known.graph.ref.uid
        if not cause:
            self._called_for.pop(uid, None)
        elif self._followed.get(uid) is known:
            self._called_for[uid] = known

    def _keep(self, known: _Followed, plan: Plan) -> None:
        known.plan = self.made[known.graph.ref.uid] = plan

    def _due_at(self, known: _Followed) -> float:
        return known.not_before if known.cause == _FIRST and not known.failed else max(known.not_before, self._rest_until)

    def _next(self) -> _Followed | None:
        """First plans before others; of these, who has waited longest."""
        moment = self._monotonic()
        due = [known for known in self._called_for.values() if self._due_at(known) <= moment and _wanted(known.graph)]
        return min(due, key=lambda known: (known.plan is not None or known.failed, known.not_before), default=None)

    def _with_learned(self, seen: Glimpse) -> Glimpse:
        """With what is known, of run times as it was not long ago: what the thread goes by is nobody else's."""
        if self._learned is None:
            return seen
        if self._monotonic() >= self._copied_at + COPIED:
            self._run_times, self._copied_at = self._learned.run_times.copy(), self._monotonic()
        return replace(seen, run_times=self._run_times, survival=self._learned.survival)

    async def _work(self) -> None:
        try:
            while (known := self._next()) is not None:
                await self._plan(known)
        finally:
            self._working = None
            self._wake()

    async def _plan(self, known: _Followed) -> None:
        cause, began = known.cause, self._monotonic()
        self._call_for(known, "")
        try:
            seen = glimpse(known.graph, self._cluster, self._settings.bandwidth, self._clock())
            seen = self._with_learned(seen)
            plan = await asyncio.to_thread(_plan, seen, known.expectation, _may_spare(known.graph))
        except Exception:
            # Whatever is wrong with the figures, the graph's tasks are placed by the plan before, or without one.
            metrics.PLAN_FAILURES.inc()
            log.exception("graph %s/%s could not be planned; trying again in %.0f s", *known.graph.key, known.backoff.wait)
            known.failed = True
            self._call_for(known, cause)
            known.not_before = self._monotonic() + known.backoff.failed()
            return
        took = self._monotonic() - began
        known.failed = False
        known.backoff.worked()
        self._call_for(known, "")
        known.not_before = self._monotonic() + _AGAIN
        if cause != _FIRST:
            self._rest_until = self._monotonic() + _RESTS * took
        if plan is None:
            self._spare(known, seen)
            return
        known.spared = None
        metrics.PLAN_SECONDS.observe(took)
        metrics.PLANS.labels(_kind(cause)).inc()
        if self._followed.get(known.graph.ref.uid) is known:
            self._keep(known, plan)
            self.revision += 1
            self._compare(known, self._clock())
            self._wake()

    def _spare(self, known: _Followed, seen: Glimpse) -> None:
        known.spared = Spared(usable(seen.cluster), seen.now)
        known.plan = None
        if self.made.pop(known.graph.ref.uid, None) is not None:
            self.revision += 1
        self._wake()


def _plan(seen: Glimpse, expectation: Expectation, spare: bool) -> Plan | None:
    """In the thread. None: it could gain nothing, and would be spared then."""
    found = with_reruns(situation(seen, expectation), seen)
    return None if spare and not matters(found) else make_plan(found)


def _may_spare(graph: GraphRun) -> bool:
    """Whether the graph's policy leaves plans alone that could gain nothing."""
    return graph.policy is not None and graph.policy.placing(graph.strategy).only_if_plans_matter


def _kind(cause: str) -> str:
    """The cause without its particulars: its last word, such as `late`."""
    return cause.rsplit(" ", 1)[-1]


def _wanted(graph: GraphRun) -> bool:
    """Whether a plan would change anything: an open graph of several tasks, under a policy that goes by plans."""
    running, policy = graph.running, graph.policy
    if running is None or policy is None or not graph.startable:
        return False
    open_still = not running.all_over and not running.run.failure
    return open_still and len(running.prepared.graph.tasks) > 1 and policy.placing(graph.strategy).uses_plans
