"""Planned: tasks go where their graphs' plans have them, or wait a while for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans.finish import numbers_of, plan_of, seconds_there
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.reservations import Reservations
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.solvers.kernels.fit import UNIT
from bayplan.strategy.assigning.candidates import Candidates
from bayplan.strategy.assigning.one_by_one import NoPlace, one_by_one
from bayplan.strategy.context import Context
from bayplan.strategy.needs import BY_PLANS, Need
from bayplan.strategy.protocols import FeasiblePlaces, Planner, Scoring, Strategy


@dataclass(frozen=True, slots=True)
class Planned(Planner):
    """The planned node; else the best by score on which it ends no later than planned, out of others' way; else it waits.

    A request that waits longer than planned takes slower places: the slower the longer it has waited, and any once it has
    waited as long again as it would run. Without a plan as `Greedy`. O(requests log requests + placements x (nodes + units)).
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.PLANS})
    minds_neighbours: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        by_plan, others = _split(strategy.scoring)
        return one_by_one(requests, cluster, strategy, context, _Choice(by_plan, others, cluster, context), others)


@cache
def _split(scoring: Scoring) -> tuple[Scoring, Scoring]:
    """Scorers that go by plans, which are only asked where it matters, and the others, whose scores are kept for a class."""
    by_plan = tuple(each for each in scoring.scorers if not each.scorer.needs.isdisjoint(BY_PLANS))
    return Scoring(by_plan), Scoring(tuple(each for each in scoring.scorers if each not in by_plan))


class _Choice:
    def __init__(self, by_plan: Scoring, others: Scoring, cluster: Cluster, context: Context) -> None:
        self._by_plan, self._weight = by_plan.scorers, sum(each.weight for each in others.scorers)
        self._nodes, self._context = len(cluster), context
        self._reservations: dict[Plan, Reservations] = {}
        self._begun: list[tuple[int, Plan, int, int]] = []
        """Per placement: its turn, plan, unit, and node in the plan."""

    def __call__(
        self, turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster
    ) -> tuple[int, str] | NoPlace:
        if self._begun and self._begun[-1][0] >= turn:
            self._take_back(turn)
        best, found = fitting.best(cluster, refused)
        planned = plan_of(request, self._context.plans)
        if best < 0:
            return -1, ""
        if planned is None or planned[0].slot[planned[1]] < 0:
            return best, f"not planned; score {fitting.scores[best] / UNIT:.2f}; {found} of {self._nodes} nodes fit"
        plan, unit = planned
        kept = self._reservations.get(plan)
        if kept is None:
            kept = self._reservations[plan] = Reservations(plan, self._context.now)
        seconds = seconds_there(plan, int(plan.situation.graph.unit_task[unit]), cluster)
        open_rows, home = fitting.open(refused), cluster.row(plan.nodes.names[plan.node[unit]])
        if request.gang is not None and request.gang.topology is not None:
            row, why = best, f"near its gang, of which plans know nothing; takes {seconds[best]:.0f} s"
        elif home is not None and open_rows[home] and kept.own(unit, float(seconds[home])):
            row, why = home, f"as planned; takes {seconds[home]:.0f} s"
        else:
            rows = np.flatnonzero(open_rows)
            turned_away = home is not None and len(refused) and refused[home]
            look = self._turned_away if turned_away else self._elsewhere
            row, why = look(planned, kept, request, fitting, cluster, rows, seconds[rows])
        if row < 0:
            return NoPlace(Reason.RESERVED, why)
        node = int(numbers_of(plan, cluster)[row])
        kept.begin(unit, node)
        self._begun.append((turn, plan, unit, node))
        return row, why

    def _take_back(self, turn: int) -> None:
        """Turns from this one on were undone, of a gang that was tried: what it began has not begun."""
        self._begun = [each for each in self._begun if each[0] < turn]
        self._reservations = {plan: Reservations(plan, self._context.now) for plan in self._reservations}
        for _, plan, unit, node in self._begun:
            self._reservations[plan].begin(unit, node)

    def _turned_away(
        self,
        planned: tuple[Plan, int],
        kept: Reservations,
        request: Request,
        fitting: Candidates,
        cluster: Cluster,
        rows: IntArray,
        seconds: FloatArray,
    ) -> tuple[int, str]:
        """As `_elsewhere`, of one that its planned node has refused: it takes what no other needs, and waits for no better."""
        plan, unit = planned
        spare = np.flatnonzero(kept.spare(unit, numbers_of(plan, cluster)[rows], seconds))
        if not len(spare) and kept.overdue(unit):
            return self._elsewhere(planned, kept, request, fitting, cluster, rows, seconds)
        away = f"{plan.nodes.names[plan.node[unit]]}, where it was planned, has refused or evicted it lately"
        if not len(spare):
            return -1, f"{away}: what is free elsewhere is kept for other tasks of its graph"
        at = spare[self._best(request, fitting, cluster, rows[spare])]
        return int(rows[at]), f"{away}; takes {seconds[at]:.0f} s"

    def _elsewhere(
        self,
        planned: tuple[Plan, int],
        kept: Reservations,
        request: Request,
        fitting: Candidates,
        cluster: Cluster,
        rows: IntArray,
        seconds: FloatArray,
    ) -> tuple[int, str]:
        """The row, -1: it waits; and the words. `rows`: with room; `seconds`: that it takes on each of these."""
        plan, unit = planned
        home = plan.nodes.names[plan.node[unit]]
        free = np.flatnonzero(kept.free(unit, numbers_of(plan, cluster)[rows], seconds))
        if len(free):
            at = free[self._best(request, fitting, cluster, rows[free])]
            return int(rows[at]), f"in place of {home}, as planned; takes {seconds[at]:.0f} s"
        at = int(np.lexsort((cluster.name_rank[rows], -fitting.scores[rows], seconds))[0])
        now = self._context.now
        if kept.overdue(unit):
            late = now - float(plan.start[unit])
            return int(rows[at]), f"{late:.0f} s after its planned start on {home}; takes {seconds[at]:.0f} s"
        begin = max(0.0, float(plan.start[unit]) - now)
        later = now + float(seconds[at]) - float(plan.finish[unit])
        if later <= 0:
            return -1, f"waits for {home}, planned in {begin:.0f} s: what is free is kept for other tasks of its graph"
        return -1, f"waits for {home}, planned in {begin:.0f} s: where there is room now it would end {later:.0f} s later"

    def _best(self, request: Request, fitting: Candidates, cluster: Cluster, rows: IntArray) -> int:
        """Which of these rows has the best score of all scorers together; of equals, the first by name."""
        scores = self._weight * fitting.scores[rows] / UNIT
        places = FeasiblePlaces(rows, np.full(len(rows), -1))
        for each in self._by_plan:
            scores = scores + each.weight * each.scorer(request, cluster, places, self._context)
        return int(np.lexsort((cluster.name_rank[rows], -scores))[0])
