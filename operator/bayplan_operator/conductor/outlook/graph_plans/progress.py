"""What has become of a graph's units, in the terms of its plan."""

import numpy as np

from bayplan.foresight.graph_plans import Plan, Progress
from bayplan.lifecycle import Run, UnitState


def progress(plan: Plan, run: Run) -> Progress:
    """The units as they are now. O(units)."""
    done = run.state >= UnitState.SUCCEEDED  # what the graph goes on without is as good as done
    begun = done | np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING))
    numbers = plan.nodes.number
    placed = begun & (run.state <= UnitState.SUCCEEDED)
    place = np.where(placed, np.array([numbers.get(name, -1) for name in run.node], np.int64), -1)
    ended = np.where((run.state == UnitState.SUCCEEDED) & ~plan.situation.done, run.finished, np.nan)
    return Progress(done, place, begun, ended)
