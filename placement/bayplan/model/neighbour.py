"""What pods ask of the pods around them, in Kubernetes' own terms. All values are immutable and hashable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bayplan.model.constraints import Requirement

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that each namespace has: its name."""
EVERY_ADDRESS = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class PodSelector:
    """Pods, by their labels, in some namespaces."""

    requirements: tuple[Requirement, ...] | None = ()
    """Conditions on labels, which must all hold; none: every pod; `None`: no pod (as a label selector that is null)."""
    namespaces: frozenset[str] = frozenset()
    namespace_selector: tuple[Requirement, ...] | None = None
    """Beside those named, the namespaces whose labels meet these conditions; none: all; `None`: no others."""

    def matches(self, pod: "Neighbour", namespaces: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether it selects a pod. `namespaces`: the labels of each."""
        if self.requirements is None:
            return False
        if pod.namespace not in self.namespaces:
            if self.namespace_selector is None:
                return False
            labels = {NAMESPACE_NAME: pod.namespace, **namespaces.get(pod.namespace, {})}
            if not all(_holds(each, labels) for each in self.namespace_selector):
                return False
        return all(_holds(each, pod.label) for each in self.requirements)


@dataclass(frozen=True, slots=True)
class PodTerm:
    """Pods of which there is, or is not, to be one in the same domain: on nodes with the same value of a label."""

    pods: PodSelector
    topology_key: str


@dataclass(frozen=True, slots=True)
class PreferredPods:
    """A term that makes a domain better by `weight` (1 to 100) for each such pod there, or worse where it is negative."""

    weight: int
    term: PodTerm


@dataclass(frozen=True, slots=True)
class SpreadConstraint:
    """A topology spread constraint."""

    topology_key: str
    max_skew: int
    pods: PodSelector
    hard: bool = True
    """`DoNotSchedule`; otherwise `ScheduleAnyway`."""
    min_domains: int = 1
    honors_affinity: bool = True
    """Counted are the nodes that the pod's node selector and required node affinity allow (`nodeAffinityPolicy`)."""
    honors_taints: bool = False
    """Counted are the nodes whose taints the pod tolerates (`nodeTaintsPolicy`)."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of the node that a pod takes for itself."""

    port: int
    protocol: str = "TCP"
    address: str = EVERY_ADDRESS

    def conflicts(self, other: "HostPort") -> bool:
        """Whether one node cannot give both."""
        if (self.port, self.protocol) != (other.port, other.protocol):
            return False
        return self.address == other.address or EVERY_ADDRESS in (self.address, other.address)


@dataclass(frozen=True)
class Neighbour:
    """What other pods see of a pod, and what it asks of them. Not slotted: its hash and its labels are kept."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Sorted by key."""
    affinity: tuple[PodTerm, ...] = ()
    """Required: in each domain, a pod that all of them select."""
    anti_affinity: tuple[PodTerm, ...] = ()
    """Required: in no domain a pod that one of them selects; nor do such pods come to where this one is."""
    preferred: tuple[PreferredPods, ...] = ()
    spread: tuple[SpreadConstraint, ...] = ()
    ports: tuple[HostPort, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the hash."""
        object.__setattr__(self, "_hash", hash(self._parts()))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Hashes of strings differ between processes, so the kept one must not travel.
        return Neighbour, self._parts()

    @cached_property
    def label(self) -> dict[str, str]:
        """Its labels, by key."""
        return dict(self.labels)

    @cached_property
    def asks(self) -> bool:
        """It asks something of other pods or of ports of the node; otherwise only others may ask something of it."""
        return bool(self.affinity or self.anti_affinity or self.preferred or self.spread or self.ports)

    def _parts(self) -> tuple[object, ...]:
        return self.namespace, self.labels, self.affinity, self.anti_affinity, self.preferred, self.spread, self.ports


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """As label selectors have it: a missing label satisfies NotIn and DoesNotExist only."""
    found = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return found in requirement.values
        case "NotIn":
            return found not in requirement.values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case _:
            return False
