"""Since when shards wait that no line of a status tells of."""

import numpy as np

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph


def date_back(graph: Graph, run: Run, accepted_at: float) -> None:
    """Shards before their first attempt, into a run that was read from a status: each could start once its graph was accepted
    and the last shard of the tasks before it had ended. O(tasks + dependencies + shards)."""
    over = run.finished_tasks(graph)
    for number, task in enumerate(graph.tasks):
        units = np.arange(graph.unit_start[number], graph.unit_start[number + 1])
        units = units[(run.state[units] <= UnitState.READY) & (run.incarnation[units] == 0)]
        before = [graph.index[name] for name in task.depends_on]
        if not len(units) or not over[before].all():
            continue
        ends = [run.finished[graph.unit_start[each] : graph.unit_start[each + 1]] for each in before]
        run.ready_at[units] = max([accepted_at, *(float(np.fmax.reduce(each, initial=accepted_at)) for each in ends)])
