"""What is charged for a graph that is admitted as a whole."""

from collections.abc import Mapping
from typing import Any

from bayplan.cluster.quotas import GraphCharge
from bayplan_operator.conductor.record.commitment import Commitment
from bayplan_operator.translate.charge_record import read_charge


class RecordedCharge:
    """A commitment: it stands in the status before the first pod. Its amounts are those of the admission, since what is left of
    them follows from what has ended.

    It is given back while the graph is suspended, and where the graph goes to another queue before its first pod. Until the
    status says so, it counts on, so that a successor never finds a charge whose room was given to others.
    """

    def __init__(self) -> None:
        self.whole = False
        """The graph is to be admitted as a whole."""
        self._made: Commitment[GraphCharge] = Commitment(read_charge)
        self._stands: GraphCharge | None = None
        """What the status says."""

    @property
    def decided(self) -> GraphCharge | None:
        """What was charged when it was admitted; `None`: it is not."""
        return self._made.value if self.whole else None

    @property
    def settled(self) -> bool:
        """The status says what was decided, or rightly nothing: pods may be asked for."""
        return self.decided == self._stands

    @property
    def counts(self) -> GraphCharge | None:
        """What others have to leave it."""
        return self.decided or self._stands

    def follow(self, queue: str, *, whole: bool, suspended: bool) -> None:
        """As the spec says now."""
        self.whole = self._made.needed = whole
        charge = self._made.value
        if charge is not None and (suspended or not whole or charge.queue != queue):
            self._made.withdraw()

    def admit(self, charge: GraphCharge) -> None:
        """The decider has admitted it. Raises ``ValueError`` where another charge was recorded."""
        self._made.decide(charge)

    def find(self, status: Mapping[str, Any]) -> None:
        """The API server has this status now."""
        self._made.find(status)
        self._stands = read_charge(status)
