"""What the decider is told between two decisions."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from operator import is_
from typing import NamedTuple

from bayplan.admission.preemption.state import PreemptionState
from bayplan.admission.promises.promise import PromiseRecord
from bayplan.admission.shares import SharesState
from bayplan.admission.tree import QueueTree
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.knowledge.arrivals.model import MixModel
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.load.estimate import LoadEstimate
from bayplan.knowledge.node_states.survival import Survival
from bayplan.knowledge.run_times.forecast import Forecast
from bayplan.model.workload import RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish


class KnowledgeSnapshot(NamedTuple):
    """What was learned, measured and planned, as strategies may know it: see the fields of `Context`."""

    mix: MixModel | None = None
    efficiency: Efficiency | None = None
    run_times: Forecast | None = None
    load: LoadEstimate | None = None
    plans: Mapping[Hashable, Plan] | None = None
    survival: Survival | None = None

    def same_as(self, other: "KnowledgeSnapshot") -> bool:
        """Whether each part is the same object: whatever is learned makes another one."""
        return all(map(is_, self, other))

    def context(self, now: float, turn: int, seed: int, rejected: Mapping[RequestClass, frozenset[str]]) -> Context:
        """What strategies are told at an instant, in seconds since the epoch."""
        return Context(now=now, rejected=rejected, seed=seed, turn=turn, **self._asdict())


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last decision. What nodes offer and what occupies them, the decider sees in the cluster."""

    wanted: tuple[Wish, ...] = ()
    """Requests that want a place from now on. The id of one that wants a place already: the new request replaces it."""
    dropped: tuple[Hashable, ...] = ()
    """Ids of requests that want no place any more. Unknown ones are ignored."""
    knowledge: KnowledgeSnapshot | None = None
    """What is known from now on; `None`: as before."""
    queues: QueueTree | None = None
    """The queues from now on; `None`: as before. What they may hold is set in the decider's cluster too."""
    graphs: Mapping[Hashable, WholeGraph | None] | None = None
    """By graph that is admitted as a whole, what is known of it from now on; `None`: it is over. To be told before its requests
    want a place. None at all: as before."""
    shares: SharesState | None = None
    """What queues have had until an instant, as an earlier decider left it; `None`: as this one knows it."""
    promised: Mapping[Hashable, PromiseRecord] | None = None
    """What an earlier decider had promised, by the id of the first request of each unit; `None`: as this one knows it."""
    preemption: PreemptionState | None = None
    """Holds that are recorded, and what else an earlier decider knew of pre-emption; `None`: as this one knows it."""
    released: tuple[Hashable, ...] = ()
    """First requests of holds that are given up, since they could not be recorded or their victims could not be evicted."""
    refused: Mapping[RequestClass, frozenset[str]] | None = None
    """Nodes that kube-scheduler refused for a class lately, no nodes for one of which it refused some before; `None`: as
    before."""
    placed: int | None = None
    """Attempts that are recorded: where round robin goes on; `None`: as before, and those placed since."""
    reopened: bool = False
    """Answers may be others though nothing above changed: a plan was made, a place is kept no longer, or a placement was not
    acted on, so that what it would have taken is free for others."""
