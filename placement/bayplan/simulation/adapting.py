"""Adaptive policies on the virtual cluster: the same bandit as in the operator, told of every graph as soon as it has ended."""

from collections import Counter

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.run_time_learning import RunTimeLearning
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import Switch
from bayplan.strategy.adaptive import Bandit, Ended, objective

_LOTS = 3
"""Keeps the draws of candidates apart from those of run times and failures."""


class Adapting:
    """Which candidate each graph gets. O(units) of the graphs that are under way."""

    def __init__(self, setup: Setup, machines: Machines, log: AttemptLog, learned: RunTimeLearning | None) -> None:
        self._policies, self._seed = setup.policies, setup.seed
        self._machines, self._log, self._learned = machines, log, learned
        self._bandits = {name: Bandit(each.adaptive) for name, each in setup.policies.items() if each.adaptive is not None}
        self._under_way: dict[str, Counter[str]] = {name: Counter() for name in self._bandits}
        self._rows: dict[int, dict[int, int]] = {}
        """Number of a graph that is under way to the last attempt of each unit."""
        self.switches: list[Switch] = []

    def admit(self, graph: GraphState) -> None:
        """Give a graph that has arrived its candidate."""
        name = graph.submission.policy
        bandit = self._bandits.get(name)
        if bandit is not None:
            lots = np.random.default_rng([self._seed, _LOTS, graph.number])
            graph.strategy = bandit.choose(self._under_way[name], lots).candidate
            self._under_way[name][graph.strategy] += 1
            self._rows[graph.number] = {}

    def started(self, graph: GraphState, unit: int, row: int) -> None:
        """A unit of it has a new attempt."""
        rows = self._rows.get(graph.number)
        if rows is not None:
            rows[unit] = row

    def ended(self, graph: GraphState, now: float) -> None:
        """It is over."""
        rows, name = self._rows.pop(graph.number, None), graph.submission.policy
        bandit, adaptive = self._bandits.get(name), self._policies[name].adaptive
        if rows is None or bandit is None or adaptive is None:
            return
        self._under_way[name][graph.strategy] -= 1
        value = objective(adaptive.objective).value(self._ended(graph, rows, now), self._machines.cluster)
        if value is not None and bandit.observe(graph.strategy, value):
            self.switches.append(Switch(now, name, bandit.preferred, bandit.words(bandit.preferred)))

    def _ended(self, graph: GraphState, rows: dict[int, int], now: float) -> Ended:
        submission, log = graph.submission, self._log
        took, nodes = np.full(submission.graph.units, np.nan), [""] * submission.graph.units
        for unit, row in rows.items():
            took[unit], nodes[unit] = log.ended[row] - log.started[row], self._machines.nodes[log.node[row]].name
        return Ended(
            graph=submission.graph,
            classes=submission.classes,
            response=now - submission.at,
            succeeded=graph.succeeded,
            hints=self._hints(submission),
            took=took,
            nodes=nodes,
            deadline=submission.deadline,
            rounds=graph.repeats,
        )

    def _hints(self, submission: Submission) -> FloatArray:
        """What was said, or else what was learned."""
        if submission.expected is None:
            return np.array([task.duration for task in submission.graph.tasks])
        if self._learned is None or (submission.expected > 0).all():
            return submission.expected
        return np.where(submission.expected > 0, submission.expected, self._learned.expected(submission))
