"""What has become of a graph's units, in the terms of its plan."""

import numpy as np

from bayplan.foresight.graph_plans import Plan, Progress
from bayplan.lifecycle import Run, UnitState


def progress(plan: Plan, run: Run) -> Progress:
    """The units as they are now. O(units)."""
    done = run.state == UnitState.SUCCEEDED
    begun = done | np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING))
    numbers = plan.nodes.number
    place = np.where(begun, np.array([numbers.get(name, -1) for name in run.node], np.int64), -1)
    ended = np.where(done & ~plan.situation.done, run.finished, np.nan)
    return Progress(done, place, begun, ended)
