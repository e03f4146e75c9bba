"""Short ways to write nodes, classes and requests in tests."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.arrays import FloatArray
from bayplan.model.constraints import Taint
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, Strategy, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from tests.draws import cases

# Time limits of single examples would fail at random on a busy machine.
QUICK = cases(50, search=100)

GPU = "nvidia.com/gpu"
GI = 2**30
BEST_FIT = compile_strategy(["Priority", "CriticalPath", "Age"], [Named("BestFit", 1)], Named("Greedy"))
SPREAD = compile_strategy(["Priority", "CriticalPath", "Age"], [Named("Spread", 1)], Named("Greedy"))


def node(
    name: str,
    cpu: int = 8,
    gpu: int = 0,
    labels: dict[str, str] | None = None,
    taints: tuple[Taint, ...] = (),
    **more: object,
) -> NodeInfo:
    """A node with whole cores, 32 GiB, room for 110 pods, and GPUs if any."""
    allocatable = {"cpu": cpu * 1000, "memory": 32 * GI, "pods": 110} | ({GPU: gpu} if gpu else {})
    return NodeInfo(name, allocatable, labels or {}, taints, **more)  # type: ignore[arg-type]


def cluster(*nodes: NodeInfo) -> Cluster:
    made = Cluster()
    for each in nodes:
        made.set_node(each)
    return made


def asking(cpu: int = 1, gpu: int = 0, **constraints: object) -> RequestClass:
    """A class that asks for whole cores, and GPUs if any."""
    resources = {"cpu": cpu * 1000, "pods": 1} | ({GPU: gpu} if gpu else {})
    return RequestClass(tuple(sorted(resources.items())), **constraints)  # type: ignore[arg-type]


def decide(
    on: Cluster, classes: list[RequestClass], strategy: Strategy = BEST_FIT, context: Context | None = None
) -> list[Decision]:
    """Decisions for one request of each class."""
    requests = [Request(number, each) for number, each in enumerate(classes)]
    return place(requests, on, strategy, context or Context())


def places(on: Cluster, classes: list[RequestClass], strategy: Strategy = BEST_FIT) -> list[str | None]:
    """The nodes they get."""
    return [decision.node for decision in decide(on, classes, strategy)]


def fits(each: NodeInfo, request_class: RequestClass) -> bool:
    """Whether the node takes the class."""
    return places(cluster(each), [request_class]) == [each.name]


def refusal(on: Cluster, request_class: RequestClass, context: Context | None = None) -> tuple[Reason | None, str]:
    """Why a request of the class has no place."""
    decision = decide(on, [request_class], context=context)[0]
    assert decision.node is None
    return decision.reason, decision.message


def scores(scorer: Scorer, request_class: RequestClass, on: Cluster, context: Context | None = None) -> FloatArray:
    """What a scorer says of every node, room or not."""
    rows = np.arange(on.rows)
    return scorer(Request(0, request_class), on, FeasiblePlaces(rows, np.full(on.rows, -1)), context or Context())
