"""Run times as posteriors learned from what was seen."""

from bayplan.prediction.evaluation import Evaluation, Outcome, efficiency
from bayplan.prediction.evidence import Evidence
from bayplan.prediction.forecast import ByTask, Forecast
from bayplan.prediction.lookalikes import Lookalikes
from bayplan.prediction.run_time import RunTime
from bayplan.prediction.run_times import RunTimes
from bayplan.prediction.runs import Run, Unknown

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
