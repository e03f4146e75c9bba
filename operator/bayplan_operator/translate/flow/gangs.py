"""Gangs: who is in them, by which names they find each other, and what their programs are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan.lifecycle import GangRule
from bayplan.model.graph import Graph
from bayplan.model.workload import GangTopology
from bayplan_operator.api.v1alpha1 import DEFAULT_PORT, DEFAULT_TIMEOUT, Gang, Task, TaskGraphSpec
from bayplan_operator.translate.flow.errors import Faults, FlowError

OURS = (
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "JOB_COMPLETION_INDEX", "BAYPLAN_STAGE",
    "PET_NNODES", "PET_NODE_RANK", "PET_MASTER_ADDR", "PET_MASTER_PORT",
    "PET_RDZV_BACKEND", "PET_RDZV_ENDPOINT", "PET_RDZV_ID",
)  # fmt: skip
"""Environment variables that a template of a gang must not set."""


@dataclass(frozen=True, slots=True)
class GangPlan:
    """A task whose pods start together."""

    rule: GangRule
    tasks: tuple[int, ...]
    """Its stages, or the one task that it is."""
    topology: GangTopology | None
    port: int


@dataclass(frozen=True, slots=True)
class Member:
    """What a pod is in its gang."""

    gang: str
    service: str
    """The Service under which the members find each other."""
    rank: int
    size: int
    """How many members there are."""
    stage: str
    port: int
    minimum: int

    @property
    def host(self) -> str:
        """Its own host name."""
        return host_name(self.gang, self.rank)

    @property
    def master(self) -> str:
        """Where the member of rank 0 is found."""
        return f"{host_name(self.gang, 0)}.{self.service}"


def gang_plans(spec: TaskGraphSpec, graph: Graph) -> tuple[GangPlan, ...]:
    """In the order of their tasks. Raises `FlowError`."""
    found, faults = [], Faults()
    for number, task in enumerate(spec.tasks):
        if task.gang is not None and "." not in task.name:
            with faults:
                found.append(_plan(number, task, spec, graph))
    faults.told()
    return tuple(found)


def check_environment(where: str, pod: Mapping[str, Any]) -> None:
    """That a template of a gang sets none of the variables by which its pods find each other. Raises `FlowError`."""
    for field in ("initContainers", "containers"):
        for container in pod.get(field) or ():
            for variable in container.get("env") or ():
                if variable.get("name") in OURS:
                    raise FlowError(
                        f"{where} is a gang and sets the environment variable {variable['name']} itself: leave it out, Bayplan "
                        "sets it for each pod"
                    )


def host_name(task: str, rank: int) -> str:
    """Of a member: a DNS label that stays the same however often the member starts."""
    end = f"-{rank}"
    return task[: 63 - len(end)].rstrip("-") + end


def environment(member: Member, graph_uid: str) -> dict[str, str]:
    """What torchrun reads (`PET_*`), and what plain programs do."""
    master, size = member.master, member.size
    nodes = str(size) if member.minimum == size else f"{member.minimum}:{size}"
    told = {
        "RANK": str(member.rank),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": "0",
        "MASTER_ADDR": master,
        "MASTER_PORT": str(member.port),
        "JOB_COMPLETION_INDEX": str(member.rank),
        "PET_NNODES": nodes,
        "PET_NODE_RANK": str(member.rank),
        "PET_MASTER_ADDR": master,
        "PET_MASTER_PORT": str(member.port),
    }
    if member.stage:
        told["BAYPLAN_STAGE"] = member.stage
    if member.minimum < size:  # an elastic torchrun meets at an endpoint instead of at a master
        endpoint = f"{master}:{member.port}"
        told |= {"PET_RDZV_BACKEND": "c10d", "PET_RDZV_ENDPOINT": endpoint, "PET_RDZV_ID": graph_uid}
    return told


def _plan(number: int, task: Task, spec: TaskGraphSpec, graph: Graph) -> GangPlan:
    where = f'spec.tasks[{number}] ("{task.name}")'
    gang = task.gang or Gang()
    tasks = [number, *(graph.index[f"{task.name}.{stage.name}"] for stage in task.stages[1:])]
    units = tuple(unit for each in tasks for unit in range(int(graph.unit_start[each]), int(graph.unit_start[each + 1])))
    _check(where, task, gang, len(units))
    rule = GangRule(task.name, units, gang.minimum or len(units), gang.timeout or DEFAULT_TIMEOUT)
    return GangPlan(rule, tuple(tasks), _topology(gang), gang.port or DEFAULT_PORT)


def _check(where: str, task: Task, gang: Gang, members: int) -> None:
    names_ = [stage.name for stage in task.stages]
    twice = next((name for name in names_ if names_.count(name) > 1), None)
    if twice is not None:
        raise FlowError(f'{where} has two stages with the name "{twice}": names must be unique in the task')
    both = next((stage.name for stage in task.stages if stage.template is not None and stage.template_name is not None), None)
    if both is not None:
        raise FlowError(f'{where} has template and templateName in its stage "{both}": keep one of them')
    if gang.minimum is not None and gang.minimum > members:
        raise FlowError(f"{where} has gang.minimum {gang.minimum} and {members} pods: the minimum must be at most {members}")
    if gang.minimum is not None and gang.minimum < members and task.stages:
        raise FlowError(f"{where} has stages and gang.minimum: a stage cannot be left out, so leave minimum out")
    if task.data is not None and task.stages:
        raise FlowError(f"{where} has stages and data: leave one of them out, or tie the stages to nodes by their templates")


def _topology(gang: Gang) -> GangTopology | None:
    if gang.topology is None:
        return None
    label = gang.topology.required or gang.topology.preferred
    return None if label is None else GangTopology(label, required=gang.topology.required is not None)
