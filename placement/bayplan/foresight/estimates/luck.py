"""Sampled run times of the units of a graph."""

from dataclasses import dataclass

import numpy as np

from bayplan.foresight.estimates.durations import Durations
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph import Graph

_CERTAIN = 1e-9
"""Up to this deviation of log seconds a run time counts as certain."""


@dataclass(frozen=True, slots=True, eq=False)
class Luck:
    """Standard normal draws, the same for every plan of a graph that is looked at, so that plans can be compared."""

    of_task: FloatArray
    """Shape (tasks, samples): what all units of a task have in common."""
    of_unit: FloatArray
    """Shape (units, samples)."""
    of_nodes: FloatArray
    """Shape (units, samples): uniform on (0, 1); how nodes hold out."""

    @classmethod
    def draw(cls, graph: Graph, samples: int, seed: int) -> "Luck":
        """The same graph size, samples and seed, the same draws. Antithetic: every draw comes with its opposite.

        O(units * samples). Raises `ValueError` unless samples is even and above 0.
        """
        if samples <= 0 or samples % 2:
            raise ValueError(f"samples is {samples}: it must be even and above 0")
        generator = np.random.default_rng(seed)
        of_task = generator.standard_normal((len(graph.tasks), samples // 2))
        of_unit = generator.standard_normal((graph.units, samples // 2))
        of_nodes = np.maximum(generator.random((graph.units, samples // 2)), np.finfo(np.float64).tiny)
        pairs = ((of_task, -of_task), (of_unit, -of_unit), (of_nodes, 1.0 - of_nodes))
        return cls(*(np.concatenate(each, axis=1) for each in pairs))

    def seconds(self, graph: Graph, durations: Durations, node_class: IntArray, elapsed: FloatArray) -> FloatArray:
        """Seconds from when a unit has its place, or from now on where it runs, until it has succeeded, shape (units, samples).

        `node_class`: shape (units,), where it runs; `elapsed`: shape (units,), seconds that it runs already, NaN: has not
        started; those are drawn given that they were not over by then. O(units * samples).
        """
        task = graph.unit_task
        shared = durations.shared[task][:, None]
        normal = np.sqrt(shared) * self.of_task[task] + np.sqrt(1 - shared) * self.of_unit
        location, scale = durations.location[task, node_class], durations.scale[task, node_class]
        runs = np.flatnonzero(elapsed > 0)  # never where it is NaN
        normal[runs] = _beyond(normal[runs], np.log(elapsed[runs]), location[runs], scale[runs])
        whole = np.asarray(np.exp(location[:, None] + scale[:, None] * normal))
        left = whole.copy()
        left[runs] = np.maximum(whole[runs] - elapsed[runs, None], 0.0)
        if durations.reruns is not None:
            left = durations.reruns.drawn(left, whole, node_class, self.of_nodes)
        if durations.starting is not None:
            left = left + np.where(elapsed > 0, 0.0, durations.starting[task, node_class])[:, None]
        return left


def _beyond(normal: FloatArray, log_elapsed: FloatArray, location: FloatArray, scale: FloatArray) -> FloatArray:
    """Draws moved into the tail beyond what has elapsed; their ranks stay, so that units that belong together still do."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.special import log_ndtr, ndtri_exp

    varies = scale > _CERTAIN
    reached = np.where(varies, (log_elapsed - location) / np.where(varies, scale, 1.0), -np.inf)
    # Of the survival function's logarithm: exact however far beyond the tail that is.
    return np.asarray(-ndtri_exp(log_ndtr(-normal) + log_ndtr(-reached)[:, None]))
