"""Run times and node states as posteriors learned from what was seen."""

from bayplan.prediction.evaluation import Evaluation, Outcome, efficiency
from bayplan.prediction.evidence import Evidence
from bayplan.prediction.forecast import ByTask, Forecast
from bayplan.prediction.lookalikes import Lookalikes
from bayplan.prediction.node_states import NodeState, NodeStates
from bayplan.prediction.node_watch import NodeWatch
from bayplan.prediction.reruns import Reruns
from bayplan.prediction.run_time import RunTime
from bayplan.prediction.run_times import RunTimes
from bayplan.prediction.runs import Run, Unknown
from bayplan.prediction.survival import Survival

__all__ = [
    "ByTask",
    "Evaluation",
    "Evidence",
    "Forecast",
    "Lookalikes",
    "NodeState",
    "NodeStates",
    "NodeWatch",
    "Outcome",
    "Reruns",
    "Run",
    "RunTime",
    "RunTimes",
    "Survival",
    "Unknown",
    "efficiency",
]
