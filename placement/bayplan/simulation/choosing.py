"""Chooses the candidates of tasks that may start, by the operator's own rules."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bayplan.collaboration.choosing import (
    Contender,
    Experience,
    Occasion,
    Offer,
    choose,
    left_to_run,
    offers_of,
    waits,
)
from bayplan.knowledge.run_times import EndedRun, Evaluation
from bayplan.lifecycle import UnitState, values_of
from bayplan.simulation.candidates import Candidate
from bayplan.simulation.choices import ChoiceMade, GraphChoices
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.lots import identity
from bayplan.simulation.machines import Machines
from bayplan.simulation.requests import Requests
from bayplan.simulation.setup import Setup
from bayplan.simulation.trace import AttemptOutcome

_Graphs = Callable[[], Sequence[GraphState]]


class Choosing:
    """Knows what the runs of candidates have come to, whether or not the simulation learns run times."""

    def __init__(
        self, graphs: Sequence[GraphState], setup: Setup, machines: Machines, requests: Requests, log: AttemptLog
    ) -> None:
        self._graphs, self._setup, self._machines = graphs, setup, machines
        self._requests, self._log = requests, log
        self._evaluation = Evaluation()
        self._classes: dict[str, dict[str, None]] = {}
        """By what candidates are learned as, the classes of nodes on which they have run."""
        self._advanced: dict[int, None] = {}
        self._busy: Counter[str] | None = None
        """Choices that are under way; none: not counted in this step."""
        self.made: list[ChoiceMade] = []

    def advanced(self, graph: GraphState) -> None:
        """Its tasks may start now that could not before."""
        if graph.choices is not None and graph.choices.open:
            self._advanced[graph.number] = None

    def ended(self, row: int) -> None:
        """An attempt has succeeded or failed by itself: of a candidate, what it came to counts."""
        log, graph = self._log, self._graphs[self._log.graph[row]]
        if graph.choices is None or log.candidate[row] < 0:
            return
        submission, node = graph.submission, self._machines.nodes[log.node[row]]
        task = self._requests.task(graph.number, log.unit[row])
        one = submission.candidates[task].candidates[log.candidate[row]]
        succeeded = log.outcome[row] == AttemptOutcome.SUCCEEDED
        self._classes.setdefault(one.learned_as, {})[node.node_class] = None
        self._evaluation.add(
            EndedRun(
                one.learned_as,
                node.node_class,
                log.wanted[row],
                log.started[row],
                log.ended[row],
                succeeded=succeeded,
                cost=node.cost,
                reported=one.ending.numbers(log.round[row]) if succeeded else {},
            )
        )

    def step(self, open_graphs: _Graphs, now: float) -> list[int]:
        """Make the choices that are due; the numbers of the graphs of which something was chosen.

        O(units of the tasks that are to be chosen for) and, where there are any, O(open graphs with candidates).
        """
        found, self._advanced, self._busy = self._advanced, {}, None
        looked = [self._graphs[number] for number in sorted(found)]
        return [graph.number for graph in looked if graph.ended_at is None and self._look(graph, open_graphs, now)]

    def _look(self, graph: GraphState, open_graphs: _Graphs, now: float) -> bool:
        choices, run, starts = graph.choices, graph.follow(), graph.submission.graph.unit_start
        chosen = False
        for task in () if choices is None else choices.open:
            state = run.state[starts[task] : starts[task + 1]]
            if ((state >= UnitState.READY) & (state <= UnitState.RUNNING)).any():
                if self._busy is None:
                    self._busy = _under_way(open_graphs())
                chosen = self._choose(graph, task, self._busy, now) or chosen
        return chosen

    def _choose(self, graph: GraphState, task: int, busy: Counter[str], now: float) -> bool:
        choices, submission = graph.choices, graph.submission
        assert choices is not None
        terms, first = submission.candidates[task].terms, int(submission.graph.unit_start[task])
        number = graph.round_of(first)
        contenders = self._contenders(graph, choices, task, busy)
        made = choose(
            terms,
            contenders,
            Occasion(identity(self._setup.seed, graph.number), submission.graph.tasks[task].name, number),
            lambda name, key: values_of(submission.graph, graph.follow(), name, key),
            lambda: self._offers(graph, task, contenders, now),
        )
        if made.winner is None:
            choices.homeless[task] = made.why
            return False
        position = terms.names.index(made.winner)
        self.made.append(ChoiceMade(now, graph.number, task, number, made, dict(choices.failed(task))))
        choices.choose(task, position)
        graph.take(submission.with_candidate(task, position))
        busy[submission.candidates[task].candidates[position].learned_as] += 1
        return True

    def _contenders(self, graph: GraphState, choices: GraphChoices, task: int, busy: Counter[str]) -> list[Contender]:
        given, failed = graph.submission.candidates[task], choices.failed(task)
        return [
            self._experience(one).contender(
                one.name, given.terms.metric, busy[one.learned_as], failed[one.name].why if one.name in failed else ""
            )
            for one in given.candidates
        ]

    def _offers(self, graph: GraphState, task: int, contenders: Sequence[Contender], now: float) -> list[Offer]:
        submission = graph.submission
        selector = self._setup.policies[submission.policy].strategy.node_selector
        ones, cluster = submission.candidates[task].candidates, self._machines.cluster
        costs = [self._experience(one).cost for one in ones]
        wait = [waits(cluster, one.asks(0), selector, lambda nodes: self._left(nodes, now)) for one in ones]
        return offers_of(contenders, costs, wait, submission.graph.tasks[task].shards)

    def _left(self, nodes: frozenset[str], now: float) -> Iterator[float]:
        for row in self._machines.open_on(nodes):
            expected = self._requests.expected(self._log.graph[row], self._log.unit[row])
            yield left_to_run(expected, self._log.started[row], now)

    def _experience(self, one: Candidate) -> Experience:
        name = one.learned_as
        figures = tuple(self._evaluation.by_task[name, each] for each in self._classes.get(name, ()))
        return Experience(figures, sum(each.success.count for each in figures))


def _under_way(graphs: Sequence[GraphState]) -> Counter[str]:
    """By what candidates are learned as, how many tasks they were chosen for that are not over."""
    found: Counter[str] = Counter()
    for graph in graphs:
        if graph.choices is None or graph.run is None:
            continue
        starts = graph.submission.graph.unit_start
        for task, one in graph.choices.chosen.items():
            if not np.all(graph.run.state[starts[task] : starts[task + 1]] >= UnitState.SUCCEEDED):
                found[one.learned_as] += 1
    return found
