"""Planned: tasks go where their graphs' plans have them, or wait a while for it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.arrays import BoolArray
from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.kernels.fit import UNIT
from bayplan.planning.candidates import Candidates
from bayplan.planning.one_by_one import Refusal, one_by_one
from bayplan.plans.finish import numbers_of, plan_of, seconds_there
from bayplan.plans.plan import Plan
from bayplan.plans.reservations import Reservations
from bayplan.protocols import Strategy
from bayplan.reasons import Reason
from bayplan.workload import Request


@dataclass(frozen=True, slots=True)
class Planned:
    """The planned node; else the best by score on which it ends no later than planned, out of others' way; else it waits.

    Who waits longer than planned takes slower places, the slower the longer it has waited, and any once it has waited
    as long again as it would run. Without a plan as `Greedy`. O(requests log requests + placements x (nodes + units)).
    """

    uses_plans: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        return one_by_one(requests, cluster, strategy, context, _Choice(cluster, context), strategy.scoring)


class _Choice:
    def __init__(self, cluster: Cluster, context: Context) -> None:
        self._nodes, self._context = len(cluster), context
        self._reservations: dict[Hashable, Reservations] = {}

    def __call__(
        self, turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster
    ) -> tuple[int, str] | Refusal:
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
        row, why = self._where(plan, unit, kept, np.flatnonzero(fitting.open(refused)), fitting, cluster)
        if row < 0:
            return Refusal(Reason.RESERVED, why)
        kept.begin(unit, int(numbers_of(plan, cluster)[row]))
        return row, why

    def _where(
        self, plan: Plan, unit: int, kept: Reservations, rows: np.ndarray, fitting: Candidates, cluster: Cluster
    ) -> tuple[int, str]:
        """The row, -1: it waits; and the words."""
        numbers = numbers_of(plan, cluster)[rows]
        seconds = seconds_there(plan, int(plan.situation.graph.unit_task[unit]), cluster, rows)
        home = plan.nodes.names[plan.node[unit]]
        own = np.flatnonzero(numbers == plan.node[unit])
        if len(own) and kept.own(unit, float(seconds[own[0]])):
            return int(rows[own[0]]), f"as planned; takes {seconds[own[0]]:.0f} s"
        free = np.flatnonzero(kept.free(unit, numbers, seconds))
        if len(free):
            by_name = cluster.name_rank[rows[free]]
            at = free[np.lexsort((by_name, -fitting.scores[rows[free]]))[0]]
            return int(rows[at]), f"in place of {home}, as planned; takes {seconds[at]:.0f} s"
        at = int(np.lexsort((cluster.name_rank[rows], -fitting.scores[rows], seconds))[0])
        if kept.overdue(unit):
            late = self._context.now - float(plan.start[unit])
            return int(rows[at]), f"{late:.0f} s after its planned start on {home}; takes {seconds[at]:.0f} s"
        begin = max(0.0, float(plan.start[unit]) - self._context.now)
        later = self._context.now + float(seconds[at]) - float(plan.finish[unit])
        if later <= 0:
            return -1, f"waits for {home}, planned in {begin:.0f} s: what is free is kept for other tasks of its graph"
        return -1, f"waits for {home}, planned in {begin:.0f} s: where there is room now it would end {later:.0f} s later"
