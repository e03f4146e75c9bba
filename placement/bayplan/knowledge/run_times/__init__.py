"""Run times as posteriors learned from what was seen."""

from bayplan.knowledge.run_times.evaluation import EndedRun, Evaluation, efficiency
from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.knowledge.run_times.forecast import ByTask, Forecast
from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.knowledge.run_times.run_times import RunTimes
from bayplan.knowledge.run_times.runs import TaskRun, Unknown
from bayplan.knowledge.run_times.start_ups import StartUps

__all__ = [
    "ByTask",
    "EndedRun",
    "Evaluation",
    "Evidence",
    "Forecast",
    "RunTime",
    "RunTimes",
    "StartUps",
    "TaskRun",
    "Unknown",
    "efficiency",
]
