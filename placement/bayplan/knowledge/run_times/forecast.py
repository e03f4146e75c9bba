"""What orders ask of predictions, and an answer from what was learned of tasks that come back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayplan.knowledge.run_times.run_times import RunTimes
from bayplan.knowledge.run_times.runs import TaskRun, Unknown
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request


class Forecast(Protocol):
    """How long requests will run once they have started."""

    def log_expected(self, requests: Sequence[Request], now: float) -> FloatArray:
        """The log of the seconds that each is to be ranked by, shape (requests,); NaN where nothing is known."""
        ...


@dataclass(frozen=True, slots=True)
class ByTask:
    """By the task that a request belongs to: its expected seconds."""

    run_times: RunTimes
    run_of: Callable[[Request], TaskRun]
    """Under what the request's run time is learned, and what is said of it beforehand."""

    def log_expected(self, requests: Sequence[Request], now: float) -> FloatArray:
        """O(requests), and a posterior for each task among them that has learned since."""
        found = [self.run_times.predict(self.run_of(each)) for each in requests]
        return np.array([np.nan if isinstance(each, Unknown) else each.log_expected for each in found], np.float64)
