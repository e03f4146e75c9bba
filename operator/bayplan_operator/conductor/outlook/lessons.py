"""What was learned, for work beside the ticks."""

from bayplan.knowledge.node_states import Survival
from bayplan.knowledge.run_times import RunTimes
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.knowledge.learned import Learned


class Lessons:
    """A copy of all run times, since learning goes on meanwhile. It is made again now and then, not for each piece of work."""

    def __init__(self, learned: Learned | None, clock: Clock, every: float) -> None:
        """``learned``: none: nothing is; ``every``: seconds for which a copy serves."""
        self._learned, self._clock, self._every = learned, clock, every
        self._copy: RunTimes | None = None
        self._copied_at = float("-inf")

    @property
    def run_times(self) -> RunTimes | None:
        """Not long ago; none: nothing is learned. O(tasks known) where the copy is made again."""
        if self._learned is not None and self._clock.monotonic() >= self._copied_at + self._every:
            self._copy, self._copied_at = self._learned.run_times.copy(), self._clock.monotonic()
        return self._copy

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; none: nothing was seen."""
        return None if self._learned is None else self._learned.survival
