"""A plan as it stands in a later situation, and whether a new one is shorter."""

import numpy as np

from bayplan.foresight.graph_plans.make import make_plan
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.rest import Rest
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.model.arrays import IntArray
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import Schedule
from bayplan.solvers.schedules.ranks import list_by, upward_rank


def plan_again(before: Plan, situation: Situation) -> Plan:
    """The shorter of a new plan and the one before, as it stands in the situation; of equal ones the one before.

    What a search has found is kept that way when reality has left a plan behind. O(`make_plan` + `carried_over`).
    """
    rest = Rest(situation)
    made = make_plan(situation)
    if rest.problem is None:
        return made
    kept = carried_over(before, situation, rest)
    return made if situation.now + kept.makespan > made.completion else rest.plan(kept, upward_rank(rest.problem))


def carried_over(plan: Plan, situation: Situation, rest: Rest) -> Schedule:
    """What is left, each unit on its planned node as soon as it can, in the order of the plan.

    A unit whose node has no slot any more goes to where it ends first. `rest`: of the situation, with something left.
    O(units + edges log units + units^2), with units x slots where a node has gone.
    """
    assert rest.problem is not None
    units, rows = rest.planned
    slot_of = np.arange(len(plan.nodes.slot_node)) if situation is plan.situation else _same_slots(plan, rest)
    settled = rest.fixed.copy()
    waits = settled[rows] < 0
    slot = plan.slot[units[waits]]
    at = np.append(slot_of, -1)[slot]
    runs_there = (at >= 0) & np.isfinite(rest.problem.durations[rows[waits], at])
    settled[rows[waits]] = np.where(runs_there, at, -1)
    begins = np.full(rest.problem.tasks, -np.inf)
    begins[rows[waits]] = plan.start[units[waits]]
    return insertion(rest.problem, list_by(rest.problem, -begins), settled)


def _same_slots(plan: Plan, rest: Rest) -> IntArray:
    """Per slot of the plan, the slot of the rest that takes its place on the same node; -1: the node has none."""
    number = {name: at for at, name in enumerate(rest.nodes.names)}
    node = np.array([number.get(name, -1) for name in plan.nodes.names], np.int64)[plan.nodes.slot_node]
    order = np.argsort(rest.nodes.slot_node, kind="stable")
    first, end = (np.searchsorted(rest.nodes.slot_node[order], node, side) for side in ("left", "right"))
    old = np.argsort(node, kind="stable")
    place = np.empty(len(node), np.int64)
    place[old] = np.arange(len(node)) - np.searchsorted(node[old], node[old])
    there = end - first
    return np.where(there > 0, order[np.minimum(first + place % np.maximum(there, 1), len(order) - 1)], -1)
