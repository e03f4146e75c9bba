"""What is left of a graph, as a problem of scheduling; and schedules of it as plans."""

from dataclasses import replace

import numpy as np

from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.foresight.graph_plans.units import UnitEdges, unit_edges
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.schedules.problem import GraphProblem, Schedule


class Rest:
    """Rows of the problem: units that have a place to go to or data that is read, then joins."""

    def __init__(self, situation: Situation) -> None:
        self._now = situation
        running = np.flatnonzero(situation.running)
        self.nodes = _with_running(situation, running)
        """With a slot for each unit that runs."""
        edges = unit_edges(situation.graph, situation.data, situation.done, situation.done | situation.running)
        blocked = _blocked(situation, self.nodes, edges)
        wanted = ~situation.done & ~blocked
        kept = np.concatenate((wanted, np.ones(edges.joins, bool)))
        kept[_sources(situation, edges, wanted)] = True
        self.rows = np.flatnonzero(kept)
        """The unit of each row; numbers from `graph.units` on are joins."""
        self.problem, self.fixed = _problem(situation, self.nodes, edges, self.rows, running)
        """None: nothing is left. Per row the processor that is settled, -1: none."""

    def plan(self, found: Schedule, priority: FloatArray) -> Plan:
        """A schedule of the problem as a plan. `priority`: per row, its upward rank in seconds."""
        units, at = self.planned
        plan = self.empty()
        plan.slot[units] = found.processor[at]
        plan.node[units] = self.nodes.slot_node[plan.slot[units]]
        plan.start[units], plan.finish[units] = self._now.now + found.start[at], self._now.now + found.finish[at]
        np.maximum.at(plan.rank, self._now.graph.unit_task[units], priority[at])
        with np.errstate(invalid="ignore"):
            plan.seconds[:] = np.where(np.isinf(plan.finish), np.inf, plan.finish - plan.start)
        return plan

    def empty(self) -> Plan:
        """The plan in which nothing that is not done has a place."""
        situation, units = self._now, self._now.graph.units
        start = np.where(situation.done, situation.now, np.inf)
        begun = situation.done | situation.running
        return Plan(
            made_at=situation.now,
            rank=np.zeros(len(situation.graph.tasks)),
            slot=np.full(units, -1),
            node=np.where(situation.done, situation.place, -1),
            start=start,
            finish=start.copy(),
            nodes=self.nodes,
            seconds=np.where(situation.done, 0.0, np.inf),
            situation=situation,
            progress=Progress(situation.done, situation.place, begun, np.full(units, np.nan)),
        )

    @property
    def planned(self) -> tuple[IntArray, IntArray]:
        """Units that have a place to go to or run, and their rows."""
        own = self.rows[self.rows < self._now.graph.units]
        at = np.flatnonzero(~self._now.done[own])
        return own[at], at


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
