"""Short ways to write GPU nodes and mixes in tests."""

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.workload import NodeInfo, RequestClass

GI = 2**30


def gpu_node(name: str, gpus: int, model: str = "", cpu: int = 64, memory: int = 256) -> NodeInfo:
    """A node with cores, GiB and GPUs."""
    return NodeInfo(name, {"cpu": cpu * 1000, "memory": memory * GI}, gpus=Gpus(gpus, model) if gpus else None)


def wanting(
    thousandths: int = 1000, count: int = 1, cpu: int = 1, memory: int = 1, models: tuple[str, ...] = ()
) -> RequestClass:
    """A class that asks for GPUs, cores and GiB."""
    resources = (("cpu", cpu * 1000), ("memory", memory * GI))
    return RequestClass(resources, gpus=GpuAsk(count, thousandths, models) if count else None)


def without_gpu(cpu: int = 1, memory: int = 1) -> RequestClass:
    return RequestClass((("cpu", cpu * 1000), ("memory", memory * GI)))


def cluster_of(*nodes: NodeInfo) -> Cluster:
    made = Cluster()
    for node in nodes:
        made.set_node(node)
    return made
