"""A plan from a situation: insertion scheduling on the slots of nodes."""

from dataclasses import replace

import numpy as np

from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.foresight.graph_plans.units import UnitEdges, unit_edges
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.schedules.heft import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, optimistic_costs, upward_rank

_LOOK_AHEAD = 20_000_000
"""Edges x slots up to which the look-ahead is made beside the plain schedule; some 90 ms."""
_EQUAL = 1e-9
"""The part of a makespan that rounding may make up."""


def make_plan(situation: Situation) -> Plan:
    """The shorter of HEFT's and PEFT's schedules of what is left of a graph, from the situation's slots on.

    Units that run keep their slots until their end. A unit that no slot could hold, and whoever waits for it, has no place.
    O(edges x slots + units x (slots + units)).
    """
    return _Making(situation).plan()


class _Making:
    """Rows of the problem: units that have a place to go to or data that is read, then joins."""

    def __init__(self, situation: Situation) -> None:
        self._now = situation
        self._running = np.flatnonzero(situation.running)
        self._nodes = _with_running(situation, self._running)
        edges = unit_edges(situation.graph, situation.data, situation.done, situation.done | situation.running)
        blocked = _blocked(situation, self._nodes, edges)
        wanted = ~situation.done & ~blocked
        kept = np.concatenate((wanted, np.ones(edges.joins, bool)))
        kept[_sources(situation, edges, wanted)] = True
        self._rows = np.flatnonzero(kept)
        self._problem, self._fixed = _problem(situation, self._nodes, edges, self._rows, self._running)

    def plan(self) -> Plan:
        situation, graph = self._now, self._now.graph
        slot, node = np.full(graph.units, -1), np.where(situation.done, situation.place, -1)
        start = np.where(situation.done, situation.now, np.inf)
        finish, rank = start.copy(), np.zeros(len(graph.tasks))
        if self._problem is not None:
            found, priority = _shortest(self._problem, self._fixed)
            own = self._rows[self._rows < graph.units]
            at = np.flatnonzero(~situation.done[own])
            units = own[at]
            slot[units] = found.processor[at]
            node[units] = self._nodes.slot_node[slot[units]]
            start[units], finish[units] = situation.now + found.start[at], situation.now + found.finish[at]
            np.maximum.at(rank, graph.unit_task[units], priority[at])
        with np.errstate(invalid="ignore"):
            seconds = np.where(np.isinf(finish), np.inf, finish - start)
        begun = situation.done | situation.running
        progress = Progress(situation.done, situation.place, begun, np.full(graph.units, np.nan))
        return Plan(situation.now, rank, slot, node, start, finish, self._nodes, seconds, situation, progress)


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


def _with_running(situation: Situation, running: IntArray) -> Nodes:
    nodes = situation.nodes
    return replace(
        nodes,
        slot_node=np.concatenate((nodes.slot_node, situation.place[running])),
        slot_free=np.concatenate((nodes.slot_free, np.zeros(len(running)))),
    )


def _blocked(situation: Situation, nodes: Nodes, edges: UnitEdges) -> BoolArray:
    """Shape (units,): no slot could hold it, or something that it waits for."""
    graph = situation.graph
    classes = np.unique(nodes.node_class[nodes.slot_node])
    alone = np.asarray(np.isinf(situation.seconds[:, classes]).all(axis=1))
    waits = ~(situation.done | situation.running)
    blocked = np.zeros(len(graph.tasks), bool)
    blocked[graph.unit_task[waits & alone[graph.unit_task]]] = True
    if blocked.any():
        for task in graph.topological.tolist():
            blocked[task] |= blocked[graph.parents.of(task)].any()
    return np.asarray(blocked[graph.unit_task] & waits)


def _sources(situation: Situation, edges: UnitEdges, wanted: BoolArray) -> IntArray:
    """Done units on a known node that hand bytes to a unit that has a place to go to."""
    read = edges.parents[(edges.bytes > 0) & np.append(wanted, np.zeros(edges.joins, bool))[edges.children]]
    read = read[read < situation.graph.units]
    return np.unique(read[situation.done[read] & (situation.place[read] >= 0)])


def _problem(
    situation: Situation, nodes: Nodes, edges: UnitEdges, rows: IntArray, running: IntArray
) -> tuple[GraphProblem | None, IntArray]:
    """The problem, none where nothing is left; and per row the processor that is settled, -1: none."""
    graph, units = situation.graph, situation.graph.units
    own = rows[rows < units]
    sources = situation.done[own]
    if not len(own) or sources.all():
        return None, np.zeros(0, np.int64)
    # A node that holds data but has no slot is a processor on which nothing can run.
    far = np.setdiff1d(situation.place[own[sources]], nodes.slot_node)
    on_node = np.concatenate((nodes.slot_node, far))
    slots, processors = len(nodes.slot_node), len(nodes.slot_node) + len(far)
    durations = np.zeros((len(rows), processors))
    durations[: len(own), :slots] = situation.seconds[graph.unit_task[own]][:, nodes.node_class[nodes.slot_node]]
    durations[: len(own)] += (edges.reads[own] / situation.bandwidth)[:, None]
    durations[: len(own), slots:] = np.inf
    fixed = np.full(len(rows), -1)
    fixed[len(own) :] = 0
    row_of = np.full(units + edges.joins, -1)
    row_of[rows] = np.arange(len(rows))
    first_of = np.full(len(nodes.names), -1)
    first_of[on_node[::-1]] = np.arange(processors)[::-1]
    at = row_of[own[sources]]
    fixed[at] = first_of[situation.place[own[sources]]]
    durations[at] = 0.0
    at = row_of[running]
    fixed[at] = slots - len(running) + np.arange(len(running))
    durations[at] = situation.left[running, None]
    kept = (row_of[edges.parents] >= 0) & (row_of[edges.children] >= 0)
    problem = GraphProblem(
        durations=durations,
        parents=row_of[edges.parents[kept]],
        children=row_of[edges.children[kept]],
        bytes=edges.bytes[kept],
        bandwidth=situation.bandwidth,
        available=np.concatenate((nodes.slot_free, np.zeros(len(far)))),
        site=np.unique(on_node, return_inverse=True)[1].astype(np.int64),
        fetched=True,
    )
    return problem, fixed
