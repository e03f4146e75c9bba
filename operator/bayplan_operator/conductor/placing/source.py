"""Where requests come from: units of graphs, or pods that are no graph's. One decider decides about all of them."""

from collections.abc import Hashable, Sequence
from typing import Protocol

from bayplan.admission.whole_graphs.whole_graph import Charged
from bayplan.core.changes import Changes
from bayplan.model.decision import Decision
from bayplan_operator.conductor.step import Tick


class Source(Protocol):
    """Knows what wants a place, and acts on what was decided about it."""

    def changes(self, tick: Tick) -> Changes:
        """What is new since the last time: requests that want a place, and those that want none any more."""
        ...

    def owns(self, request_id: Hashable) -> bool:
        """Whether a request is one of its own."""
        ...

    def charged(self, graphs: Sequence[Charged], tick: Tick) -> None:
        """These graphs were admitted as a whole by the decision of which the placements come."""
        ...

    def placed(self, placements: Sequence[Decision], tick: Tick) -> None:
        """These of its requests have a place, in this order."""
        ...

    def waiting(self, waiting: Sequence[Decision], tick: Tick) -> None:
        """These of its requests have none, and why."""
        ...
