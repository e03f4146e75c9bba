"""How well predictive distributions foresee run times: each run from earlier ones only, over groups of jobs."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.knowledge.run_times.runs import Unknown
from bench.lookalikes.model import Lookalikes
from bench.queueing import Jobs

LEAST = 200
"""Jobs of a group."""
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of one group."""

    gpus: int
    jobs: int
    coverage: float
    """Of the 80 % interval."""
    log_score: float
    """Mean log density, over log seconds."""
    one_log_normal: float
    """The same of one log-normal for all jobs of the cluster, fitted to the earlier ones."""


def calibrate(jobs: Jobs, all_earlier: bool) -> list[Calibration]:
    """Per number of GPUs with enough jobs, on the trace's own times.

    `all_earlier`: every job submitted earlier is known when the next one is predicted; otherwise only those that had ended,
    had each started when it was submitted.
    """
    model, plain = Lookalikes(), _LogNormal()
    came, seconds, gpus = jobs.came, jobs.seconds, jobs.processors
    ends = np.argsort(came + seconds, kind="stable")
    done = 0
    rows: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for job in range(len(came)):
        now = float(came[job])
        while not all_earlier and came[ends[done]] + seconds[ends[done]] <= now:
            model.end(int(ends[done]), float(seconds[ends[done]]))
            plain.add(float(np.log(seconds[ends[done]])))
            done += 1
        model.come(job, now, int(gpus[job]))
        predicted = model.predict(job, now)
        model.start(job, now)
        if not isinstance(predicted, Unknown) and plain.count > 1:
            rows[int(gpus[job])].append(_score(predicted, plain, float(seconds[job])))
        if all_earlier:
            model.end(job, float(seconds[job]))
            plain.add(float(np.log(seconds[job])))
    found = []
    for group, scores in sorted(rows.items()):
        if np.count_nonzero(gpus == group) >= LEAST:
            inside, score, one = np.mean(scores, axis=0)
            found.append(Calibration(group, len(scores), float(inside), float(score), float(one)))
    return found


class _LogNormal:
    def __init__(self) -> None:
        self.count, self._sum, self._square = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self._sum += value
        self._square += value * value

    def log_score(self, value: float) -> float:
        mean = self._sum / self.count
        variance = max((self._square - self.count * mean * mean) / (self.count - 1), 0.01)
        return float(-((value - mean) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2)


def _score(predicted: RunTime, plain: _LogNormal, seconds: float) -> tuple[float, float, float]:
    below = predicted.probability_by(seconds)
    return float(_LOW <= below <= _HIGH), predicted.log_score(seconds), plain.log_score(float(np.log(seconds)))
