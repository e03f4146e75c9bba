"""What a plan is made of."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.graph import Graph


@dataclass(frozen=True, eq=False)
class Situation:
    """One graph as it stands now. Checked when made; raises `ValueError` that names the field and the index.

    A unit reads what its parents have left when it begins, and holds its place meanwhile: from every node but its own
    at the same time, over a link of its own each.
    """

    graph: Graph
    seconds: FloatArray
    """Shape (tasks, classes): expected run time of one unit without reading, infinite where it cannot run."""
    data: FloatArray
    """Shape (edges,), in the order of `graph.parents.indices`: bytes that one unit of the child reads of the parent's results,
    an equal part from each of the parent's units."""
    bandwidth: float
    """Bytes per second between two nodes; within one nothing is moved."""
    nodes: Nodes
    """Their slots are what is free beside the units of this graph that run."""
    now: float
    """Seconds since the epoch."""
    done: BoolArray
    """Shape (units,): it has succeeded."""
    place: IntArray
    """Shape (units,): the node on which a finished or running unit is or was; -1: none, or one that is not known any more."""
    left: FloatArray
    """Shape (units,): seconds that a running unit still needs; NaN: it does not run."""

    def __post_init__(self) -> None:
        """Check the columns."""
        tasks, units, classes = len(self.graph.tasks), self.graph.units, len(self.nodes.classes)
        for name, values, shape in (
            ("seconds", self.seconds, (tasks, classes)),
            ("data", self.data, (len(self.graph.parents.indices),)),
            ("done", self.done, (units,)),
            ("place", self.place, (units,)),
            ("left", self.left, (units,)),
        ):
            if values.shape != shape:
                raise ValueError(f"{name} has shape {values.shape}: it must be {shape}")
        _at_least_0("seconds", self.seconds, np.inf)
        _at_least_0("data", self.data)
        _at_least_0("left", self.left[self.running])
        if not self.bandwidth > 0:
            raise ValueError(f"bandwidth is {self.bandwidth}: it must be above 0 bytes per second")
        if not math.isfinite(self.now):
            raise ValueError(f"now is {self.now}: it must be seconds since the epoch")
        wrong = np.flatnonzero((self.place < -1) | (self.place >= len(self.nodes.names)))
        if len(wrong):
            raise ValueError(f"place[{wrong[0]}] is {self.place[wrong[0]]}: it must be from -1 to {len(self.nodes.names) - 1}")
        nowhere = np.flatnonzero(self.running & (self.place < 0))
        if len(nowhere):
            raise ValueError(f"place[{nowhere[0]}] is -1: unit {nowhere[0]} runs, so it must be on a node")

    @property
    def running(self) -> BoolArray:
        """Shape (units,)."""
        return np.asarray(~np.isnan(self.left) & ~self.done)

    @cached_property
    def passed_on(self) -> FloatArray:
        """Shape (tasks,): seconds for which a unit reads of one of the task's on another node, at most. O(tasks + edges)."""
        graph = self.graph
        parts = self.data / np.diff(graph.unit_start)[graph.edge_parent] / self.bandwidth
        longest = np.zeros(len(graph.tasks))
        np.maximum.at(longest, graph.edge_parent, parts)
        return longest


def _at_least_0(name: str, values: FloatArray, most: float = np.finfo(np.float64).max) -> None:
    wrong = np.argwhere(~((values >= 0) & (values <= most)))
    if len(wrong):
        index = tuple(wrong[0].tolist())
        raise ValueError(f"{name}[{', '.join(map(str, index))}] is {values[index]}: it must be a number, 0 or above")
