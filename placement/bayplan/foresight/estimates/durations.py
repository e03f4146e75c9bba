"""How long the units of a graph run, as log-normal distributions: learned, around a hint, or around a default."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from bayplan.knowledge.node_states import Reruns
from bayplan.knowledge.run_times import RunTimes, TaskRun, Unknown
from bayplan.knowledge.run_times.levels import BETWEEN, WITHIN
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph import Graph

HINT_SCALE = math.sqrt(WITHIN)
"""Of log seconds around a hint: four runs in five are within a factor of 1.9."""
DEFAULT_SCALE = math.sqrt(WITHIN + BETWEEN)
"""Of log seconds around the graph's default: four runs in five are within a factor of 7."""
HINT_SHARED = 0.5
"""How much of the variance around a hint or the default is the author's error, which all shards of a task have in common."""
_TAIL, _NORMAL_TAIL = 0.9, 1.2815515655446004
_PRIOR_RUNS = 1.5


class Basis(IntEnum):
    """What the run time of a task is based on."""

    NOTHING = 0
    """Neither runs nor a hint: the default."""
    HINT = 1
    LEARNED = 2
    """Runs of its own."""
    FAMILY = 3
    """Neither runs nor a hint, but runs of other tasks of its family."""


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Log-normal run times of a unit of each task on each class of nodes."""

    location: FloatArray
    """Shape (tasks, classes): log seconds of the median."""
    scale: FloatArray
    """Shape (tasks, classes): standard deviation of log seconds."""
    shared: FloatArray
    """Shape (tasks,): the share of the variance, 0 to 1, that all units of the task have in common."""
    basis: IntArray
    """Shape (tasks,): numbers of `Basis`."""
    reruns: Reruns | None = None
    """What node failures cost beside; none: nothing, as far as was seen."""
    starting: FloatArray | None = None
    """Shape (tasks, classes): seconds that a unit takes to start once its node has it; none: nothing. Plans and lower bounds
    leave them out."""

    @property
    def informed(self) -> bool:
        """Something is known of at least one task."""
        return bool((self.basis > Basis.NOTHING).any())

    @property
    def median(self) -> FloatArray:
        """Shape (tasks, classes): seconds that half of the runs take at most, where nothing fails. Lower bounds go by these."""
        return np.asarray(np.exp(self.location))

    @property
    def expected(self) -> FloatArray:
        """Shape (tasks, classes): the median, with what attempts that are lost with their node take on average."""
        return self.median if self.reruns is None else self.reruns.expected(self.median)

    @property
    def words(self) -> str:
        """What they are based on, in words."""
        if not self.informed:
            return "no hints, and nothing was learned: nothing is known of its run times"
        return self._basis_words + (f"; {self.reruns.words}" if self.reruns is not None else "")

    @property
    def _basis_words(self) -> str:
        counts = np.bincount(self.basis, minlength=len(Basis)).tolist()
        if counts[Basis.HINT] == len(self.basis):
            return "from hints only"
        words = {Basis.LEARNED: "learned", Basis.FAMILY: "by their family", Basis.HINT: "from hints", Basis.NOTHING: "unknown"}
        parts = [(counts[basis], what) for basis, what in words.items()]
        return "run times by task: " + ", ".join(f"{count} {what}" for count, what in parts if count)


def durations(
    graph: Graph, runs: Sequence[TaskRun], classes: Sequence[str], seconds: FloatArray, run_times: RunTimes | None
) -> Durations:
    """What is known of each task's run time.

    `runs`: per task under what it is learned, with its hint; `seconds`: shape (tasks, classes), for tasks of which nothing was
    learned, nor, without a hint, of their family: a hint and the default are medians, as in `RunTimes`; infinite values stay.
    `run_times` must not be used by another thread meanwhile. Of a task that has runs of its own, the 10th and the 90th
    percentile are those of the learned posterior.
    O(tasks * classes).
    """
    count = len(graph.tasks)
    basis = np.array([Basis.NOTHING if run.hint is None else Basis.HINT for run in runs], np.int64)
    scale = np.repeat(np.where(basis == Basis.HINT, HINT_SCALE, DEFAULT_SCALE)[:, None], len(classes), axis=1)
    with np.errstate(divide="ignore"):
        location = np.log(seconds)
    shared = np.full(count, HINT_SHARED)
    families = run_times.families if run_times is not None else frozenset()
    for task, run in enumerate(runs if run_times is not None else ()):
        assert run_times is not None
        seen = sum(each.runs for each in run_times.evidence(run.task, run.family).values())
        if seen > 0:
            basis[task], shared[task] = Basis.LEARNED, 1.0 / (seen + _PRIOR_RUNS)
        elif run.hint is None and run.family and run.family in families:
            basis[task] = Basis.FAMILY
        else:
            continue
        for number, name in enumerate(classes):
            found = run_times.predict(replace(run, node_class=name))
            if not isinstance(found, Unknown) and math.isfinite(location[task, number]):
                # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
                from scipy.special import stdtrit

                location[task, number] = found.log_mean
                scale[task, number] = float(found.scales[0] * stdtrit(found.freedom[0], _TAIL)) / _NORMAL_TAIL
    return Durations(location, scale, shared, basis)


def exact(seconds: FloatArray, scale: float = 0.0) -> Durations:
    """Run times with these means, shape (tasks, classes), each unit for itself with the same deviation of log seconds."""
    with np.errstate(divide="ignore"):
        location = np.log(seconds) - scale**2 / 2
    tasks = len(seconds)
    return Durations(location, np.full(seconds.shape, scale), np.zeros(tasks), np.full(tasks, Basis.LEARNED, np.int64))
