"""The run of a graph as a pure state machine.

``advance`` takes the whole state of a run, what was observed, and the time; it answers the next state and what is wanted now.
It compares what should be with what is: an action that was wanted before and had no effect is simply wanted again.
"""

from bayplan.lifecycle.advance import Advance, Lifecycle, advance
from bayplan.lifecycle.asynchronous import ages
from bayplan.lifecycle.attempt import Attempt, News, Observations, Phase, Refusal
from bayplan.lifecycle.backups import attempt_number, winners
from bayplan.lifecycle.candidates import Alternatives, GivenUp, failed_for_good
from bayplan.lifecycle.conditions import Condition, ConditionError, Undecidable, Value, parse
from bayplan.lifecycle.controls import Controls, Retry
from bayplan.lifecycle.flow import BackupRule, BestBy, Flow, GangRule, Gate, Repeated, TaskOutcome
from bayplan.lifecycle.inputs import inputs, succeeded
from bayplan.lifecycle.results import values_of
from bayplan.lifecycle.rounds import Round, begun, round_over
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import TRANSITIONS, UnitState
from bayplan.lifecycle.wants import Wants

__all__ = [
    "TRANSITIONS",
    "Advance",
    "Alternatives",
    "Attempt",
    "BackupRule",
    "BestBy",
    "Condition",
    "ConditionError",
    "Controls",
    "Flow",
    "GangRule",
    "Gate",
    "GivenUp",
    "Lifecycle",
    "News",
    "Observations",
    "Phase",
    "Refusal",
    "Repeated",
    "Retry",
    "Round",
    "Run",
    "TaskOutcome",
    "Undecidable",
    "UnitState",
    "Value",
    "Wants",
    "advance",
    "ages",
    "attempt_number",
    "begun",
    "failed_for_good",
    "inputs",
    "parse",
    "round_over",
    "succeeded",
    "values_of",
    "winners",
]
