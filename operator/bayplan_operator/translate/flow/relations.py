"""How the tasks of a graph follow each other, and what they hand on: all that is known before the graph runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bayplan.collaboration.choosing import ChoiceTerms
from bayplan.lifecycle import Flow
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import TaskGraphSpec
from bayplan_operator.translate.flow import references
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.build import flow_of
from bayplan_operator.translate.flow.choosing import choosers_of
from bayplan_operator.translate.flow.data import check_data
from bayplan_operator.translate.flow.errors import FlowError
from bayplan_operator.translate.flow.fusing import check_fuse, has_workspace
from bayplan_operator.translate.flow.gangs import GangPlan, check_environment, gang_plans
from bayplan_operator.translate.flow.needed import Needed, needed_of
from bayplan_operator.translate.flow.references import OutputRef
from bayplan_operator.translate.flow.repeating import Repeating, repeating_of
from bayplan_operator.translate.flow.workspace import check_inputs, mounted


@dataclass(frozen=True, slots=True)
class Relations:
    """What only some tasks have is by their numbers."""

    flow: Flow | None = None
    """``None``: each task starts once all before it have succeeded."""
    repeating: Repeating | None = None
    needed: Needed = field(default_factory=dict)
    """The results that are kept of each task."""
    spoken_of: Mapping[int, Sequence[OutputRef]] = field(default_factory=dict)
    """The results of other tasks that stand in a task's arguments and environment."""
    gangs: tuple[GangPlan, ...] = ()
    """In the order of the flow's."""
    choosers: Mapping[int, ChoiceTerms] = field(default_factory=dict)
    """How the candidates of tasks are chosen."""


PLAIN = Relations()
PodSpecs = Sequence[Mapping[str, Any]]
_NO_CANDIDATES: Mapping[int, PodSpecs] = {}


def relations_of(
    spec: TaskGraphSpec, graph: Graph, pods: PodSpecs, candidates: Mapping[int, PodSpecs] = _NO_CANDIDATES
) -> Relations:
    """``pods``: the pod spec of each task; ``candidates``: by task, those of its candidates. Raises `FlowError`.

    O(tasks + edges + length of the distinct pod specs).
    """
    gangs = gang_plans(spec, graph)
    flow, repeating = flow_of(spec, graph, [gang.rule for gang in gangs]), repeating_of(spec, graph)
    for gang in gangs:
        for number in gang.tasks:
            check_environment(f'spec.tasks[{gang.tasks[0]}] ("{spec.tasks[number].name}")', pods[number])
    for number, task in enumerate(spec.tasks):
        check_data(number, task, graph)
        check_fuse(number, task, spec, graph)
        if task.fuse is not None and not has_workspace(pods[number]):
            raise FlowError(
                f'spec.tasks[{number}] ("{task.name}") has fuse, and its pods have no volume named workspace: add one to '
                "spec.template.spec.volumes, such as a persistentVolumeClaim, since inputs and outputs lie there"
            )
    ancestors = Ancestors(graph)
    choosers = choosers_of(spec, graph, ancestors)
    found = _spoken_of(pods, candidates)
    for number, each in found.items():
        references.check(f'spec.tasks[{number}] ("{spec.tasks[number].name}")', each, graph, ancestors, number)
    _check_workspace(spec, graph, pods, candidates)
    needed = needed_of(spec, graph, flow, repeating, found, choosers)
    if not (flow or repeating or needed or found or choosers):
        return PLAIN
    return Relations(flow, repeating, needed, found, gangs, choosers)


def _spoken_of(pods: PodSpecs, candidates: Mapping[int, PodSpecs]) -> dict[int, list[OutputRef]]:
    """Tasks share pod specs: each is looked through once."""
    known: dict[int, list[OutputRef]] = {}
    found: dict[int, list[OutputRef]] = {}
    for number, own in enumerate(pods):
        for spec in candidates.get(number, (own,)):
            if id(spec) not in known:
                known[id(spec)] = references.references(spec)
            if known[id(spec)]:
                found[number] = list(dict.fromkeys((*found.get(number, ()), *known[id(spec)])))
    return found


def _check_workspace(spec: TaskGraphSpec, graph: Graph, pods: PodSpecs, candidates: Mapping[int, PodSpecs]) -> None:
    known: dict[int, bool] = {}
    for number, own in enumerate(pods):
        for pod in candidates.get(number, (own,)):
            if id(pod) not in known:
                known[id(pod)] = any(mounted(container) for container in pod.get("containers") or ())
            if known[id(pod)]:
                check_inputs(f'spec.tasks[{number}] ("{spec.tasks[number].name}")', graph, number)
