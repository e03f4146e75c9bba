"""One graph on the virtual cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from bayplan.lifecycle import Advance, Attempt, Controls, Observations, Phase, Retry, Run, advance
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

    @property
    def light(self) -> bool:
        """It has one unit, and nothing has gone wrong with it."""
        return self.run is None

    def follow(self) -> Run:
        """From now on its state machine is asked."""
        if self.run is None:
            self.run = Run.fresh(self.submission.graph.units)
        return self.run

    def step(self, lost_nodes: frozenset[str], now: float) -> Advance:
        """Ask the state machine."""
        step = advance(
            self.submission.graph, self.follow(), self.controls, Observations(tuple(self.seen.values()), (), lost_nodes), now
        )
        self.run = step.run
        return step

    @property
    def controls(self) -> Controls:
        """Its retries."""
        return Controls(self.submission.retries or [_RETRY] * len(self.submission.graph.tasks))

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

    def forget_settled(self, log: AttemptLog, now: float) -> None:
        """Look no more at attempts whose outcome the run knows; those that still ran are lost with their nodes."""
        settled = np.asarray(self.follow().settled)
        for row, attempt in list(self.seen.items()):
            if attempt.incarnation <= settled[attempt.unit]:
                del self.seen[row]
                if attempt.phase < Phase.SUCCEEDED:
                    log.end(row, AttemptOutcome.LOST, now)


def _take(left: list[int], limits: Sequence[Parallelism], task: int) -> None:
    """One unit of the task is under way."""
    for number, limit in enumerate(limits):
        if task in limit.tasks:
            left[number] -= 1


_RETRY = Retry()
