"""A graph that is to be admitted as a whole, as the decider is told of it."""

from collections.abc import Hashable
from dataclasses import dataclass

from bayplan.admission.whole_graphs.demand import GraphDemand
from bayplan.cluster.quotas import GraphCharge
from bayplan.model.arrays import BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class WholeGraph:
    """What is known of it by now."""

    id: Hashable
    """As requests have it in `graph`."""
    name: str
    queue: str
    namespace: str
    demand: GraphDemand
    over: BoolArray
    """Per task, it needs no more pods."""
    charge: GraphCharge | None = None
    """What was charged for it when it was admitted; `None`: it was not yet."""


@dataclass(frozen=True, slots=True)
class Charged:
    """A graph that was admitted: this has to be on record before its first pod is made."""

    graph: Hashable
    charge: GraphCharge
