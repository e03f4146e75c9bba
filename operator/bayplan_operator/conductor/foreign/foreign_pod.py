"""What the conductor holds of one foreign pod."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bayplan.model.neighbour import Neighbour
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import RequestClass
from bayplan.strategy.wish import Wish
from bayplan_operator.kube import wire
from bayplan_operator.translate.foreign.asked import AskedByLabels
from bayplan_operator.translate.foreign.placed import decided, gated
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.translate.policy import CompiledPolicy


class WhyWaiting(NamedTuple):
    """What the pod is told."""

    reason: str
    """One word."""
    message: str


@dataclass(frozen=True, slots=True)
class ForeignId:
    """The id of its request."""

    uid: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What a pod asks, that can be placed as far as it alone decides that."""

    asked: AskedByLabels
    request_class: RequestClass
    neighbour: Neighbour
    policy: CompiledPolicy
    run: RunLaw | None = None


class ForeignPod:
    """Follows the pod as it is seen."""

    def __init__(self, key: PodKey) -> None:
        self.key = key
        self.pod = wire.Pod(wire.Metadata())
        self.spec: Mapping[str, Any] | None = None
        """The whole of it, until the pod is bound."""
        self.flying = False
        """It has a place, and is being let go there."""
        self.asked: AskedByLabels | None = None
        """What its labels ask; ``None``: they are wrong."""
        self.demand: Demand | None = None
        """``None``: it cannot be placed, or need not be."""
        self.shape: tuple[RequestClass, Neighbour] | None = None
        """What its spec and labels come to."""
        self.shape_of: tuple[Mapping[str, Any], Mapping[str, str]] = {}, {}
        """From which spec and labels that was made."""
        self.obstacle: WhyWaiting | None = None
        """Why the pod, taken alone, cannot be placed."""
        self.wish: Wish | None = None
        """What the decider is to know of it; ``None``: nothing."""
        self.resumes = False
        """It is to be let go to the place that is on record."""
        self.words: WhyWaiting | None = None
        """What it is to be told; ``None``: nothing, or what was said last."""
        self.request_class: RequestClass | None = None
        """As it was placed; ``None``: this process has not placed it."""
        self.node = ""
        """Where it is, or is to go; empty: that is not known."""
        self.refusal: WhyWaiting | None = None
        """Why the API server would not let it go the last time."""
        self.others: tuple[str, ...] = ()
        """Other nodes to which kube-scheduler may bind it."""
        self.failures, self.retry_at = 0, 0.0
        """How often in a row it could not be let go, and when that is tried again, in seconds since the epoch."""
        self.unbound_told = False
        """It was said that kube-scheduler does not bind it."""

    @property
    def leaving(self) -> bool:
        """It is being deleted."""
        return self.pod.metadata.deletion_timestamp is not None

    @property
    def waits(self) -> bool:
        """It is gated, and nothing is decided about it."""
        return gated(self.pod) and not self.leaving and not self.flying

    @property
    def there(self) -> bool:
        """It is past the gate, or on its way."""
        return (self.flying or not gated(self.pod)) and not self.leaving

    @property
    def resumable(self) -> bool:
        """An earlier operator has put its place on record, and did not get to let it go."""
        return self.waits and self.request_class is None and decided(self.pod) is not None

    @property
    def gang(self) -> tuple[str, str] | None:
        """Namespace and name of the gang that it says it is of."""
        return (self.key[0], self.asked.gang) if self.asked is not None and self.asked.gang else None

    @property
    def in_its_gang(self) -> tuple[object, ...]:
        """What counts for its gang."""
        return self.waits, self.there, self.resumable, self.node, self.asked, self.demand, self.obstacle

    @property
    def created(self) -> float:
        """In seconds since the epoch."""
        at = self.pod.metadata.creation_timestamp
        return 0.0 if at is None else at.timestamp()
