"""What is to be placed, and on what. Quantities are whole numbers in smallest units: millicores, bytes, devices, pods."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from bayplan.constraints import PreferredTerm, Taint, Term, Toleration


@dataclass(frozen=True)
class RequestClass:
    """Everything about a pod that decides which nodes fit it; pods alike share one class.

    Not slotted: its hash is computed once and kept, since a class is looked up for every decision.
    """

    resources: tuple[tuple[str, int], ...]
    """Name and amount, sorted by name."""
    node_selector: tuple[tuple[str, str], ...] = ()
    required: tuple[Term, ...] = ()
    """Alternatives; none: no such constraint."""
    preferred: tuple[PreferredTerm, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the amounts. Raises `ValueError`."""
        for name, amount in self.resources:
            if amount < 0:
                raise ValueError(f"resources[{name}] is {amount}: it must not be negative")
        parts = (self.resources, self.node_selector, self.required, self.preferred, self.tolerations)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Request:
    """One pod that wants a place."""

    id: Hashable
    request_class: RequestClass
    priority: int = 0
    critical_path: float = 0.0
    """Seconds from its start to the end of its graph along the longest chain."""
    arrival: tuple[object, ...] = ()
    """Sorts those who came earlier first; equal for the pods of one graph."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A node as far as placing depends on it."""

    name: str
    allocatable: Mapping[str, int]
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    """Cordoned."""
    ready: bool = True
