"""A pod is better where its inputs are: the nodes of the tasks before it, by the bytes that it reads of them."""

from dataclasses import replace

from bayplan.lifecycle import UnitState
from bayplan.model.constraints import PreferredTerm, Requirement, Term
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.flow.fusing import has_workspace

_MOST = 4
"""Nodes that are preferred: those with the most bytes."""
_WEIGHT = 100


def asked_by(running: Running, unit: int) -> RequestClass:
    """What the next pod of a unit asks for, and what was asked for by its last one."""
    return near_data(running, unit, running.prepared.request_class(unit))


def near_data(running: Running, unit: int, asked: RequestClass) -> RequestClass:
    """What the pod asks for, with a preference for the nodes that have what it reads in the workspace.

    Only where `dependsOn.data` says how much that is. O(shards of the tasks before).
    """
    prepared, run = running.prepared, running.run
    graph, task = prepared.graph, int(prepared.graph.unit_task[unit])
    edges = slice(int(graph.parents.indptr[task]), int(graph.parents.indptr[task + 1]))
    if not prepared.data[edges].any() or not has_workspace(prepared.templates[task].spec):
        return asked
    of_node: dict[str, float] = {}
    for parent, size in zip(graph.parents.indices[edges].tolist(), prepared.data[edges].tolist(), strict=True):
        units = range(int(graph.unit_start[parent]), int(graph.unit_start[parent + 1]))
        there = [run.node[each] for each in units if run.state[each] == UnitState.SUCCEEDED and run.node[each]]
        for node in there:
            of_node[node] = of_node.get(node, 0.0) + size / len(there)
    total = sum(of_node.values())
    if not total:
        return asked
    most = sorted(of_node, key=lambda node: (-of_node[node], node))[:_MOST]
    terms = tuple(PreferredTerm(max(1, round(_WEIGHT * of_node[node] / total)), _on(node)) for node in most)
    return replace(asked, preferred=(*asked.preferred, *terms))


def _on(node: str) -> Term:
    return Term(expressions=(), fields=(Requirement("metadata.name", "In", (node,)),))
