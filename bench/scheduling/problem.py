"""Graphs under shared resources, beside graphs on processors."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.schedules.problem import GraphProblem, check_names, check_values, no_edges, set_edges, whole_numbers
from bayplan.solvers.schedules.topology import Topology, topology


@dataclass(frozen=True)
class ResourceProblem:
    """Tasks with dependencies that share renewable resources (RCPSP: Pritsker, Watters & Wolfe 1969). Checked when made.

    Raises `ValueError` that names the field and the index, `GraphError` with the cycle where there is one.
    """

    durations: FloatArray
    """Shape (tasks,), seconds."""
    demands: IntArray
    """Shape (tasks, resources): units that a task holds while it runs."""
    capacities: IntArray
    """Shape (resources,): units that there are."""
    parents: IntArray = field(default_factory=no_edges)
    """Shape (edges,): the task that has to end first."""
    children: IntArray = field(default_factory=no_edges)
    """Shape (edges,): the task that waits for it."""
    names: tuple[str, ...] = ()
    """Of the tasks, for messages; empty: their numbers."""

    def __post_init__(self) -> None:
        durations = np.ascontiguousarray(self.durations, np.float64)
        demands, capacities = whole_numbers("demands", self.demands), whole_numbers("capacities", self.capacities)
        for name, value in (("durations", durations), ("demands", demands), ("capacities", capacities)):
            object.__setattr__(self, name, value)
        if durations.ndim != 1 or len(durations) == 0:
            raise ValueError(f"durations has shape {durations.shape}: it must be (tasks,), with at least one task")
        if capacities.ndim != 1 or len(capacities) == 0:
            raise ValueError(f"capacities has shape {capacities.shape}: it must be (resources,), with at least one resource")
        if demands.shape != (len(durations), len(capacities)):
            raise ValueError(f"demands has shape {demands.shape}: it must be ({len(durations)}, {len(capacities)})")
        check_values("durations", durations, finite=True)
        check_values("demands", demands, finite=True)
        check_values("capacities", capacities, finite=True)
        over = np.argwhere(demands > capacities)
        if len(over):
            task, resource = over[0].tolist()
            raise ValueError(
                f"demands[{task}, {resource}] is {demands[task, resource]}: "
                f"it must be at most capacities[{resource}], which is {capacities[resource]}"
            )
        set_edges(self)
        check_names(self.names, len(durations))
        _ = self.topology

    @property
    def tasks(self) -> int:
        """How many."""
        return len(self.durations)

    @cached_property
    def topology(self) -> Topology:
        """Neighbours of every task."""
        return topology(self.tasks, self.parents, self.children, self.names)


SchedulingProblem = GraphProblem | ResourceProblem
