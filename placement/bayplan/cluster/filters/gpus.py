"""Whether a node's GPUs are of a model, and have the memory, that a request accepts."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.gpu import GpuAsk


def acceptable_gpus(cluster: Cluster, ask: GpuAsk | None, rows: IntArray) -> BoolArray:
    """Per row given: its GPUs are acceptable. Nodes without GPUs pass: they are too small."""
    if ask is None or not (ask.models or ask.memory):
        return np.ones(len(rows), bool)
    accepted = np.array([not ask.models or model in ask.models for model in cluster.gpu_models], bool)
    fine = accepted[cluster.gpu_model[rows]] & (cluster.gpu_memory[rows] >= ask.memory)
    return np.asarray(fine | (cluster.gpu_count[rows] == 0))
