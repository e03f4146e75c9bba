"""How the tasks of a graph follow each other, and what they hand on: all that is known before the graph runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bayplan.collaboration.choosing import ChoiceTerms
from bayplan.lifecycle import Flow
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import TaskGraphSpec
from bayplan_operator.translate.execution import is_backup
from bayplan_operator.translate.flow import references
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.build import flow_of
from bayplan_operator.translate.flow.choosing import choosers_of
from bayplan_operator.translate.flow.data import check_data
from bayplan_operator.translate.flow.errors import Faults, FlowError
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
    """``pods``: the pod spec of each task; ``candidates``: by task, those of its candidates.

    Raises `FlowError` with all that is wrong, as far as one fault is not what another comes to.
    O(tasks + edges + length of the distinct pod specs).
    """
    faults, ancestors = Faults(), Ancestors(graph)
    gangs: tuple[GangPlan, ...] = ()
    flow, repeating = None, None
    choosers: Mapping[int, ChoiceTerms] = {}
    found: dict[int, list[OutputRef]] = {}
    with faults:
        gangs = gang_plans(spec, graph)
    with faults:
        flow = flow_of(spec, graph, [gang.rule for gang in gangs])
    if spec.rounds is None or all(name in graph.index for name in spec.rounds.tasks):
        with faults:
            repeating = repeating_of(spec, graph)
    _check_tasks(spec, graph, pods, faults)
    with faults:
        choosers = choosers_of(spec, graph, ancestors)
    with faults:
        found = _spoken_of(pods, candidates)
    for number, each in found.items():
        if is_backup(spec.tasks[number]):
            continue  # it was told of its task
        with faults:
            references.check(f'spec.tasks[{number}] ("{spec.tasks[number].name}")', each, graph, ancestors, number)
    _check_workspace(spec, graph, pods, candidates, faults)
    faults.told()
    needed = needed_of(spec, graph, flow, repeating, found, choosers)
    if not (flow or repeating or needed or found or choosers):
        return PLAIN
    return Relations(flow, repeating, needed, found, gangs, choosers)


def _check_tasks(spec: TaskGraphSpec, graph: Graph, pods: PodSpecs, faults: Faults) -> None:
    """What can be said of a task by itself."""
    for number, task in enumerate(spec.tasks):
        if is_backup(task):
            continue  # it is made as its task is
        if task.gang is not None:
            with faults:
                first = graph.index[task.name.partition(".")[0]]  # a stage is written where its task is
                check_environment(f'spec.tasks[{first}] ("{task.name}")', pods[number])
        with faults:
            check_data(number, task, graph)
        with faults:
            check_fuse(number, task, spec, graph)
        if task.fuse is not None and not has_workspace(pods[number]):
            with faults:
                raise FlowError(
                    f'spec.tasks[{number}] ("{task.name}") has fuse, and its pods have no volume named workspace: add one to '
                    "spec.template.spec.volumes, such as a persistentVolumeClaim, since inputs and outputs lie there"
                )


def _spoken_of(pods: PodSpecs, candidates: Mapping[int, PodSpecs]) -> dict[int, list[OutputRef]]:
    """Tasks share pod specs: each is looked through once. Raises `FlowError`."""
    known: dict[int, list[OutputRef]] = {}
    found: dict[int, list[OutputRef]] = {}
    faults = Faults()
    for number, own in enumerate(pods):
        for spec in candidates.get(number, (own,)):
            if id(spec) not in known:
                known[id(spec)] = []
                with faults:
                    known[id(spec)] = references.references(spec)
            if known[id(spec)]:
                found[number] = list(dict.fromkeys((*found.get(number, ()), *known[id(spec)])))
    faults.told()
    return found


def _check_workspace(
    spec: TaskGraphSpec, graph: Graph, pods: PodSpecs, candidates: Mapping[int, PodSpecs], faults: Faults
) -> None:
    known: dict[int, bool] = {}
    for number, own in enumerate(pods):
        for pod in candidates.get(number, (own,)):
            if id(pod) not in known:
                known[id(pod)] = any(mounted(container) for container in pod.get("containers") or ())
            if known[id(pod)] and not is_backup(spec.tasks[number]):
                with faults:
                    check_inputs(f'spec.tasks[{number}] ("{spec.tasks[number].name}")', graph, number)
