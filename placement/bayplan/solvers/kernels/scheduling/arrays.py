"""What the kernels of scheduling read: problems as tuples of contiguous arrays."""

from typing import NamedTuple

from bayplan.model.arrays import FloatArray, IntArray


class Placements(NamedTuple):
    """Tasks on processors that differ, with transfers."""

    durations: FloatArray
    """Shape (tasks, processors), seconds; infinite where a task cannot run."""
    parent_start: IntArray
    """Shape (tasks + 1,)."""
    parents: IntArray
    """Shape (edges,)."""
    parent_seconds: FloatArray
    """Shape (edges,): the transfer from that parent between two sites."""
    child_start: IntArray
    """Shape (tasks + 1,)."""
    children: IntArray
    """Shape (edges,)."""
    available: FloatArray
    """Shape (processors,), seconds: when each is free for the first time."""
    site: IntArray
    """Shape (processors,), below their number: between processors of one site nothing is moved."""
    fetched: bool
    """Bytes are moved by the child while it holds its processor, instead of being sent when the parent ends."""
