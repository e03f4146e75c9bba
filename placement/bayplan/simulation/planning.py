"""The plans of all graphs, made and made again when the operator would; here they are there at once."""

from collections.abc import Hashable, Iterator, Mapping
from functools import partial

import numpy as np

from bayplan.core.background import Background, Done
from bayplan.foresight.graph_plans import (
    Plan,
    Progress,
    Situation,
    beside_own,
    make_plan,
    matters,
    plan_again,
    slots,
    still_needs,
    usable,
    why_remake,
)
from bayplan.foresight.graph_plans.finish import seconds_there
from bayplan.foresight.graph_plans.reservations import until
from bayplan.foresight.graph_plans.spared import Spared
from bayplan.knowledge.node_states import NodeWatch
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.workload import RequestClass
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.machines import Machines
from bayplan.simulation.plan_search import PlanSearch
from bayplan.simulation.run_time_learning import RunTimeLearning
from bayplan.simulation.setup import Setup
from bayplan.strategy.protocols import Strategy


class _Followed:
    """A graph of several tasks, and what has become of its units."""

    def __init__(self, graph: GraphState) -> None:
        units = graph.submission.graph.units
        self.graph = graph
        self.done, self.begun = np.zeros(units, bool), np.zeros(units, bool)
        self.place = np.full(units, -1)
        self.ended, self.since, self.expected = np.full(units, np.nan), np.zeros(units), np.zeros(units)

    def progress(self) -> Progress:
        return Progress(self.done.copy(), self.place.copy(), self.begun.copy(), self.ended.copy())


class Planning:
    """Plans by the number of their graph, for graphs of several tasks whose policy looks at plans."""

    def __init__(
        self,
        setup: Setup,
        machines: Machines,
        beside: Background,
        run_times: RunTimeLearning | None = None,
        nodes: NodeWatch | None = None,
    ) -> None:
        """`run_times`, `nodes`: what is learned of both; none: nothing."""
        self._setup, self._machines, self._beside = setup, machines, beside
        self._run_times, self._nodes = run_times, nodes
        self._wanted = any(each.uses_plans for policy in setup.policies.values() for each in policy.strategies)
        self._followed: dict[int, _Followed] = {}
        self._plans: dict[Hashable, Plan] = {}
        self._spared: dict[int, Spared] = {}
        """Graphs that could gain nothing by a plan, and until when that need not be looked at again."""
        self._touched: set[int] = set()
        self._search = PlanSearch(setup.plan_steps, setup.seed)
        self._reserved: dict[int, list[int]] = {}
        """By graph, units that have just been told to wait for their places."""
        self._expiries: dict[int, float] = {}

    @property
    def plans(self) -> Mapping[Hashable, Plan] | None:
        """None: no policy looks at plans."""
        return self._plans if self._wanted else None

    def arrived(self, graph: GraphState) -> None:
        """A graph has been submitted."""
        if not self._wanted or len(graph.submission.graph.tasks) == 1:
            return
        if self._strategy(graph).uses_plans:
            self._followed[graph.number] = _Followed(graph)
            self._touched.add(graph.number)

    def began(self, number: int, unit: int, node: int, now: float) -> None:
        """A unit has its place on a node, by its number."""
        followed = self._followed.get(number)
        if followed is None:
            return
        followed.begun[unit], followed.place[unit], followed.since[unit] = True, node, now
        plan = self._plans.get(number)
        if plan is not None:
            task = int(plan.situation.graph.unit_task[unit])
            followed.expected[unit] = seconds_there(plan, task, self._machines.cluster)[self._machines.rows[node]]
            self._plans[number] = plan.followed(followed.progress())
        self._touched.add(number)

    def ended(self, number: int, unit: int, succeeded: bool, now: float) -> None:
        """A unit has left its node."""
        followed = self._followed.get(number)
        if followed is None:
            return
        if succeeded:
            followed.done[unit], followed.ended[unit] = True, now
        else:
            followed.begun[unit], followed.place[unit] = False, -1
        self._touched.add(number)

    def left_out(self, number: int, units: IntArray) -> None:
        """Units are over and have not succeeded: the graph goes on without them."""
        followed = self._followed.get(number)
        if followed is not None and not followed.done[units].all():
            followed.done[units] = followed.begun[units] = True
            self._touched.add(number)

    def begin_again(self, number: int, units: IntArray) -> None:
        """Units begin again, whatever has become of them before."""
        followed = self._followed.get(number)
        if followed is not None:
            followed.done[units] = followed.begun[units] = False
            followed.place[units], followed.ended[units] = -1, np.nan
            self._touched.add(number)

    def nodes_changed(self) -> None:
        """Every plan is looked at, and so is every graph that was spared one."""
        self._touched |= self._followed.keys() & (self._plans.keys() | self._spared.keys())

    def over(self, number: int) -> None:
        """A graph has ended."""
        self._plans.pop(number, None)
        self._followed.pop(number, None)
        self._spared.pop(number, None)
        self._touched.discard(number)
        self._search.over(number)

    def update(self, now: float) -> bool:
        """Make the plans that are missing or have been left behind; whether there was one. O(units) per graph touched."""
        touched, self._touched = self._touched, set()
        made = False
        for number in sorted(touched):
            followed, plan = self._followed[number], self._plans.get(number)
            spared = self._spared.get(number)
            if spared is not None and spared.holds(usable(self._machines.cluster), now):
                continue
            progress = followed.progress()
            if plan is not None and not why_remake(plan, progress, usable(self._machines.cluster), now):
                self._plans[number] = plan.followed(progress)
                continue
            made = self._make(followed, now) or made
        return made

    def refused(self, number: int, unit: int) -> None:
        """A unit has been told to wait for its place."""
        if number in self._plans:  # else it waits for what was promised to others
            self._reserved.setdefault(number, []).append(unit)

    def kept_until(self, now: float) -> Iterator[tuple[int, float]]:
        """Graphs, and when the first of their units that were just refused will have waited long enough, unless said before."""
        reserved, self._reserved = self._reserved, {}
        for number, units in reserved.items():
            plan = self._plans[number]
            first = min((at for unit in units if now < (at := until(plan, unit)) < np.inf), default=None)
            if first is not None and self._expiries.get(number) != first:
                self._expiries[number] = first
                yield number, first

    def expired(self, number: int, now: float) -> bool:
        """Whether that is now; not so if the plan has changed since."""
        return self._expiries.get(number) == now and self._expiries.pop(number) == now

    def _strategy(self, graph: GraphState) -> Strategy:
        return self._setup.policies[graph.submission.policy].placing(graph.strategy)

    def _make(self, followed: _Followed, now: float) -> bool:
        """Plan a graph, unless it could gain nothing by that; whether what is planned has changed."""
        number = followed.graph.number
        found = self._situation(followed, now)
        if self._strategy(followed.graph).only_if_plans_matter and not matters(found):
            self._spared[number] = Spared(usable(self._machines.cluster), now)
            return self._plans.pop(number, None) is not None
        self._spared.pop(number, None)
        self._beside.begin(partial(self._searched, followed.graph, found, now), partial(self._take, number))
        return True

    def _take(self, number: int, done: Done[Plan]) -> None:
        self._plans[number] = done.answer()

    def _searched(self, graph: GraphState, found: Situation, now: float) -> Plan:
        """A new plan, or the one before as it stands now, improved within the budget."""
        before = self._plans.get(graph.number)
        if not self._setup.plan_steps:
            return make_plan(found)
        plan = make_plan(found) if before is None else plan_again(before, found)
        return self._search.improved(graph.number, plan, found, self._uncertainty(graph, found.nodes.classes, now))

    def _uncertainty(self, graph: GraphState, classes: tuple[str, ...], now: float) -> FloatArray:
        """Shape (tasks, classes): as `improve` takes it."""
        if self._run_times is not None:
            return self._run_times.deviations(graph, classes, now)
        return np.full((len(graph.submission.graph.tasks), len(classes)), self._setup.run_times.log_deviation)

    def _situation(self, followed: _Followed, now: float) -> Situation:
        submission, setup = followed.graph.submission, self._setup
        graph = submission.graph
        asks: dict[RequestClass, int] = {}
        for task in graph.unit_task[~followed.begun].tolist():
            asks[submission.classes[task]] = asks.get(submission.classes[task], 0) + 1
        selector = self._strategy(followed.graph).node_selector
        nodes = slots(self._machines.cluster, asks, max(1, sum(asks.values())), selector)
        seconds = self._seconds(followed.graph, nodes.classes, now)
        left = np.full(graph.units, np.nan)
        for unit in np.flatnonzero(followed.begun & ~followed.done).tolist():
            left[unit] = still_needs(float(followed.expected[unit]), now - float(followed.since[unit]))
        situation = Situation(
            graph=graph,
            seconds=np.where(nodes.admitting(submission.classes), seconds, np.inf),
            data=np.zeros(len(graph.parents.indices)) if submission.data is None else submission.data,
            bandwidth=setup.bandwidth,
            nodes=nodes,
            now=now,
            done=followed.done.copy(),
            place=followed.place.copy(),
            left=left,
        )
        return beside_own(situation, self._machines.cluster)

    def _seconds(self, graph: GraphState, classes: tuple[str, ...], now: float) -> FloatArray:
        """Shape (tasks, classes): as the operator expects them, where it learns; else by what authors say and by the speeds of
        nodes. With what failures of nodes are expected to add."""
        setup = self._setup
        if self._run_times is None:
            seconds = setup.run_times.expected(graph.submission, classes)
        else:
            seconds = self._run_times.seconds(graph, classes, now)
        survival = None if self._nodes is None else self._nodes.survival
        grace = setup.policies[graph.submission.policy].node_loss_grace
        reruns = None if survival is None else survival.reruns(classes, setup.delays.noticing + grace)
        return seconds if reruns is None else reruns.expected(seconds)
