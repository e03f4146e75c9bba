"""What is to be placed, and on what."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from bayplan.model.constraints import PreferredTerm, Taint, Term, Toleration
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.neighbour import Neighbour
from bayplan.model.resources import Resources
from bayplan.model.run_law import RunLaw


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
    judged_elsewhere: str = ""
    """An opaque name for demands that only the cluster's own scheduler can judge (volumes, devices); empty: none.
    What it refuses to one class says nothing about another."""
    gpus: GpuAsk | None = None
    """What is asked for of single GPUs, beside the resource that stands for them in `resources`; none: nothing."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the amounts. Raises `ValueError`."""
        for name, amount in self.resources:
            if amount < 0:
                raise ValueError(f"resources[{name}] is {amount}: it must not be negative")
        if len(dict(self.resources)) < len(self.resources):
            names = ", ".join(name for name, _ in self.resources)
            raise ValueError(f"resources has a name more than once ({names}): each must have one amount")
        object.__setattr__(self, "_hash", hash(self._parts()))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Hashes of strings differ between processes, so the kept one must not travel.
        return RequestClass, self._parts()

    def _parts(self) -> tuple[object, ...]:
        return (
            self.resources,
            self.node_selector,
            self.required,
            self.preferred,
            self.tolerations,
            self.judged_elsewhere,
            self.gpus,
        )


@dataclass(frozen=True, slots=True)
class GangTopology:
    """The domains of a gang: nodes with the same value of a label. A node without the label is in none."""

    label: str
    required: bool = True
    """All of the gang must be in one domain; otherwise that is only better."""

    def __post_init__(self) -> None:
        """Check the label. Raises `ValueError`."""
        if not self.label:
            raise ValueError("topology: label is empty: it must be the key of a label of nodes")


@dataclass(frozen=True, slots=True)
class Gang:
    """Requests that get their places together. All of one gang carry the same; of `beside`, the longest counts."""

    id: Hashable
    minimum: int | None = None
    """So many of its members must have a place before any of them gets one; `None`: all."""
    topology: GangTopology | None = None
    """Where its members must be, or are better, near each other; `None`: anywhere."""
    beside: tuple[str, ...] = ()
    """Per member that has a place already, its node. These count towards the minimum, and with a topology the others go where
    they are. A node that is gone, or has no such label, says nothing."""
    name: str = ""
    """What people call it; empty: it has no name."""

    def __post_init__(self) -> None:
        """Check the minimum. Raises `ValueError`."""
        if self.minimum is not None and self.minimum < 1:
            raise ValueError(f"gang {self.id}: minimum is {self.minimum}: it must be 1 or above")

    def least(self, asked: int) -> int:
        """How many of so many requests must have a place before any of them gets one."""
        if self.minimum is None:
            return asked
        return max(1, min(self.minimum - len(self.beside), asked))


@dataclass(frozen=True, slots=True)
class Request:
    """One pod that wants a place. What is not known of it is `None`, never guessed."""

    id: Hashable
    """No other request has the same. It says nothing else: whose it is stands in the fields below."""
    request_class: RequestClass
    priority: int = 0
    critical_path: float = 0.0
    """Seconds from its start to the end of its graph along the longest chain."""
    arrival: tuple[object, ...] = ()
    """Sorts requests by arrival, the earliest first; equal for the pods of one graph, so that they may be packed."""
    task: str = ""
    """The task it belongs to, by a name that stays the same whenever the task comes back."""
    gang: Gang | None = None
    deadline: float | None = None
    """When its graph should have ended, in seconds since the epoch."""
    duration: float = 0.0
    """Expected seconds from its start to its end; 0: unknown."""
    name: str = ""
    """The task by the name of its graph, GRAPH/TASK, where that is another than `task`."""
    graph: Hashable | None = None
    """The graph of which it is a unit; `None`: it is a pod of its own."""
    unit: int | None = None
    """The number of the unit in its graph, from 0."""
    namespace: str | None = None
    queue: str | None = None
    since: float | None = None
    """Since when it could have started, in seconds since the epoch."""
    preemptible: bool | None = None
    """Whether it may be evicted once it runs."""
    evicts: bool = True
    """Whether others may be evicted for it, where its queue says so."""
    evicted_at: float | None = None
    """When it was evicted last, in seconds since the epoch; `None`: never."""
    neighbour: Neighbour | None = None
    """What other pods see of it, and what it asks of them."""
    run: RunLaw | None = None
    """How long it will run, as a distribution; `duration` is one figure of the same."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A node as far as placing depends on it."""

    name: str
    allocatable: Resources
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    """Cordoned."""
    ready: bool = True
    gpus: Gpus | None = None
    node_class: str = ""
    """Nodes of one class run a task equally fast."""
    cost: float = 0.0
    """The price of an hour, in any one currency."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ValueError(f"node {self.name}: cost is {self.cost}: it must be a number, 0 or above")
