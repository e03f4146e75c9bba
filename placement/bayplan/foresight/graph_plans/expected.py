"""How long units are expected to run, by what was learned and what their owners say."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayplan.knowledge.run_times import RunTimes, TaskRun, Unknown
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph

COPIED = 10.0
"""Seconds after which what was learned of run times counts in plans: they go by a copy, since learning goes on meanwhile."""


def expected_seconds(
    graph: Graph, runs: Sequence[TaskRun], classes: Sequence[str], run_times: RunTimes | None = None
) -> FloatArray:
    """Shape (tasks, classes): seconds of one unit on each node class; where nothing is known, the graph's duration.

    `runs`: per task, under what its run time is learned; its node class does not matter. `classes`: as in `Nodes.classes`.
    O(tasks x classes) predictions, each once. Raises `ValueError` unless there is a run per task.
    """
    if len(runs) != len(graph.tasks):
        raise ValueError(f"runs has {len(runs)} entries: it must have one for each of the {len(graph.tasks)} tasks")
    known: dict[TaskRun, float] = {}
    seconds = np.empty((len(runs), len(classes)))
    for number, (task, run) in enumerate(zip(graph.tasks, runs, strict=True)):
        for column, node_class in enumerate(classes):
            there = replace(run, node_class=node_class)
            if there not in known:
                known[there] = _mean(there, run_times)
            seconds[number, column] = known[there] if known[there] > 0 else task.duration
    return seconds


def _mean(run: TaskRun, run_times: RunTimes | None) -> float:
    """0: nothing is known."""
    if run_times is not None:
        found = run_times.predict(run)
        if not isinstance(found, Unknown):
            return found.mean
    return run.hint or 0.0
