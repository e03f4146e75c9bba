"""Run times learned between graphs: what has ended tells how long the next of its kind will run, and where it runs well."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bayplan.foresight.graph_plans.expected import COPIED, expected_deviations, expected_seconds
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.run_times import EndedRun, Evaluation, RunTimes, TaskRun, Unknown, efficiency
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.knowledge.run_times.lateness import lateness
from bayplan.knowledge.run_times.of_graph import critical_path
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph
from bayplan.model.workload import NodeInfo
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.requests import Requests
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome

_PORTION = 20
"""A renewal costs as much as there are open tasks: where more of them are open than this for each run that is new, it waits
until a twentieth more has ended than was known."""

_Kept = dict[tuple[int, tuple[str, ...]], FloatArray]
_Answer = Callable[[Graph, Sequence[TaskRun], Sequence[str], RunTimes | None], FloatArray]


class RunTimeLearning:
    """Learned under the runs of `Submission.runs`, so from one graph to another only where these are the same."""

    def __init__(
        self, submissions: Sequence[Submission], requests: Requests, nodes: Sequence[NodeInfo], log: AttemptLog
    ) -> None:
        self._submissions, self._requests, self._nodes, self._log = submissions, requests, nodes, log
        identities = {
            self._identity(number, task) for number, each in enumerate(submissions) for task in range(len(each.classes))
        }
        identities.update(
            one.learned_as for each in submissions for of_task in each.candidates.values() for one in of_task.candidates
        )
        self._run_times = RunTimes(limit=max(1, len(identities)))
        self._evaluation = Evaluation()
        self._news = self._known = 0
        """Runs that have ended since the last renewal, and before."""
        self._seconds: _Kept = {}
        """By graph and classes of nodes, as the copy for plans has it."""
        self._deviations: _Kept = {}
        self._for_plans: RunTimes | None = None
        self._copied_at = 0.0
        self.forecast = requests.forecast = Expectations(self._run_times, requests.run_of)
        self.efficiency: Efficiency | None = None
        """`None`: no run has ended yet."""

    def expect(self, graph: GraphState) -> None:
        """What is expected of a graph's tasks by now counts."""
        number = graph.number
        expected = self.forecast.seconds_of(self._runs(number))
        path = critical_path(self._submissions[number].graph, expected)
        self._requests.expect(number, np.nan_to_num(expected).tolist(), path.tolist())
        self._tell_late(graph)

    def chosen(self, graph: GraphState) -> None:
        """A task of a graph runs another candidate from now on."""
        self.expect(graph)
        for kept in (self._seconds, self._deviations):
            for key in [each for each in kept if each[0] == graph.number]:
                del kept[key]

    def ended(self, number: int, unit: int, row: int) -> None:
        """An attempt of a unit has succeeded or failed by itself."""
        log, node, task = self._log, self._nodes[self._log.node[row]], self._requests.task(number, unit)
        succeeded, seconds = log.outcome[row] == AttemptOutcome.SUCCEEDED, log.ended[row] - log.started[row]
        if succeeded and seconds > 0:
            run = replace(self._requests.run(number, task), node_class=node.node_class)
            self._run_times.observe(run, seconds, log.ended[row])
            self.forecast.learned(run.family, run.task)
        times = (log.wanted[row], log.started[row], log.ended[row])
        identity = self._identity(number, task)
        self._evaluation.add(EndedRun(identity, node.node_class, *times, succeeded=succeeded, cost=node.cost))
        self._news += 1

    def step(self, now: float, open_graphs: Callable[[], Sequence[int]]) -> bool:
        """Before anything is placed: let what has ended count, if it is time; whether it does now. `open_graphs`: numbers."""
        due = self.forecast.due_at
        if due is None or now < due or not self._enough(open_graphs):
            return False
        self._known += self._news
        self._news = 0
        self.forecast.renew(now, lambda: (run for number in open_graphs() for run in self._runs(number)))
        self.efficiency = efficiency(self._evaluation)
        return True

    def next_time(self) -> float | None:
        """When `step` has something to do though nothing happens; `None`: nothing was learned since."""
        return self.forecast.due_at

    def expected(self, submission: Submission) -> FloatArray:
        """Per task, the seconds that are expected of one unit by now, wherever it runs; 0: not known. O(tasks)."""
        found = [self._run_times.predict(run) for run in submission.runs]
        known = [0.0 if isinstance(each, Unknown) else each.mean for each in found]
        return np.array(known) if known else np.zeros(len(submission.graph.tasks))

    def seconds(self, graph: GraphState, classes: tuple[str, ...], now: float) -> FloatArray:
        """Shape (tasks, classes): the mean of the next run of a unit of each task, as the operator's plans expect it: by a copy
        of what was learned that is taken now and then. O(tasks * classes) predictions once for each copy."""
        return self._of_copy(self._seconds, expected_seconds, graph, classes, now)

    def deviations(self, graph: GraphState, classes: tuple[str, ...], now: float) -> FloatArray:
        """Shape (tasks, classes): the standard deviation of the log of what `seconds` gives, by the same copy."""
        return self._of_copy(self._deviations, expected_deviations, graph, classes, now)

    def _tell_late(self, graph: GraphState) -> None:
        """Its time-outs and backups that go by what was learned."""
        if graph.flow is not None:
            rounds, runs = graph.submission.rounds, self._runs(graph.number)
            by_p95 = rounds is not None and rounds.by_p95
            found = lateness(self.forecast, graph.submission.graph, runs, graph.flow, rounds_by_p95=by_p95)
            if found is not None and found != graph.lateness:
                graph.lateness, graph.newly_late = found, True

    def _of_copy(self, kept: _Kept, answer: _Answer, graph: GraphState, classes: tuple[str, ...], now: float) -> FloatArray:
        if self._for_plans is None or now >= self._copied_at + COPIED:
            self._for_plans, self._copied_at = self._run_times.copy(), now
            self._seconds.clear()
            self._deviations.clear()
        key = graph.number, classes
        if key not in kept:
            kept[key] = answer(graph.submission.graph, self._runs(graph.number), classes, self._for_plans)
        return kept[key].copy()

    def _enough(self, open_graphs: Callable[[], Sequence[int]]) -> bool:
        bought = self._news * _PORTION
        return bought >= self._known or bought >= sum(len(self._submissions[number].classes) for number in open_graphs())

    def _runs(self, number: int) -> list[TaskRun]:
        return [self._requests.run(number, task) for task in range(len(self._submissions[number].classes))]

    def _identity(self, number: int, task: int) -> str:
        run = self._requests.run(number, task)
        return f"{run.family}/{run.task}" if self._submissions[number].runs else run.task
