"""How long units are expected to run, by what was learned and what their owners say."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bayplan.knowledge.run_times import RunTimes, TaskRun, Unknown
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph

COPIED = 10.0
"""Seconds after which what was learned of run times counts in plans: they go by a copy, since learning goes on meanwhile."""

UNKNOWN = 1.0
"""The deviation of the log of a run time of which nothing was learned: a factor of e to either side."""


def expected_seconds(
    graph: Graph, runs: Sequence[TaskRun], classes: Sequence[str], run_times: RunTimes | None = None
) -> FloatArray:
    """Shape (tasks, classes): seconds of one unit on each node class; where nothing is known, the graph's duration.

    `runs`: per task, under what its run time is learned; its node class does not matter. `classes`: as in `Nodes.classes`.
    O(tasks x classes) predictions, each once. Raises `ValueError` unless there is a run per task.
    """
    means = _each(graph, runs, classes, lambda run: _mean(run, run_times))
    return np.where(means > 0, means, np.array([task.duration for task in graph.tasks])[:, None])


def expected_deviations(
    graph: Graph, runs: Sequence[TaskRun], classes: Sequence[str], run_times: RunTimes | None = None
) -> FloatArray:
    """Shape (tasks, classes): the standard deviation of the log of what `expected_seconds` gives, as `improve` takes it.

    Same arguments, cost and errors.
    """
    return _each(graph, runs, classes, lambda run: _deviation(run, run_times))


def _each(graph: Graph, runs: Sequence[TaskRun], classes: Sequence[str], answer: Callable[[TaskRun], float]) -> FloatArray:
    if len(runs) != len(graph.tasks):
        raise ValueError(f"runs has {len(runs)} entries: it must have one for each of the {len(graph.tasks)} tasks")
    known: dict[TaskRun, float] = {}
    found = np.empty((len(runs), len(classes)))
    for number, run in enumerate(runs):
        for column, node_class in enumerate(classes):
            there = replace(run, node_class=node_class)
            if there not in known:
                known[there] = answer(there)
            found[number, column] = known[there]
    return found


def _mean(run: TaskRun, run_times: RunTimes | None) -> float:
    """0: nothing is known."""
    if run_times is not None:
        found = run_times.predict(run)
        if not isinstance(found, Unknown):
            return found.mean
    return run.hint or 0.0


def _deviation(run: TaskRun, run_times: RunTimes | None) -> float:
    found = Unknown("") if run_times is None else run_times.predict(run)
    return UNKNOWN if isinstance(found, Unknown) else found.log_deviation
