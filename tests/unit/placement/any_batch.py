"""Small batches that ask for anything a batch can ask for, and nodes for them."""

from typing import Any

from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from tests.unit.placement.building import cluster

MILLI = "bayplan.dev/gpu-milli"
MODELS = ("T4", "A100")

NODE = st.fixed_dictionaries(
    {
        "cpu": st.integers(0, 8),
        "pods": st.integers(1, 6),
        "gpus": st.integers(0, 3),
        "model": st.sampled_from(MODELS),
        "pool": st.sampled_from("ab"),
        "class": st.sampled_from(("slow", "fast")),
        "cost": st.integers(0, 3),
    }
)
PART = st.sampled_from((100, 300, 500, 600, 1000))
REQUEST = st.fixed_dictionaries(
    {
        "cpu": st.integers(0, 4),
        "gpu": st.one_of(st.just((0, 0)), PART.map(lambda part: (1, part)), st.integers(2, 3).map(lambda n: (n, 1000))),
        "models": st.sampled_from(((), ("T4",), ("A100",), MODELS)),
        "pool": st.sampled_from(("", "", "a", "b")),
        "gang": st.sampled_from((None, None, "g", "h")),
        "priority": st.integers(-2, 5),
        "deadline": st.one_of(st.none(), st.integers(0, 100)),
    }
)
NODES = st.lists(NODE, min_size=1, max_size=4)
REQUESTS = st.lists(REQUEST, min_size=1, max_size=7)
USED = st.lists(st.tuples(st.integers(0, 3), PART), max_size=3)
Drawn = dict[str, Any]


def node(number: int, drawn: Drawn) -> NodeInfo:
    resources = {"cpu": drawn["cpu"] * 1000, "pods": drawn["pods"], MILLI: drawn["gpus"] * 1000}
    gpus = Gpus(drawn["gpus"], drawn["model"]) if drawn["gpus"] else None
    return NodeInfo(f"n{number}", resources, {"pool": drawn["pool"]}, gpus=gpus, node_class=drawn["class"], cost=drawn["cost"])


def request(number: int, drawn: Drawn) -> Request:
    count, part = drawn["gpu"]
    ask = GpuAsk(count, part, drawn["models"]) if count else None
    resources = {"cpu": drawn["cpu"] * 1000, "pods": 1} | ({MILLI: ask.total} if ask else {})
    selector = (("pool", drawn["pool"]),) if drawn["pool"] else ()
    cls = RequestClass(tuple(sorted(resources.items())), selector, gpus=ask)
    gang = None if drawn["gang"] is None else Gang(drawn["gang"])
    return Request(number, cls, drawn["priority"], float(drawn["cpu"]), (number,), f"t{number}", gang, drawn["deadline"], 10.0)


def build(nodes: list[Drawn], used: list[tuple[int, int]]) -> Cluster:
    on = cluster(*(node(number, each) for number, each in enumerate(nodes)))
    for key, (where, part) in enumerate(used):
        if where < len(nodes) and nodes[where]["gpus"]:
            on.occupy(key, f"n{where}", {MILLI: part, "pods": 1}, GpuUse(GpuAsk(1, part)))
    return on
