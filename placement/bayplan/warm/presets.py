"""Having everything compiled before it counts."""

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import mix_model
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.presets import PRESETS, compile_preset


def warm_up() -> None:
    """Decide something small with every preset, so that every kernel has been compiled. Seconds, if none is on disk."""
    cluster = Cluster()
    for number in range(3):
        cluster.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "memory": 2**34, "pods": 9}, gpus=Gpus(4, "any")))
    asks = (None, GpuAsk(1, 300), GpuAsk(2))
    classes = [RequestClass((("cpu", 100), ("memory", 2**20), ("pods", 1)), gpus=ask) for ask in asks]
    context = Context(mix=mix_model(dict.fromkeys(classes, 1.0), cluster, seed=0))
    requests = [Request(number, cls) for number, cls in enumerate(classes)]
    for name in PRESETS:
        place(requests, cluster, compile_preset(name), context)
