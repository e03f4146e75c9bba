"""States: what is free on a node, as one row (millicores, MiB, thousandths of GPU 0, of GPU 1, ...)."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled

MIB = 20
"""Bits: memory is counted in MiB here, so that products with prices stay in 64 bits."""
UNLIMITED = 1 << 31
"""What is free of a resource that the cluster does not count; and more is not looked at, so that nothing overflows."""


class NodeColumns(NamedTuple):
    """The columns of a cluster, one row per node."""

    allocatable: IntArray
    used: IntArray
    gpu_free: IntArray
    cpu_column: int
    """-1: not counted."""
    memory_column: int


class Asked(NamedTuple):
    """What a request asks for."""

    cpu: int
    """Millicores."""
    memory: int
    """MiB."""
    gpus: int
    """How many."""
    thousandths: int
    """Of each."""


NOTHING = Asked(0, 0, 0, 0)


def states_after(rows: IntArray, devices: IntArray, asked: Asked, nodes: NodeColumns) -> IntArray:
    """The state of each place's node once the request is there, shape (places, 2 + slots).

    `devices`: the GPU that a fraction comes from; whole GPUs are the first that are wholly free.
    """
    kernel = _states_after if HAVE_NUMBA else states_after_numpy
    return kernel(rows, devices, asked, nodes)


def states_after_numpy(rows: IntArray, devices: IntArray, asked: Asked, nodes: NodeColumns) -> IntArray:
    """`states_after` in numpy."""
    states = np.empty((len(rows), 2 + nodes.gpu_free.shape[1]), np.int64)
    for place, (column, bits) in enumerate(((nodes.cpu_column, 0), (nodes.memory_column, MIB))):
        free = UNLIMITED if column < 0 else (nodes.allocatable[rows, column] - nodes.used[rows, column]) >> bits
        states[:, place] = np.minimum(free - asked[place], UNLIMITED)
    free_gpus = nodes.gpu_free[rows]
    if 0 < asked.thousandths < WHOLE:
        free_gpus[np.arange(len(rows)), devices] -= asked.thousandths
    elif asked.gpus:
        whole = free_gpus >= WHOLE
        free_gpus[whole & (np.cumsum(whole, axis=1) <= asked.gpus)] = 0
    states[:, 2:] = free_gpus
    return states


@compiled
def _states_after(rows: IntArray, devices: IntArray, asked: Asked, nodes: NodeColumns) -> IntArray:
    states = np.empty((len(rows), 2 + nodes.gpu_free.shape[1]), np.int64)
    for place in range(len(rows)):
        write_state_after(rows[place], devices[place], asked, nodes, states[place])
    return states


@compiled
def write_state_after(row: int, device: int, asked: Asked, nodes: NodeColumns, state: IntArray) -> None:
    """One of `states_after`, into `state`; compiled only."""
    cpu, memory = nodes.cpu_column, nodes.memory_column
    state[0] = UNLIMITED if cpu < 0 else nodes.allocatable[row, cpu] - nodes.used[row, cpu]
    state[1] = UNLIMITED if memory < 0 else (nodes.allocatable[row, memory] - nodes.used[row, memory]) >> MIB
    state[0] = min(state[0] - asked.cpu, UNLIMITED)
    state[1] = min(state[1] - asked.memory, UNLIMITED)
    taken = 0
    for slot in range(nodes.gpu_free.shape[1]):
        free = nodes.gpu_free[row, slot]
        if 0 < asked.thousandths < WHOLE:
            if slot == device:
                free -= asked.thousandths
        elif taken < asked.gpus and free >= WHOLE:
            free = 0
            taken += 1
        state[slot + 2] = free
