"""How long the pods of tasks run, as distributions: by what was learned, and at most as long as Kubernetes lets them."""

import math

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.model.run_law import RunLaw
from bayplan_operator.conductor.record.running import Running


class LearnedLaws:
    """Made when they are asked for, and kept until other run times are expected."""

    def __init__(self, forecast: Expectations) -> None:
        self._forecast = forecast

    def of(self, running: Running, task: int) -> RunLaw | None:
        """Of one attempt of a task; ``None``: nothing is known. O(1) where it was asked before."""
        laws = running.foreseen.laws
        if task not in laws:
            laws[task] = self._forecast.law(running.prepared.runs[task], _most(running, task))
        return laws[task]


def _most(running: Running, task: int) -> float:
    """Kubernetes stops a pod after its ``activeDeadlineSeconds``."""
    said = running.prepared.templates[task].spec.get("activeDeadlineSeconds")
    return float(said) if isinstance(said, int) and said > 0 else math.inf
