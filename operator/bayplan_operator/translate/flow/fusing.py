"""Tasks that fuse: whether they can, and what their pods are."""

from collections.abc import Mapping
from typing import Any

from bayplan.collaboration.fusion import FusionError, FusionMethod, method_named, planned
from bayplan.collaboration.fusion.counts import check_count
from bayplan.collaboration.fusion.methods import WeightUse
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.model.graph import Graph
from bayplan_operator.api.merge import merge_templates
from bayplan_operator.api.v1alpha1 import Fuse, PodTemplate, Task, TaskGraphSpec
from bayplan_operator.translate.flow.errors import FlowError
from bayplan_operator.translate.flow.workspace import VOLUME

_MOUNT = "/workspace"
"""Where the pods of tasks that fuse have the workspace, unless the graph's template says where."""


def check_fuse(number: int, task: Task, spec: TaskGraphSpec, graph: Graph) -> None:
    """Raises `FlowError` where a task cannot fuse what the tasks before it make."""
    if task.fuse is None:
        return
    where = f'spec.tasks[{number}] ("{task.name}")'
    if not task.depends_on:
        raise FlowError(f"{where} has fuse and no dependsOn: name the tasks whose results it fuses")
    if graph.tasks[number].shards > 1:
        raise FlowError(f"{where} has fuse and {graph.tasks[number].shards} shards: one pod fuses, so leave shards out")
    if task.args or task.template_name is not None:
        field = "args" if task.args else "templateName"
        raise FlowError(f"{where} has fuse and {field}: its pod runs Bayplan's own program, so leave {field} out")
    plan = _planned(f"{where}.fuse", task.fuse)
    method = method_named(task.fuse.method)
    _check_weights(f"{where}.fuse", method, task.fuse)
    _check_reference(f"{where}.fuse", task, graph, number)
    inputs = sum(graph.tasks[parent].shards for parent in fused(task, graph, number))
    if task.gate == "All" and spec.rounds is None:
        _check_count(f"{where}.fuse", plan, inputs)
    for parent in graph.parents.of(number).tolist():
        _check_file(f"{where}.fuse", task.fuse, spec.tasks[parent])


def fused(task: Task, graph: Graph, number: int) -> list[int]:
    """The tasks whose results it fuses: those before it, without the one that made the first model."""
    reference = None if task.fuse is None else task.fuse.reference
    return [parent for parent in graph.parents.of(number).tolist() if graph.tasks[parent].name != reference]


def parameters(fuse: Fuse) -> dict[str, str]:
    """By name."""
    return {each.name: each.value for each in fuse.parameters}


def fuse_template(spec: TaskGraphSpec, task: Task, image: str) -> PodTemplate:
    """What the pod of a task that fuses is made from: all of the graph's template but its containers; ours; and the task's own.

    The workspace is mounted where the graph's first container has it.
    """
    base = {name: part for name, part in spec.template.spec.items() if name not in ("containers", "initContainers")}
    containers = spec.template.spec.get("containers") or [{}]
    mounts = [each for each in containers[0].get("volumeMounts") or () if each.get("name") == VOLUME]
    ours = {
        "name": "main",
        "image": image,
        "command": ["bayplan", "fuse", "--task"],
        "volumeMounts": mounts or [{"name": VOLUME, "mountPath": _MOUNT}],
    }
    made = PodTemplate(metadata=spec.template.metadata, spec={**base, "containers": [ours]})
    return made if task.template is None else merge_templates(made, task.template)


def has_workspace(template: Mapping[str, Any]) -> bool:
    """A pod spec has the volume in which inputs and outputs lie."""
    return any(isinstance(each, Mapping) and each.get("name") == VOLUME for each in template.get("volumes") or ())


def _check_reference(where: str, task: Task, graph: Graph, number: int) -> None:
    reference = None if task.fuse is None else task.fuse.reference
    if reference is None:
        return
    before = {graph.tasks[parent].name: graph.tasks[parent].shards for parent in graph.parents.of(number).tolist()}
    if reference not in before:
        raise FlowError(f'{where}.reference is "{reference}": it must be one of the tasks in dependsOn')
    if before[reference] > 1:
        raise FlowError(f'{where}.reference is "{reference}", which has {before[reference]} shards: take a task with one')
    if len(before) == 1:
        raise FlowError(f"{where}.reference is the only task in dependsOn: name a task whose results are fused too")


def _planned(where: str, fuse: Fuse) -> FusionPlan:
    try:
        return planned(fuse.method, parameters(fuse))
    except FusionError as error:
        raise FlowError(f"{where}: {error}") from error


def _check_weights(where: str, method: FusionMethod, fuse: Fuse) -> None:
    if method.weights is WeightUse.REQUIRED and fuse.weight_by is None:
        raise FlowError(
            f"{where} has method {method.name} and no weightBy: name the number by which inputs count, such as samples"
        )
    if method.weights is WeightUse.NONE and fuse.weight_by is not None and not method.combines:
        raise FlowError(f"{where} has weightBy, and {method.name} weighs nothing: leave weightBy out, or take FedAvg")


def _check_count(where: str, plan: FusionPlan, inputs: int) -> None:
    """Where all inputs are known to be there."""
    try:
        check_count(plan, inputs)
    except FusionError as error:
        raise FlowError(f"{where}: {error}") from error


def _check_file(where: str, fuse: Fuse, before: Task) -> None:
    """What a task that fuses writes is known."""
    if before.fuse is None:
        return
    written = before.fuse.to or before.fuse.from_
    if written != fuse.from_:
        raise FlowError(
            f'{where}.from is "{fuse.from_}", and task "{before.name}" before it writes "{written}": write from: {written}'
        )
