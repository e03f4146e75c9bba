"""How the tasks of a simulated graph follow each other, and what is given beforehand of how they end."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bayplan.collaboration.rounds import JointRule, RoundLots, RoundRule, RoundTerms
from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Condition, Flow, Repeated, Value
from bayplan.lifecycle.conditions import Reference
from bayplan.lifecycle.conditions.truth import Lookup
from bayplan.model.arrays import IntArray
from bayplan.model.graph import Graph
from bayplan.simulation.errors import SetupError


@dataclass(frozen=True, slots=True)
class Rounds:
    """When the rounds of a graph are over. Raises `SetupError`."""

    rule: RoundRule
    time_out: float | None = None
    """Seconds from a repeated task's first start after which the round goes on without its shards beyond the minimum."""
    by_p95: bool = False
    """That is what was learned of each task, where the simulation learns; `time_out` says nothing."""
    lots: RoundLots | None = None
    """Who takes part in each; none: all shards do."""
    joint: JointRule | None = None
    """What is looked at beside the rule; none: nothing is."""
    expected: int | None = None
    """So many are run, where nothing ends them before, at most as many as the rule allows; none: as earlier graphs took, or as
    many as are allowed."""
    task: TaskRun | None = None
    """With what it is learned how many there are; none: nothing may end them early."""
    learned: RoundCounts = field(default_factory=RoundCounts)
    """How many earlier graphs took."""

    @property
    def limited(self) -> bool:
        """A round may go on without shards that are late."""
        return self.by_p95 or self.time_out is not None

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.expected is not None and not 1 <= self.expected <= self.rule.most:
            raise SetupError(
                f"rounds: expected is {self.expected}: it must be from 1 to the most that there are, {self.rule.most}"
            )
        if self.time_out is not None and not (math.isfinite(self.time_out) and self.time_out > 0):
            raise SetupError(f"rounds: time_out is {self.time_out}: it must be seconds above 0")


@dataclass(frozen=True, slots=True)
class Ending:
    """How the attempts of a task end, as far as it is given. Raises `SetupError`."""

    results: tuple[Mapping[str, Value], ...] = ()
    """What each of its shards says when it succeeds: in the first round, in the second, and so on; the last one holds for all
    rounds after. None: it is not known."""
    exit_code: int = 0
    """Other than 0: its attempts fail, at the end of their run time."""
    only: frozenset[int] = frozenset()
    """The incarnations, from 1, that fail; none: all."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if any(each < 1 for each in self.only):
            raise SetupError(f"an ending names incarnation {min(self.only)}: they are counted from 1")

    def fails(self, incarnation: int) -> bool:
        """Whether the attempt does."""
        return self.exit_code != 0 and (not self.only or incarnation in self.only)

    def said(self, in_round: int) -> Mapping[str, Value]:
        """In a round, from 1; 0: outside of rounds."""
        return self.results[min(max(in_round, 1), len(self.results)) - 1] if self.results else {}

    def numbers(self, in_round: int) -> dict[str, float]:
        """What of `said` is a number: what is learned of it."""
        said = self.said(in_round).items()
        return {key: float(each) for key, each in said if isinstance(each, int | float) and not isinstance(each, bool)}

    def gives(self, key: str) -> bool:
        """The result is known in every round."""
        return bool(self.results) and all(key in each for each in self.results)


NOTHING = Ending()


@dataclass(frozen=True, slots=True)
class _TakenToHold(Condition):
    """A condition on results that are not known before a graph runs."""

    def evaluate(self, lookup: Lookup) -> bool:
        """It holds, where each task that it speaks of has succeeded."""
        return all(len(lookup(each.task, each.key)) > 0 for each in self.references)


def foreseen(graph: Graph, flow: Flow, endings: tuple[Ending, ...]) -> Flow:
    """The flow as a simulation goes by it: a condition holds, where one of the results that it speaks of is not given."""
    conditions = dict(flow.when)
    for task, condition in flow.when.items():
        if not _given(graph, endings, condition.references):
            conditions[task] = _TakenToHold(condition.tree, condition.references)
    return replace(flow, when=conditions)


def foreseen_terms(graph: Graph, rounds: Rounds, endings: tuple[Ending, ...]) -> RoundTerms:
    """The terms as a simulation goes by them: what looks at a result that is not given ends no round."""
    rule, joint = rounds.rule, rounds.joint
    until = rule.until if rule.until is not None and _given(graph, endings, rule.until.references) else None
    patience = rule.patience
    if patience is not None and not _given(graph, endings, (patience.measure.reference,)):
        patience = None
    if joint is not None and not _given(graph, endings, (each.loss.reference for each in joint.terms)):
        joint = None
    most = rule.most if rounds.expected is None else rounds.expected
    if rounds.expected is None and until is None and patience is None and joint is None and rounds.learned.informed:
        most = rounds.learned.expected(1, rule.most)
    return RoundTerms(RoundRule(most, until, patience), joint)


def by_learned(graph: Graph, rounds: Rounds, endings: tuple[Ending, ...]) -> bool:
    """The number of rounds is that which earlier graphs took: no annotation gives it, and no result that is given decides."""
    found = foreseen_terms(graph, rounds, endings)
    ends = found.rule.until is not None or found.rule.patience is not None or found.joint is not None
    return rounds.expected is None and not ends and rounds.learned.informed


def _given(graph: Graph, endings: tuple[Ending, ...], references: Iterable[Reference]) -> bool:
    """The results that are spoken of are known beforehand."""
    return bool(endings) and all(endings[graph.index[each.task]].gives(each.key) for each in references)


def on_graph(flow: Flow, before: Graph, graph: Graph) -> Flow:
    """The same flow, where tasks have other numbers of shards: a task that needed all of them needs all of them now."""
    had, has = np.diff(before.unit_start), np.diff(graph.unit_start)
    minimum: IntArray = np.where(flow.minimum >= had, has, np.minimum(flow.minimum, has))
    tasks = None if flow.repeated is None else flow.repeated.tasks
    repeated = None if tasks is None else Repeated(tasks, tasks[graph.unit_task])
    gangs = tuple(replace(gang, units=tuple(moved(before, graph, unit) for unit in gang.units)) for gang in flow.gangs)
    return replace(flow, minimum=minimum, repeated=repeated, gangs=gangs)


def moved(before: Graph, graph: Graph, unit: int) -> int:
    """The number that a unit has where tasks have other numbers of shards; its own task must have as many as before."""
    task = before.unit_task[unit]
    return int(graph.unit_start[task] + unit - before.unit_start[task])
