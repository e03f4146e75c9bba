"""Where graphs would go."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.simulation import HiddenLoad, Occupied
from bayplan.workload import NodeInfo
from bayplan_operator.translate.policy import Policy


@dataclass(frozen=True, slots=True)
class Current:
    """Where graphs would go."""

    nodes: Sequence[NodeInfo]
    occupied: Sequence[Occupied] = ()
    """What pods have now; it stays theirs, since nobody knows when they end."""
    policies: dict[str, Policy] | None = None
    """None: there is no cluster to ask."""
    load: HiddenLoad | None = None
