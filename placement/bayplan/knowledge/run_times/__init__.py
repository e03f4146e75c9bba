"""Run times as posteriors learned from what was seen."""

from bayplan.knowledge.run_times.evaluation import Evaluation, Outcome, efficiency
from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.knowledge.run_times.forecast import ByTask, Forecast
from bayplan.knowledge.run_times.lookalikes import Lookalikes
from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.knowledge.run_times.run_times import RunTimes
from bayplan.knowledge.run_times.runs import Run, Unknown

__all__ = [
    "ByTask",
    "Evaluation",
    "Evidence",
    "Forecast",
    "Lookalikes",
    "Outcome",
    "Run",
    "RunTime",
    "RunTimes",
    "Unknown",
    "efficiency",
]
