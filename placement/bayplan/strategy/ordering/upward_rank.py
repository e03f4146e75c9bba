"""The longest chain of work still ahead first, with transfers and run times as the graph's plan expects them."""

from collections.abc import Sequence

import numpy as np

from bayplan.foresight.graph_plans.finish import plan_of
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need, needs


@needs(Need.PLANS)
def upward_rank(requests: Sequence[Request], context: Context) -> FloatArray:
    """The negated upward rank (Topcuoglu, Hariri & Wu 2002) of the request's task; without a plan its critical path. O(n)."""
    return np.array([-_rank(each, context) for each in requests], np.float64)


def _rank(request: Request, context: Context) -> float:
    found = plan_of(request, context.plans)
    if found is None:
        return request.critical_path
    plan, unit = found
    return float(plan.rank[plan.situation.graph.unit_task[unit]])
