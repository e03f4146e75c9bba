"""Earliest finish: the node on which the task is expected to end first, where its graph's plan has it."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans.finish import plan_of, planned_share, seconds_there, sources
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer

_UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class EarliestFinish(Scorer):
    """(least / seconds there + share of the task's units planned on that class) / 2; 0.5 without a plan. O(places).

    Seconds there: reading what does not lie there, and running. The plan looks ahead: it gives fast nodes to the tasks that
    hold up others, so its choice of class counts as much as the task's own end.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.PLANS, Need.PER_TASK})

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """Of the plan, and of where the task's inputs lie."""
        found = plan_of(request, context.plans)
        if found is None:
            return None
        plan, unit = found
        places, _ = sources(plan, int(plan.situation.graph.unit_task[unit]))
        return plan.situation, places.tobytes()

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        found = plan_of(request, context.plans)
        if found is None:
            return np.full(len(places.rows), _UNKNOWN)
        plan, unit = found
        task = int(plan.situation.graph.unit_task[unit])
        everywhere = seconds_there(plan, task, cluster)
        seconds = everywhere[places.rows]
        least = float(everywhere[cluster.present].min())
        sooner = np.divide(least, seconds, out=np.ones(len(seconds)), where=seconds > 0)
        return np.asarray((sooner + planned_share(plan, task, cluster)[places.rows]) / 2)
