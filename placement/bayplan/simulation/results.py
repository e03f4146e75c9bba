"""From the world at its end to the trace."""

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.reasons import Reason
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import NOT_YET
from bayplan.simulation.trace import AttemptOutcome, Attempts, Graphs, Trace
from bayplan.simulation.world import World


def trace(world: World) -> Trace:
    """What happened; what still waits gets a row of its own."""
    _add_waiting(world)
    attempts = world.log.columns(world.submissions)
    return Trace(
        submissions=tuple(world.submissions),
        nodes=tuple(world.machines.nodes),
        attempts=attempts,
        graphs=_graphs(world, attempts),
        events=world.events + world.conductor.starts,
        ended_at=world.now,
        switches=tuple(world.conductor.switches),
        choices=tuple(world.conductor.choices),
        preempted=tuple(world.conductor.evicting.made),
        in_vain=world.conductor.evicting.in_vain,
    )


def _add_waiting(world: World) -> None:
    why = world.conductor.explain(world.now)
    for graph in world.conductor.graphs:
        for unit in sorted(graph.wanted):
            words = why[graph.number, unit]
            since = world.conductor.waits[graph.number, unit].since or 0.0
            incarnation = graph.tried.get(unit, 0) + 1
            row = world.log.add(graph.number, unit, incarnation, -1, (), (since, NOT_YET), words)
            _never_placed(world, graph, row)
        for unit, said in sorted(graph.homeless.items()):
            since, incarnation = float(graph.follow().ready_at[unit]), graph.tried.get(unit, 0) + 1
            row = world.log.add(graph.number, unit, incarnation, -1, (), (since, NOT_YET), (Reason.NO_SUCH_NODE.value, said))
            _never_placed(world, graph, row)


def _never_placed(world: World, graph: GraphState, row: int) -> None:
    unit = world.log.unit[row]
    world.log.outcome[row] = AttemptOutcome.WAITING
    world.log.round[row] = graph.round_of(unit)
    if graph.choices is not None:
        world.log.candidate[row] = graph.choices.position(int(graph.submission.graph.unit_task[unit]))
    world.log.open -= 1


def _graphs(world: World, attempts: Attempts) -> Graphs:
    states = world.conductor.graphs
    started = np.full(len(states), np.inf)
    ran = ~np.isnan(attempts.started_at)
    np.minimum.at(started, attempts.graph[ran], attempts.started_at[ran])
    return Graphs(
        submitted_at=np.array([each.submission.at for each in states]),
        started_at=np.where(np.isinf(started), np.nan, started),
        ended_at=_column([NOT_YET if each.ended_at is None else each.ended_at for each in states]),
        succeeded=np.array([each.succeeded for each in states], bool),
        missed=np.array([_missed(each, world) for each in states], bool),
        failure=tuple(each.failure for each in states),
        strategy=tuple(each.strategy for each in states),
        rounds=tuple(0 if each.run is None else each.run.round for each in states),
        skipped=tuple(each.skipped for each in states),
    )


def _missed(graph: GraphState, world: World) -> bool:
    submission = graph.submission
    if submission.deadline is None:
        return False
    due = submission.at + submission.deadline
    if graph.ended_at is None:
        return world.now > due or world.over
    return not graph.succeeded or graph.ended_at > due


def _column(values: list[float]) -> FloatArray:
    return np.array(values, np.float64)
