"""What is expected of the tasks of one graph."""

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph


def critical_path(graph: Graph, expected: FloatArray) -> FloatArray:
    """Per task, the seconds from its start to the graph's end along the longest chain, shape (tasks,).

    `expected`: as `Expectations.seconds_of` answers it; where it is not known, the graph's own durations count.
    O(tasks + dependencies).
    """
    own = np.array([task.duration for task in graph.tasks], np.float64)
    return graph.upward_rank(np.where(np.isnan(expected), own, expected))
