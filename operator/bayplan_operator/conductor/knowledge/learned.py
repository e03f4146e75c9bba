"""What planning and estimating ask of what was learned."""

from typing import Protocol

from bayplan.knowledge.node_states import Survival
from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import RunTimes, StartUps
from bayplan_operator.translate.task_graph import Prepared


class Learned(Protocol):
    """What was learned so far, by a learner that goes on learning."""

    @property
    def run_times(self) -> RunTimes:
        """All that was learned of run times; changes, so a thread takes a copy."""

    @property
    def start_ups(self) -> StartUps | None:
        """How long pods take to start; never changes itself. None: nothing was seen of it."""

    def rounds(self, prepared: Prepared) -> RoundCounts:
        """How many rounds earlier graphs of its kind took; never changes itself. Empty: nothing was learned."""

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; never changes itself. None: nothing was seen yet."""
