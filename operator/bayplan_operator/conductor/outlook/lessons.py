"""What was learned, for work beside the ticks."""

from dataclasses import dataclass, field

from bayplan.knowledge.node_states import Survival
from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import RunTimes, StartUps
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.knowledge.learned import Learned
from bayplan_operator.translate.task_graph import Prepared


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What was learned, for work on one graph."""

    run_times: RunTimes | None = None
    """A copy that only work beside the ticks reads; none: nothing was."""
    rounds: RoundCounts = field(default_factory=RoundCounts)
    """How many rounds earlier graphs of its kind took."""
    start_ups: StartUps | None = None
    """How long pods take to start; none: nothing was seen of it."""


class Lessons:
    """A copy of all run times, since learning goes on meanwhile. It is made again now and then, not for each piece of work."""

    def __init__(self, learned: Learned | None, clock: Clock, every: float) -> None:
        """``learned``: none: nothing is; ``every``: seconds for which a copy serves."""
        self._learned, self._clock, self._every = learned, clock, every
        self._copy: RunTimes | None = None
        self._start_ups: StartUps | None = None
        self._copied_at = float("-inf")

    @property
    def run_times(self) -> RunTimes | None:
        """Not long ago; none: nothing is learned. O(tasks known) where the copy is made again."""
        if self._learned is not None:
            self._renew(self._learned)
        return self._copy

    def of(self, prepared: Prepared) -> Lesson:
        """For a graph; the run times as in `run_times`."""
        if self._learned is None:
            return Lesson()
        self._renew(self._learned)
        return Lesson(self._copy, self._learned.rounds(prepared), self._start_ups)

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; none: nothing was seen."""
        return None if self._learned is None else self._learned.survival

    def _renew(self, learned: Learned) -> None:
        if self._clock.monotonic() >= self._copied_at + self._every:
            self._copy, self._start_ups = learned.run_times.copy(), learned.start_ups
            self._copied_at = self._clock.monotonic()
