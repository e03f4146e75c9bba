"""Conditions over the results of tasks, such as `evaluate.accuracy >= 0.95 and not all(local.done)`.

`parse` makes a `Condition` of text, `Condition.check` holds it against the tasks of a graph, `Condition.never` finds the
conditions that can never be true, and `Condition.evaluate` answers true, false, or why neither can be said. Nothing is ever
handed to Python's own `eval`.
"""

from bayplan.lifecycle.conditions.condition import Condition, parse
from bayplan.lifecycle.conditions.errors import ConditionError
from bayplan.lifecycle.conditions.measure import Measure, measured_by, parse_measure
from bayplan.lifecycle.conditions.truth import Undecidable
from bayplan.lifecycle.conditions.values import Reference, Value

__all__ = [
    "Condition",
    "ConditionError",
    "Measure",
    "Reference",
    "Undecidable",
    "Value",
    "measured_by",
    "parse",
    "parse_measure",
]
