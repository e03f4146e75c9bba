"""A whole file of Argo's as one submission."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bayplan.knowledge.run_times import TaskRun
from bayplan.model.graph import Graph, GraphError, Task
from bayplan.simulation import Parallelism, Submission
from bayplan_operator.translate.admission import AdmissionObjects
from bayplan_operator.translate.task_graph import DEFAULT_DURATION
from bayplan_operator.workflows.argo.expanding import Expansion, FlatTask
from bayplan_operator.workflows.argo.known_fields import CRON_WORKFLOW_SPEC, WORKFLOW_SPEC, look
from bayplan_operator.workflows.argo.parameters import of_workflow
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.templates import parallelism
from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.labels import Labels, label

KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
GROUP = "argoproj.io/"
POLICY = "default"
_EXIT = "onExit"


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says."""

    submission: Submission
    left_out: tuple[str, ...]
    """What was not read, one sentence each."""


def read(document: Document, objects: AdmissionObjects | None = None) -> Read:
    """The pods of the entry point, in their order. `objects`: what admission goes by. Raises `InputError`."""
    remarks = Remarks(document)
    top = Fields(document, document.value)
    spec = _spec(top, remarks)
    look(spec, WORKFLOW_SPEC, remarks)
    if spec.value.get("workflowTemplateRef"):
        raise spec.fault("workflowTemplateRef", "it cannot be read: give the file of that WorkflowTemplate itself")
    workflow = of_workflow(top, spec, remarks)
    namespace = top.map("metadata").text("namespace", "default")
    expansion = Expansion(spec, workflow, remarks, partial((objects or AdmissionObjects()).admitted, namespace=namespace))
    entry = expansion.template(spec, "entrypoint") if spec.value.get("entrypoint") else _only_one(spec)
    calls = "dag" in entry.value or "steps" in entry.value
    ends = expansion.run(entry, (), "" if calls else entry.text("name"))
    if spec.value.get(_EXIT):
        expansion.run(expansion.template(spec, _EXIT), ends, _EXIT)
        remarks.add(spec.at(_EXIT), "is simulated in part: it runs once all has succeeded, but not after a failure")
    limits = expansion.limits
    if spec.value.get("parallelism") is not None:
        limits.append(Parallelism(parallelism(spec, workflow), frozenset(range(len(expansion.tasks)))))
    return Read(replace(_submission(top, expansion.tasks), parallelism=tuple(limits)), tuple(remarks))


def _spec(top: Fields, remarks: Remarks) -> Fields:
    spec = top.map("spec")
    if top.value.get("kind") != "CronWorkflow":
        return spec
    look(spec, CRON_WORKFLOW_SPEC, remarks)
    return spec.map("workflowSpec")


def _only_one(spec: Fields) -> Fields:
    """A WorkflowTemplate may go without an entry point."""
    templates = spec.maps("templates", needed=True)
    found = [each for each in templates if "dag" in each.value or "steps" in each.value]
    if len(found) != 1:
        raise spec.document.fault(f"{spec.at('entrypoint')} is missing: it must name the template to read", spec.place)
    return found[0]


def _submission(top: Fields, tasks: list[FlatTask]) -> Submission:
    if not tasks:
        raise top.document.fault("the workflow has no pod to run: its loops have no items, or its dag no tasks", "spec")
    metadata = top.map("metadata")
    labels = Labels()
    names = [labels(each.name) for each in tasks]
    asks = [each.ask for each in tasks]
    expected = np.array([ask.expected or 0.0 for ask in asks])
    durations = np.where(expected > 0, expected, DEFAULT_DURATION)
    try:
        graph = Graph.build(
            [
                Task(name, tuple(names[parent] for parent in each.parents), each.pods, seconds)
                for name, each, seconds in zip(names, tasks, durations.tolist(), strict=True)
            ]
        )
    except GraphError as error:
        raise top.document.fault(str(error), "spec") from error
    namespace = metadata.text("namespace", "default")
    name = label(metadata.text("name", metadata.text("generateName", top.document.path.stem)))
    return Submission(
        name=f"{namespace}/{name}",
        graph=graph,
        classes=tuple(ask.request_class for ask in asks),
        policy=POLICY,
        retries=tuple(ask.retry for ask in asks),
        expected=expected,
        actual=np.array([ask.actual or seconds for ask, seconds in zip(asks, durations.tolist(), strict=True)]),
        runs=tuple(TaskRun(each, f"{namespace}/{name}", hint=ask.expected) for each, ask in zip(names, asks, strict=True)),
    )
