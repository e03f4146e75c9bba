"""What planning and estimating ask of what was learned."""

from typing import Protocol

from bayplan.knowledge.node_states import Survival
from bayplan.knowledge.run_times import RunTimes


class Learned(Protocol):
    """What was learned so far, by a learner that goes on learning."""

    @property
    def run_times(self) -> RunTimes:
        """All that was learned of run times; changes, so a thread takes a copy."""

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; never changes itself. None: nothing was seen yet."""
