"""What the kernels of scheduling under resources read."""

from typing import NamedTuple

from bayplan.model.arrays import FloatArray, IntArray


class Activities(NamedTuple):
    """Tasks under shared resources. Neighbours of task t: `parents[parent_start[t]:parent_start[t + 1]]`."""

    durations: FloatArray
    """Shape (tasks,), seconds."""
    demands: IntArray
    """Shape (tasks, resources)."""
    capacities: IntArray
    """Shape (resources,)."""
    parent_start: IntArray
    """Shape (tasks + 1,)."""
    parents: IntArray
    """Shape (edges,)."""
    child_start: IntArray
    """Shape (tasks + 1,)."""
    children: IntArray
    """Shape (edges,)."""
    blocked: FloatArray
    """Shape (any,): from 0 until each of these times one unit of the first resource is taken."""
