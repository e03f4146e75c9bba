"""The virtual cluster and everything else that a simulation is given."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.admission.tree import QueueTree
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.model.gpu import GpuUse
from bayplan.model.occupant import Tenant
from bayplan.model.resources import Resources
from bayplan.model.workload import NodeInfo
from bayplan.simulation.errors import SetupError
from bayplan.simulation.failures import Failures
from bayplan.simulation.load import HiddenLoad
from bayplan.simulation.run_times import TrueRunTimes
from bayplan.strategy.adaptive import Adaptive
from bayplan.strategy.protocols import Strategy

__all__ = ["Delays", "Occupied", "Policy", "Setup", "SetupError"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How graphs are placed that name it."""

    strategy: Strategy
    node_loss_grace: float = 30.0
    """Seconds that a node may be not ready before what runs on it counts as lost."""
    adaptive: Adaptive | None = None
    """Chooses for each graph among several strategies, in the place of `strategy`; none: it does not."""

    @property
    def strategies(self) -> Sequence[Strategy]:
        """All that it may place by."""
        return (self.strategy,) if self.adaptive is None else tuple(self.adaptive.candidates.values())

    def placing(self, candidate: str) -> Strategy:
        """The strategy of a graph: that of its candidate, where the policy is adaptive."""
        return self.strategy if self.adaptive is None else self.adaptive.candidates[candidate]


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds between cause and effect, all 0 or above. Raises `SetupError`."""

    binding: float = 0.0
    """From the decision until the node has the pod."""
    starting: float = 0.0
    """From then until its containers run."""
    noticing: float = 40.0
    """From a node's crash until it is called not ready; Kubernetes' own default."""

    def __post_init__(self) -> None:
        """Check the figures."""
        for name in ("binding", "starting", "noticing"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise SetupError(f"delays.{name} is {value}: it must be a number of seconds, 0 or above")


@dataclass(frozen=True, slots=True)
class Occupied:
    """What other pods have of a node, for as long as the simulation lasts."""

    node: str
    resources: Resources
    gpus: GpuUse | None = None
    tenant: Tenant = field(default_factory=Tenant)
    """Whose it is: it counts in its queue, and reservations and shares go by its times, in seconds of the simulation. It is
    never evicted."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything but the graphs. Raises `SetupError`."""

    nodes: Sequence[NodeInfo]
    policies: Mapping[str, Policy]
    """By the names that submissions use."""
    run_times: TrueRunTimes = field(default_factory=TrueRunTimes)
    failures: Failures = field(default_factory=Failures)
    delays: Delays = field(default_factory=Delays)
    occupied: Sequence[Occupied] = ()
    bandwidth: float = math.inf
    """Bytes per second between two nodes, for what units read of each other's results."""
    load: HiddenLoad | None = None
    """What nodes do beside; none: nothing is slowed, and nothing measured."""
    learn: bool = False
    """What has ended tells orders, scorers and plans how long the next of its kind will run and on which nodes it runs well;
    what nodes do tells how surely they hold out."""
    plan_steps: int = 30_000
    """Steps for which a new plan is improved, at most; a tenth of them where it is made again. 0: none."""
    seed: int = 0
    queues: QueueTree | None = None
    """The queues that submissions may name; none: there are none, and no quota keeps a request waiting."""
    charged: Mapping[Hashable, WholeGraph] = field(default_factory=dict)
    """Graphs beside the submissions, by the `graph` of the tenants that are theirs, for which a queue is charged as a whole."""
    until: float = math.inf
    """When the simulation ends at the latest."""

    def __post_init__(self) -> None:
        """Check what can be checked without the graphs."""
        if not self.nodes:
            raise SetupError("nodes is empty: a cluster needs at least one node")
        names = [node.name for node in self.nodes]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice is not None:
            raise SetupError(f'nodes has the name "{twice}" more than once: each needs its own')
        _check_known("a crash", "node", (crash.node for crash in self.failures.crashes), names)
        _check_known("mtbf", "node class", self.failures.mtbf_of_class, [node.node_class for node in self.nodes])
        if self.load is not None:
            _check_known("hidden load", "node", self.load.nodes, names)
            _check_known("scrapes.unmeasured", "node", sorted(self.load.scrapes.unmeasured), names)
        if not self.until > 0:
            raise SetupError(f"until is {self.until}: it must be seconds above 0")
        if not self.bandwidth > 0:
            raise SetupError(f"bandwidth is {self.bandwidth}: it must be above 0 bytes per second")
        if self.plan_steps < 0:
            raise SetupError(f"plan_steps is {self.plan_steps}: it must be 0 or above")
        if self.seed < 0:
            raise SetupError(f"seed is {self.seed}: it must be 0 or above")


def _check_known(what: str, kind: str, given: Iterable[str], there: Iterable[str]) -> None:
    known = set(there)
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise SetupError(f'{what} is given for {kind} "{unknown}": there is no such {kind}')
