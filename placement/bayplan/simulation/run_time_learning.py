"""Run times learned between graphs: what has ended tells how long the next of its kind will run, and where it runs well."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.run_times import ByTask, Evaluation, Forecast, Outcome, Run, RunTimes, Unknown, efficiency
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import NodeInfo, Request
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import Outcome as Ending

_PORTION = 20
"""Estimates are made anew once a twentieth more has ended than they were made of: each costs as much as there are tasks."""


class RunTimeLearning:
    """Learned under the runs of `Submission.runs`, so from one graph to another only where these are the same."""

    def __init__(
        self, submissions: Sequence[Submission], requests: Sequence[Request], nodes: Sequence[NodeInfo], log: AttemptLog
    ) -> None:
        self._submissions, self._requests, self._nodes, self._log = submissions, requests, nodes, log
        self._run_times = RunTimes(limit=max(1, len({each.task for each in requests})))
        self._evaluation = Evaluation()
        self._news: list[tuple[int, int]] = []
        self._known = 0
        self._seconds: dict[tuple[int, tuple[str, ...]], FloatArray] = {}
        """By graph and classes of nodes, until more is learned."""
        self.forecast: Forecast | None = None
        """None: nothing is known yet."""
        self.efficiency: Efficiency | None = None

    def ended(self, unit: int, row: int) -> None:
        """An attempt of a unit, counted over all submissions, has succeeded or failed by itself."""
        self._news.append((unit, row))

    def step(self) -> None:
        """At the end of a tick, for the next."""
        if not self._news or len(self._news) < self._known / _PORTION:
            return
        for unit, row in self._news:
            self._learn(self._requests[unit], row)
        self._known += len(self._news)
        self._news.clear()
        self._seconds.clear()
        self.forecast = ByTask(self._run_times, self._run)
        self.efficiency = efficiency(self._evaluation)

    def expected(self, submission: Submission) -> FloatArray:
        """Per task, the seconds that are expected of one unit by now, wherever it runs; 0: not known. O(tasks)."""
        found = [self._run_times.predict(run) for run in submission.runs]
        known = [0.0 if isinstance(each, Unknown) else each.mean for each in found]
        return np.array(known) if known else np.zeros(len(submission.graph.tasks))

    def seconds(self, graph: GraphState, classes: tuple[str, ...], otherwise: FloatArray) -> FloatArray:
        """Shape (tasks, classes): the mean of the next run of a unit of each task, `otherwise` where no run of the task has
        ended. O(tasks * classes) predictions where something was learned since the last time."""
        key = graph.number, classes
        if key not in self._seconds:
            self._seconds[key] = self._predicted(graph, classes, otherwise)
        return self._seconds[key].copy()

    def _predicted(self, graph: GraphState, classes: tuple[str, ...], otherwise: FloatArray) -> FloatArray:
        found = otherwise.copy()
        for task, unit in enumerate(graph.submission.graph.unit_start[:-1].tolist()):
            run = self._run(self._requests[graph.first + unit])
            if not self._run_times.evidence(run.task, run.family):
                continue
            for column, node_class in enumerate(classes):
                predicted = self._run_times.predict(replace(run, node_class=node_class))
                if not isinstance(predicted, Unknown):
                    found[task, column] = predicted.mean
        return found

    def _learn(self, request: Request, row: int) -> None:
        log, node = self._log, self._nodes[self._log.node[row]]
        succeeded, seconds = log.outcome[row] == Ending.SUCCEEDED, log.ended[row] - log.started[row]
        if succeeded and seconds > 0:
            self._run_times.observe(replace(self._run(request), node_class=node.node_class), seconds, log.ended[row])
        times = (log.wanted[row], log.started[row], log.ended[row])
        self._evaluation.add(Outcome(request.task, node.node_class, *times, succeeded=succeeded, cost=node.cost))

    def _run(self, request: Request) -> Run:
        number, unit = cast(tuple[int, int], request.id)  # as `unit_requests` made it
        submission = self._submissions[number]
        if submission.runs:
            return submission.runs[int(submission.graph.unit_task[unit])]
        return Run(request.task, hint=request.duration if request.duration > 0 else None)
