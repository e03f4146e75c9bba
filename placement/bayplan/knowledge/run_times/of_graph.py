"""What is expected of the tasks of one graph."""

from collections.abc import Sequence

import numpy as np

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.knowledge.run_times.runs import TaskRun
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph


def median_seconds(runs: Sequence[TaskRun], expectations: Expectations) -> FloatArray:
    """Per task, the seconds that one run is expected to take, shape (tasks,); NaN: not known. O(tasks)."""
    found = [expectations.seconds(run) for run in runs]
    return np.array([np.nan if each is None else each for each in found], np.float64)


def critical_path(graph: Graph, expected: FloatArray) -> FloatArray:
    """Per task, the seconds from its start to the graph's end along the longest chain, shape (tasks,).

    `expected`: as `median_seconds` answers it; where it is not known, the graph's own durations count.
    O(tasks + dependencies).
    """
    own = np.array([task.duration for task in graph.tasks], np.float64)
    return graph.upward_rank(np.where(np.isnan(expected), own, expected))
