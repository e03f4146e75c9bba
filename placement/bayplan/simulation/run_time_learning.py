"""Run times learned between graphs: what has ended tells how long the next of its kind will run, and where it runs well."""

from collections.abc import Sequence

from bayplan.efficiency import Efficiency
from bayplan.prediction import ByTask, Evaluation, Forecast, Outcome, Run, RunTimes, efficiency
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.trace import Outcome as Ending
from bayplan.workload import NodeInfo, Request

_PORTION = 20
"""Estimates are made anew once a twentieth more has ended than they were made of: each costs as much as there are tasks."""


class RunTimeLearning:
    """Learned under `Request.task`, so from one graph to another only where tasks keep their names."""

    def __init__(self, requests: Sequence[Request], nodes: Sequence[NodeInfo], log: AttemptLog) -> None:
        self._requests, self._nodes, self._log = requests, nodes, log
        self._run_times = RunTimes(limit=max(1, len({each.task for each in requests})))
        self._evaluation = Evaluation()
        self._news: list[tuple[int, int]] = []
        self._known = 0
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
            self._learn(self._requests[unit].task, row)
        self._known += len(self._news)
        self._news.clear()
        self.forecast = ByTask(self._run_times, _run)
        self.efficiency = efficiency(self._evaluation)

    def _learn(self, task: str, row: int) -> None:
        log, node = self._log, self._nodes[self._log.node[row]]
        succeeded, seconds = log.outcome[row] == Ending.SUCCEEDED, log.ended[row] - log.started[row]
        if succeeded and seconds > 0:
            self._run_times.observe(Run(task, node_class=node.node_class), seconds, log.ended[row])
        times = (log.wanted[row], log.started[row], log.ended[row])
        self._evaluation.add(Outcome(task, node.node_class, *times, succeeded=succeeded, cost=node.cost))


def _run(request: Request) -> Run:
    return Run(request.task, hint=request.duration if request.duration > 0 else None)
