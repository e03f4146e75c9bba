"""A plan from a situation: insertion scheduling on the slots of nodes."""

import numpy as np

from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.rest import Rest
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, optimistic_costs, upward_rank

_LOOK_AHEAD = 20_000_000
"""Edges x slots up to which the look-ahead is made beside the plain schedule; some 90 ms."""
_EQUAL = 1e-9
"""The part of a makespan that rounding may make up."""


def make_plan(situation: Situation) -> Plan:
    """The shorter of HEFT's and PEFT's schedules of what is left of a graph, from the situation's slots on.

    Units that run keep their slots until their end. A unit that no slot could hold has no place; units that wait for it have
    none either. O(edges x slots + units x (slots + units)).
    """
    rest = Rest(situation)
    return rest.plan(*_shortest(rest.problem, rest.fixed)) if rest.problem is not None else rest.empty()


def _shortest(problem: GraphProblem, fixed: IntArray) -> tuple[Schedule, FloatArray]:
    """The schedule, and the upward ranks, shape (tasks,)."""
    rank = upward_rank(problem)
    # Whatever is fixed begins now: it is listed before anything else could take its slot.
    found = insertion(problem, list_by(problem, np.where(fixed >= 0, np.inf, rank)), fixed)
    if len(problem.parents) * problem.processors <= _LOOK_AHEAD:
        costs = optimistic_costs(problem)
        ahead = np.where(fixed >= 0, np.inf, costs.mean(axis=1))
        other = insertion(problem, list_by(problem, ahead), fixed, costs)
        # What differs by rounding alone is equally long, or the processor's type and the clock's offset would decide.
        found = other if other.makespan < found.makespan * (1 - _EQUAL) else found
    return found, rank
