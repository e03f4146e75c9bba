"""One graph on the virtual cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from bayplan.collaboration.choosing import FailedCandidate
from bayplan.collaboration.rounds import AfterRound, RoundState, RoundTerms, after_round, none_ran
from bayplan.knowledge.run_times.lateness import LearnedLateness
from bayplan.lifecycle import (
    Advance,
    Attempt,
    Controls,
    Flow,
    GivenUp,
    Lifecycle,
    Observations,
    Phase,
    Retry,
    Round,
    Run,
    UnitState,
    advance,
    begun,
    values_of,
)
from bayplan.model.arrays import IntArray
from bayplan.model.workload import Gang
from bayplan.simulation.choices import GraphChoices
from bayplan.simulation.following import foreseen, foreseen_terms
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.submission import Parallelism, Submission
from bayplan.simulation.trace import AttemptOutcome


@dataclass(slots=True)
class GraphState:
    """What the conductor holds of a graph, and what can be seen of its attempts.

    A graph of one unit has no run until something goes wrong with it: until then the state machine could only say that
    it wants its start at once, and that it has succeeded. Then it learns of the attempt as it would after a restart.
    """

    number: int
    submission: Submission
    run: Run | None = None
    seen: dict[int, Attempt] = field(default_factory=dict)
    """By row of the log, what is seen of attempts whose outcome the run does not know yet."""
    wanted: set[int] = field(default_factory=set)
    """Units that wait for a place."""
    tried: dict[int, int] = field(default_factory=dict)
    """Unit to its number of attempts, if any."""
    wake_at: float | None = None
    strategy: str = ""
    """The candidate of an adaptive policy that places it; empty: its policy has but one strategy."""
    ended_at: float | None = None
    succeeded: bool = False
    failure: str = ""
    flow: Flow | None = field(init=False, default=None)
    """As the simulation goes by it."""
    choices: GraphChoices | None = field(init=False, default=None)
    """None: none of its tasks has candidates."""
    lateness: LearnedLateness = field(init=False, default=LearnedLateness())
    """As it was learned."""
    newly_late: bool = field(init=False, default=False)
    """That has changed since the state machine was asked."""
    _retries: Sequence[Retry] = field(init=False, default=())
    _terms: RoundTerms | None = field(init=False, default=None)
    _rounds: RoundState = field(init=False, default=RoundState())
    """What the rounds that are over leave behind."""
    _weights: tuple[float, ...] = field(init=False, default=())
    """Of the joint loss, if new ones have been made."""
    _serviced: set[int] = field(init=False, default_factory=set)
    """Numbers of gangs that have their Service."""
    _next: Round | None = field(init=False, default=None)
    """It is decided, and has not begun."""

    def __post_init__(self) -> None:
        submission = self.submission
        self._retries = submission.retries or [_RETRY] * len(submission.graph.tasks)
        if submission.candidates:
            self.choices = GraphChoices(submission.candidates)
        self.take(submission)

    def take(self, submission: Submission) -> None:
        """From now on it is this: a candidate was chosen, and so what is given of how a task ends may be other than before."""
        self.submission = submission
        if submission.flow is not None:
            self.flow = foreseen(submission.graph, submission.flow, submission.endings)
        if submission.rounds is not None:
            self._terms = foreseen_terms(submission.graph, submission.rounds, submission.endings)

    @property
    def simple(self) -> bool:
        """It has one unit, which runs once: it may do without a run."""
        return self.submission.graph.units == 1 and self.flow is None and self.choices is None

    @property
    def timed(self) -> bool:
        """Its rounds have a time-out, or backups begin some time after the start."""
        late = self.flow is not None and any(rule.learned or rule.after is not None for rule in self.flow.backups)
        return late or (self.submission.rounds is not None and self.submission.rounds.limited)

    @property
    def light(self) -> bool:
        """It has one unit, and nothing has gone wrong with it."""
        return self.run is None

    def follow(self) -> Run:
        """From now on its state machine is asked."""
        if self.run is None:
            self.run = Run.fresh(self.submission.graph.units)
            if self.flow is not None and self.flow.repeated is not None:
                first, self._next = self._next or Round(1), None
                self.run = begun(self.submission.graph, self.flow, self.run, first)
        return self.run

    @property
    def unbegun(self) -> bool:
        """Something of it repeats, and its first round is to be decided."""
        return self.run is None and self._next is None and self.flow is not None and self.flow.repeated is not None

    def decide(self, next_one: Round) -> None:
        """That is the next round."""
        self._next = next_one

    def step(self, lost_nodes: frozenset[str], now: float) -> Advance:
        """Ask the state machine."""
        step = advance(
            self.submission.graph, self.follow(), self.controls, Observations(tuple(self.seen.values()), (), lost_nodes), now
        )
        self.run, self.newly_late = step.run, False
        return step

    @property
    def controls(self) -> Controls:
        """Its retries, and how its tasks follow each other."""
        limit, repeated = self.submission.rounds, None if self.flow is None else self.flow.repeated
        time_outs = self.lateness.time_outs
        if limit is not None and limit.time_out is not None and repeated is not None:
            time_outs = dict.fromkeys(repeated.tasks.nonzero()[0].tolist(), limit.time_out)
        alternatives = {} if self.choices is None else self.choices.alternatives()
        return Controls(self._retries, flow=self.flow, time_outs=time_outs, late=self.lateness.late, alternatives=alternatives)

    def end_round(self) -> bool:
        """A round is over. Answers whether it was the last, so that what follows may start; else the next is to be decided."""
        run, graph = self.follow(), self.submission.graph
        if self._terms is None or self.flow is None or self.flow.repeated is None:
            return False
        idle = none_ran(run, self.flow.repeated.units.nonzero()[0])
        found = AfterRound(self._rounds, idle)
        if not idle:
            found = after_round(self._terms, self._rounds, self._weights, lambda task, key: values_of(graph, run, task, key))
        state = found.state
        if state.best is not None:  # as it stands in the status, by which the operator goes
            state = replace(state, best=float(f"{state.best:.6g}"))
        self._rounds, self._weights = state, found.weights or self._weights
        if found.again:
            self._choose_again(graph.index[found.again], found.why)
        if found.over:
            self.run = Lifecycle(graph, run).end_rounds(found.over if found.failed else "")
        return bool(found.over)

    def _choose_again(self, task: int, why: str) -> None:
        """Another candidate for what adds most to the joint loss; if none is left, it keeps its own."""
        if self.choices is not None and task in self.submission.candidates and self.choices.alternatives()[task].left:
            self.give_up([GivenUp(task, why)])

    def begin_round(self) -> IntArray:
        """Begin the next round, if it was decided: the units that run again."""
        if self._next is None or self.run is None or self.flow is None or self.flow.repeated is None:
            return _NONE
        self.run, self._next = begun(self.submission.graph, self.flow, self.run, self._next), None
        if self.choices is not None:
            self.choices.begin_round(self.run.round)
        return self.flow.repeated.units.nonzero()[0]

    def round_of(self, unit: int) -> int:
        """In which round a unit is that is tried now; 0: it does not repeat."""
        repeated = None if self.flow is None else self.flow.repeated
        return self.follow().round if repeated is not None and repeated.units[unit] else 0

    def gang(self, unit: int) -> Gang | None:
        """The gang of a unit that wants a place, as the decider is told of it; none: it is in none."""
        if self.flow is None or not self.flow.together(unit):
            return None
        rule, run = self.flow.gangs[self.flow.gang_of[unit]], self.follow()
        return Gang(
            id=(self.number, rule.name),
            minimum=rule.minimum if rule.elastic else None,
            topology=self.submission.topologies.get(rule.name),
            beside=tuple(run.node[each] for each in rule.units if run.state[each] in (UnitState.BINDING, UnitState.RUNNING)),
            name=f"{self.submission.name.rpartition('/')[2]}/{rule.name}",
        )

    def without_service(self, units: set[int]) -> set[int]:
        """Of units that want a place, the members of gangs that have no Service yet. From now on they have one."""
        if self.flow is None or not self.flow.gangs:
            return set()
        gangs = {unit: self.flow.gang_of[unit] for unit in units if self.flow.together(unit)}
        found = {unit for unit, gang in gangs.items() if gang not in self._serviced}
        self._serviced.update(gangs.values())
        return found

    @property
    def skipped(self) -> frozenset[int]:
        """Units that were not to run, or that it went on without."""
        return frozenset() if self.run is None else frozenset(np.flatnonzero(self.run.state == UnitState.SKIPPED).tolist())

    @property
    def repeats(self) -> IntArray | None:
        """Shape (tasks,): how often each has run, counted in rounds; none: nothing repeats."""
        if self.flow is None or self.flow.repeated is None:
            return None
        return np.where(self.flow.repeated.tasks, self.follow().round, 1)

    @property
    def gone_without(self) -> IntArray:
        """Units that are over and have not succeeded."""
        return np.flatnonzero(self.follow().state > UnitState.SUCCEEDED)

    def settled(self, units: Sequence[int]) -> Sequence[int]:
        """Of units that could start, those of which it is decided what they run."""
        if self.choices is None:
            return units
        return [unit for unit in units if self.choices.settled(int(self.submission.graph.unit_task[unit]))]

    @property
    def homeless(self) -> dict[int, str]:
        """By unit that could start, why no candidate can do its task."""
        if self.choices is None or not self.choices.homeless:
            return {}
        run, graph, found = self.follow(), self.submission.graph, {}
        for task, why in self.choices.homeless.items():
            for unit in range(int(graph.unit_start[task]), int(graph.unit_start[task + 1])):
                if run.state[unit] == UnitState.READY:
                    found[unit] = why
        return found

    def may_want(self, units: Sequence[int]) -> set[int]:
        """Of the units that could start, ascending, those that may ask for a place: first those that do already."""
        limits = self.submission.parallelism
        if not limits:
            return set(units)
        task_of = self.submission.graph.unit_task
        left = [limit.most for limit in limits]
        for attempt in self.seen.values():
            _take(left, limits, int(task_of[attempt.unit]))
        able, wanted, tasks = set(units), set[int](), len(self.submission.graph.tasks)
        for unit in chain(sorted(self.wanted & able), (each for each in units if each not in self.wanted)):
            task = int(task_of[unit])
            if all(more > 0 for more, limit in zip(left, limits, strict=True) if task in limit.tasks):
                wanted.add(unit)
                _take(left, limits, task)
            elif any(more <= 0 and len(limit.tasks) == tasks for more, limit in zip(left, limits, strict=True)):
                break
        return wanted

    def give_up(self, gone: Sequence[GivenUp]) -> IntArray:
        """The candidates of these tasks have failed for good: the units that run again."""
        starts = self.submission.graph.unit_start
        for each in gone:
            assert self.choices is not None, "only tasks with candidates are given up"
            number = self.round_of(int(starts[each.task]))
            self.choices.give_up(each.task, FailedCandidate(number, each.why))
        units = [np.arange(starts[each.task], starts[each.task + 1]) for each in gone]
        return np.concatenate(units) if units else _NONE

    def forget_settled(self, log: AttemptLog, lost_nodes: frozenset[str], now: float) -> None:
        """Look no more at attempts whose outcome the run knows; those that still ran on lost nodes are lost with them.

        What still runs elsewhere was left behind, and has to be stopped.
        """
        settled = np.asarray(self.follow().settled)
        for row, attempt in list(self.seen.items()):
            runs = attempt.phase < Phase.SUCCEEDED
            if attempt.incarnation <= settled[attempt.unit] and not (runs and attempt.node not in lost_nodes):
                del self.seen[row]
                if runs:
                    log.end(row, AttemptOutcome.LOST, now)


def _take(left: list[int], limits: Sequence[Parallelism], task: int) -> None:
    """One unit of the task is under way."""
    for number, limit in enumerate(limits):
        if task in limit.tasks:
            left[number] -= 1


_RETRY = Retry()
_NONE = np.zeros(0, np.int64)
"""No units."""
