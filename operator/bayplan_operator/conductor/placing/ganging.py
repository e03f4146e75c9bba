"""The gangs of a graph, as the decider is told of them."""

from collections.abc import Mapping

from bayplan.lifecycle import UnitState
from bayplan.model.workload import Gang
from bayplan_operator.conductor.placing.rendezvous import wanting
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running


def gangs_wanting(graph: GraphRun, running: Running) -> Mapping[int, Gang]:
    """By unit that wants a place, its gang, once its Service is there. O(units of the gangs that want one)."""
    run = running.run
    found: dict[int, Gang] = {}
    for plan in wanting(running):
        if plan.rule.name not in running.services:
            continue
        there = [run.node[unit] for unit in plan.rule.units if run.state[unit] in (UnitState.BINDING, UnitState.RUNNING)]
        gang = Gang(
            id=(graph.ref.uid, plan.rule.name),
            minimum=plan.rule.minimum if plan.rule.elastic else None,
            topology=plan.topology,
            beside=tuple(there),
            name=f"{graph.ref.name}/{plan.rule.name}",
        )
        found.update((unit, gang) for unit in plan.rule.units if run.state[unit] == UnitState.READY)
    return found
