"""Since when shards wait that no line of a status tells of."""

import numpy as np

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph


def date_back(graph: Graph, run: Run, accepted_at: float) -> None:
    """Shards that are ready for their first attempt, in a run that was read from a status: each could start once its graph was
    accepted and the last shard of the tasks before it had ended. O(tasks + dependencies + shards)."""
    ready = (run.state == UnitState.READY) & (run.incarnation == 0)
    for number in np.unique(graph.unit_task[ready]).tolist():
        before = [graph.index[name] for name in graph.tasks[number].depends_on]
        ends = [run.finished[graph.unit_start[each] : graph.unit_start[each + 1]] for each in before]
        since = max([accepted_at, *(float(np.fmax.reduce(each, initial=accepted_at)) for each in ends)])
        units = slice(int(graph.unit_start[number]), int(graph.unit_start[number + 1]))
        run.ready_at[units][ready[units]] = since
