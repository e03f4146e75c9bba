"""What strategies may know beside the cluster."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from bayplan.foresight.graph_plans.plan import Plan
from bayplan.knowledge.arrivals.model import MixModel
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.load.estimate import LoadEstimate
from bayplan.knowledge.node_states.survival import Survival
from bayplan.knowledge.run_times.forecast import Forecast
from bayplan.model.stop import never
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True)
class Context:
    """Immutable; the same context and cluster give the same decisions, as long as `stop` answers the same."""

    now: float = 0.0
    """Seconds since the epoch."""
    rejected: Mapping[RequestClass, frozenset[str]] = field(default_factory=dict)
    """Nodes that kube-scheduler refused for a class lately; no nodes: it refused some before."""
    seed: int = 0
    """What strategies that draw lots start from, together with `turn`."""
    turn: int = 0
    """Requests placed before this batch: where round robin goes on, and what makes lots differ between batches."""
    mix: MixModel | None = None
    """What is expected to arrive, and what free room is worth by it; none: not known yet."""
    efficiency: Efficiency | None = None
    """What tasks achieve on which nodes; none: not known."""
    run_times: Forecast | None = None
    """How long requests are expected to run, by what was learned; none: not known."""
    plans: Mapping[Hashable, Plan] | None = None
    """By graph, as requests name it in `Request.graph`; none: nothing is planned."""
    load: LoadEstimate | None = None
    """How busy nodes are; none: not known, and requests alone count."""
    survival: Survival | None = None
    """How surely nodes hold out; none: not known."""
    stop: Callable[[], bool] = never
    """The time box: a planner that improves on its answer asks it now and then, and ends when it says so."""
