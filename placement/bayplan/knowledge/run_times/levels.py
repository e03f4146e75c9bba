"""What tasks have in common: the prior of a task that is new, or of one on a node class where it has not run.

The model of a run of task t of family f on node class k, over log seconds y:

    y = F_f + T_t + c_k + D_tk + b (z - mean z) + e,   e ~ N(0, s²)
    T_t | s² ~ N(0, s²/kT),   D_tk | s² ~ N(0, s²/kD),   b | s² ~ N(b0, s²),   s² ~ InverseGamma(a, b)

F (families), c (node classes), kT and the location of s² are estimated from all tasks (empirical Bayes, below) and then held
fixed; T, D, b and s² have the exact conjugate posterior of `regression`.

- c: weighted least squares of y = task + c, so that only tasks which ran on several classes say something, with every c
  drawn towards 0 as if by `OFFSET_RUNS` runs.
- location of s²: the pooled variance within tasks and classes, less what sizes explain. kT: that variance over the variance
  between tasks, by the analysis of variance (method of moments); both with `WITHIN` and `BETWEEN` as weak guesses.
- F: means of tasks, weighted by n / (n + kT), drawn towards the mean of all as if by one task.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.model.arrays import FloatArray, IntArray

OFFSET_RUNS = 1.0
CELL_RUNS = 4.0
"""kD: how many runs the additive guess for a task on a further node class is worth."""
SLOPE, SLOPE_PRECISION = 0.5, 1.0
"""Of log seconds over log size: between "of no influence" and "in proportion"."""
SHAPE = 2.0
"""a: the variance is believed as if four runs had shown it."""
WITHIN, WITHIN_RUNS = 0.25, 4.0
"""Variance of the log within a task: a coefficient of variation of about 0.5."""
BETWEEN, BETWEEN_TASKS = 2.0, 2.0
"""Variance of the log between tasks: one in three is beyond a factor of four from the middle."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one task on one node class."""

    family: str
    task: str
    node_class: str
    evidence: Evidence
    merged: bool = False
    """Stands for several tasks that were let go: it counts as one where means are formed, and not for variances."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What was estimated from all tasks."""

    everything: float
    """The mean of log seconds over tasks."""
    tasks: float
    """How many tasks that mean rests on; those with few runs count less."""
    families: dict[str, tuple[float, float]]
    """Name to mean, and how many tasks it rests on."""
    offsets: dict[str, float]
    """Node class to c: log seconds that it adds."""
    variance: float
    """Within a task, of log seconds."""
    task_runs: float
    """kT: how many runs the mean of the family is worth to a task."""

    def location(self, family: str) -> tuple[float, float]:
        """Where a new task of that family is expected, and the variance of it as a share of s²."""
        mean, tasks = self.families.get(family, (self.everything, 0.0))
        return mean, (1.0 + 1.0 / (1.0 + tasks)) / self.task_runs


def estimate(cells: Sequence[Cell]) -> Levels | None:
    """From all that is known, in a fixed order of the cells; none: no run at all. O(cells * node classes + classes³)."""
    cells = [each for each in cells if each.evidence.runs > 0]
    if not cells:
        return None
    tasks = sorted({(each.family, each.task) for each in cells})
    classes = sorted({each.node_class for each in cells})
    task_number = {each: number for number, each in enumerate(tasks)}
    class_number = {each: number for number, each in enumerate(classes)}
    of_task = np.array([task_number[each.family, each.task] for each in cells])
    of_class = np.array([class_number[each.node_class] for each in cells])
    single = np.array([not each.merged for each in cells])
    runs, y, yy = np.array([(each.evidence.runs, each.evidence.y, each.evidence.yy) for each in cells], np.float64).T
    offsets = _offsets(runs, y, of_task, of_class, len(tasks), len(classes))

    explained, slopes = np.array([_by_size(each.evidence) for each in cells]).T
    within = np.maximum(yy - y * y / runs - explained, 0.0)[single].sum()
    freedom = np.maximum(runs - 1 - slopes, 0.0)[single].sum()
    variance = (within + WITHIN * WITHIN_RUNS) / (freedom + WITHIN_RUNS)
    counts = np.bincount(of_task, runs).astype(np.float64)
    means = np.bincount(of_task, y - runs * offsets[of_class]) / counts
    alone = np.bincount(of_task, single) > 0
    between = _between(counts[alone], means[alone], variance)
    task_runs = float(np.clip(variance / between, 1e-3, 1e3))

    weights = counts / (counts + task_runs)
    everything = float(weights @ means / weights.sum())
    names = sorted({family for family, _ in tasks})
    family_number = {each: number for number, each in enumerate(names)}
    of_family = np.array([family_number[family] for family, _ in tasks])
    mass = np.bincount(of_family, weights)
    middle = (everything + np.bincount(of_family, weights * means)) / (1.0 + mass)
    families = {name: (float(middle[number]), float(mass[number])) for name, number in family_number.items()}
    by_class = {name: float(offsets[number]) for name, number in class_number.items()}
    return Levels(everything, float(weights.sum()), families, by_class, float(variance), task_runs)


def _offsets(runs: FloatArray, y: FloatArray, of_task: IntArray, of_class: IntArray, tasks: int, classes: int) -> FloatArray:
    count, total = np.zeros((tasks, classes)), np.zeros((tasks, classes))
    np.add.at(count, (of_task, of_class), runs)
    np.add.at(total, (of_task, of_class), y)
    share = count / count.sum(axis=1, keepdims=True)
    # The normal equations with the tasks' effects taken out.
    system = np.diag(count.sum(axis=0) + OFFSET_RUNS) - count.T @ share
    return np.asarray(np.linalg.solve(system, total.sum(axis=0) - share.T @ total.sum(axis=1)))


def _by_size(evidence: Evidence) -> tuple[float, float]:
    """How much of the sum of squares a slope of its own over log size explains, and how many slopes that took."""
    if evidence.sized < 3:
        return 0.0, 0.0
    spread = evidence.zz - evidence.z * evidence.z / evidence.sized
    if spread <= 1e-9 * evidence.zz:
        return 0.0, 0.0
    return (evidence.zy - evidence.z * evidence.sized_y / evidence.sized) ** 2 / spread, 1.0


def _between(counts: FloatArray, means: FloatArray, variance: float) -> float:
    found, freedom = 0.0, max(len(counts) - 1, 0)
    if freedom:
        total = counts.sum()
        middle = counts @ means / total
        typical = (total - (counts @ counts) / total) / freedom
        found = max(0.0, (counts @ (means - middle) ** 2 / freedom - variance) / max(typical, 1e-9))
    return float((found * freedom + BETWEEN * BETWEEN_TASKS) / (freedom + BETWEEN_TASKS))
