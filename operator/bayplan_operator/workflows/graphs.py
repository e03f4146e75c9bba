"""Graphs and policies from files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.admission.queue import Queue
from bayplan.model.arrays import FloatArray
from bayplan.model.neighbour import Neighbour
from bayplan.model.workload import RequestClass
from bayplan.simulation import Submission
from bayplan_operator import names
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.api.validation.words import shown
from bayplan_operator.translate.admission import AdmissionObjects
from bayplan_operator.translate.pod import GraphRef, neighbour
from bayplan_operator.translate.policy import CompiledPolicy, InvalidPolicy, compile_policy
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, retries
from bayplan_operator.workflows import argo, wfcommons
from bayplan_operator.workflows.candidates import candidates
from bayplan_operator.workflows.checks.fields_of_kinds import field_faults
from bayplan_operator.workflows.checks.kinds import OtherObjects
from bayplan_operator.workflows.checks.models import graph_faults, policy_faults
from bayplan_operator.workflows.checks.pod_templates import template_faults
from bayplan_operator.workflows.documents import Document, Findings, InputError, documents, files
from bayplan_operator.workflows.endings import endings, only_by_learning, rounds
from bayplan_operator.workflows.files.findings import all_of
from bayplan_operator.workflows.pods import own_neighbours, seconds
from bayplan_operator.workflows.queues import name_queues, read_queue
from bayplan_operator.workflows.traces import TraceJobs, is_trace, read_trace

SUBMIT_AFTER = f"{names.GROUP}/submit-after"
"""An annotation of a TaskGraph: how long after the begin of the simulation it is submitted."""
KINDS = {
    names.TASK_GRAPH: names.API_VERSION,
    names.PLACEMENT_POLICY: names.API_VERSION,
    names.QUEUE: names.API_VERSION,
    **dict.fromkeys(argo.KINDS, f"{argo.GROUP}v1alpha1"),
}
"""What is read beside WfCommons instances, which have no kind: kind to apiVersion."""

DEFAULT_GRACE = 30
"""Seconds that a pod has to end where it does not say."""
_ADVICE = {"Node": "nodes are named with --nodes"}
"""On kinds that are passed over."""


@dataclass(slots=True)
class Workload:
    """All that the files hold."""

    submissions: list[Submission] = field(default_factory=list)
    """In the order of the files."""
    policies: dict[str, CompiledPolicy] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    """By name."""
    traces: list[TraceJobs] = field(default_factory=list)
    """In the order of the files; `traces.add_jobs` makes submissions of them."""
    notes: list[str] = field(default_factory=list)
    """What counts otherwise than it is written, one sentence each."""
    left_out: list[str] = field(default_factory=list)
    """What was not read, one sentence each."""
    only_by_learning: list[str] = field(default_factory=list)
    """What is simulated only where run times are learned, one sentence each."""
    passed_over: list[str] = field(default_factory=list)
    """On objects of other kinds: one sentence, or none."""
    admission: AdmissionObjects = field(default_factory=AdmissionObjects)
    """The objects among them by which an API server would change pods, or refuse them."""


def read_graphs(paths: Iterable[Path], every: float = 0.0, *, other_queues: bool = False) -> Workload:
    """The graphs of files and folders. `every`: seconds between two submissions; `other_queues`: there are more queues than
    those of the files. Raises `InputError` with all that is wrong.

    LimitRanges and RuntimeClasses among them count for all graphs, wherever they stand.
    """
    paths, findings, workload = list(paths), Findings(), Workload()
    others = OtherObjects(KINDS, _ADVICE, workload.admission)
    found: list[Document] = []
    for path in paths:
        with findings.gathered():
            for file in files(path):
                if is_trace(file):
                    _take_trace(workload, file, findings)
                else:
                    found += _readable(file, others, findings)
    for document in found:
        with findings.gathered():
            take(workload, document, every)
    findings.told()
    if not workload.submissions and not workload.traces:
        passed = f" ({others.listed})" if others.listed else ""
        where = ", ".join(map(str, paths))
        raise InputError(f"{where}: there is no graph in it{passed}: name a file with a TaskGraph or a workflow")
    if not other_queues:
        name_queues(workload)
    workload.passed_over += others.sentences()
    workload.left_out += [
        f"RuntimeClass {name} is in no file: what it adds to pods (overhead, nodeSelector, tolerations) is not counted"
        for name in workload.admission.missing
    ]
    return workload


def _take_trace(workload: Workload, file: Path, findings: Findings) -> None:
    with findings.gathered():
        jobs = read_trace(file)
        workload.traces.append(jobs)
        workload.notes += jobs.notes
        workload.left_out += jobs.left_out


def _readable(file: Path, others: OtherObjects, findings: Findings) -> Iterator[Document]:
    """The documents that are graphs or policies, or should be."""
    for document in documents(file, findings):
        with findings.gathered():
            if not others.take(document):
                yield document


def take(workload: Workload, document: Document, every: float = 0.0) -> None:
    """Add what the document holds: a graph or a policy. Raises `InputError` with all that is wrong."""
    value = document.value
    kind = value.get("kind")
    if kind == names.PLACEMENT_POLICY:
        policy = read_policy(document)
        workload.policies[policy.name] = policy
        return
    if kind == names.QUEUE:
        queue = read_queue(document)
        workload.queues[queue.name] = queue
        return
    if kind == names.TASK_GRAPH:
        prepared = _prepared(document, workload.admission)
        submission = _submission(document, value, prepared)
        workload.only_by_learning += only_by_learning(submission.name, prepared)
    elif kind in argo.KINDS:
        made = argo.read(document, workload.admission)
        workload.left_out += made.left_out
        submission = replace(made.submission, at=_submit_after(document, value.get("metadata") or {}))
    elif wfcommons.is_instance(value):
        submission = wfcommons.read(document)
    else:
        advice = "; nodes are named with --nodes" if "nodes" in value else ""
        raise document.fault(f"kind is missing: it must be one of {', '.join(KINDS)}, or the file a WfCommons workflow{advice}")
    name = _unique(submission.name, {each.name for each in workload.submissions})
    at = submission.at + every * len(workload.submissions)
    workload.submissions.append(replace(submission, name=name, at=at))


def read_policy(document: Document) -> CompiledPolicy:
    """Raises `InputError` with all that is wrong."""
    faults = list(field_faults(document, names.PLACEMENT_POLICY))
    try:
        policy = compile_policy(document.value)
    except InvalidPolicy as error:
        wrong = all_of([*faults, *policy_faults(document, str(error))])
        raise wrong or document.fault(str(error)) from error
    except (KeyError, TypeError, AttributeError) as error:
        wrong = document.fault("this is no PlacementPolicy: it must have metadata and spec")
        raise all_of([*faults, wrong]) or wrong from error
    if (wrong := all_of(faults)) is not None:
        raise wrong
    return policy


def _prepared(document: Document, objects: AdmissionObjects) -> Prepared:
    """Raises `InputError` with all that is wrong."""
    manifest = document.value
    if not isinstance(manifest.get("metadata"), dict) or not isinstance(manifest.get("spec"), dict):
        raise document.fault("metadata or spec is missing: a TaskGraph has both")
    templates = list(template_faults(document))
    faults = [*field_faults(document, names.TASK_GRAPH), *templates]
    prepared: Prepared | None = None
    problems: tuple[str, ...] = ()
    if not templates:  # else what looks into templates would find what it does not expect
        try:
            prepared = prepare(manifest, objects)
        except InvalidGraph as error:
            problems = error.problems
    if prepared is None:
        told = {each.place for fault in faults for each in fault.findings}
        faults += [fault for fault in graph_faults(document, problems) if fault.findings[0].place not in told]
    if prepared is None or faults:
        raise all_of(faults) or document.fault("this is no TaskGraph that can run")
    return prepared


def _submission(document: Document, manifest: dict[str, Any], prepared: Prepared) -> Submission:
    spec, metadata = prepared.spec, manifest["metadata"]
    return Submission(
        name=f"{metadata.get('namespace') or 'default'}/{metadata.get('name') or document.path.stem}",
        graph=prepared.graph,
        classes=tuple(template.request_class for template in prepared.templates),
        at=_submit_after(document, metadata),
        priority=spec.priority,
        deadline=spec.deadline,
        policy=spec.policy_name,
        queue=spec.queue_name,
        admitted_whole=spec.admission == "Graph",
        preemptible=spec.preemptible,
        grace=_grace(prepared),
        checkpoints=_checkpoints(prepared),
        retries=tuple(retries(spec)),
        expected=np.array([task.expected_duration or 0.0 for task in spec.tasks]),
        splittings=prepared.splittings if any(prepared.splittings) else (),
        data=prepared.data,
        actual=None if any(prepared.splittings) else _actual(document, prepared),
        runs=prepared.runs,
        neighbours=_neighbours(prepared, metadata),
        own_neighbours=_own_neighbours(prepared, metadata),
        flow=prepared.relations.flow,
        rounds=rounds(document, prepared, metadata),
        endings=endings(document, prepared),
        own_classes=_own_classes(prepared),
        candidates=candidates(document, prepared, _ref(metadata)),
        topologies={each.rule.name: each.topology for each in prepared.relations.gangs if each.topology is not None},
    )


def _grace(prepared: Prepared) -> float:
    """The longest of any of its pods."""
    asked = (template.spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE) for template in prepared.templates)
    return max((float(each) for each in asked if isinstance(each, int)), default=float(DEFAULT_GRACE))


def _checkpoints(prepared: Prepared) -> tuple[float | None, ...]:
    found = tuple(None if task.checkpoint is None else task.checkpoint.every for task in prepared.spec.tasks)
    return found if any(found) else ()


def _own_classes(prepared: Prepared) -> dict[int, RequestClass]:
    """By unit, of those whose data tie them to nodes."""
    return {unit: prepared.request_class(unit) for unit in _tied(prepared)}


def _tied(prepared: Prepared) -> Iterator[int]:
    starts = prepared.graph.unit_start.tolist()
    for number, task in enumerate(prepared.spec.tasks):
        if task.data is not None:
            yield from range(starts[number], starts[number + 1])


def _ref(metadata: dict[str, Any]) -> GraphRef:
    """The name stands for the UID, which only the API server gives."""
    name = str(metadata.get("name"))
    return GraphRef(metadata.get("namespace") or "default", name, name)


def _neighbours(prepared: Prepared, metadata: dict[str, Any]) -> tuple[Neighbour, ...]:
    """Per task."""
    graph, parts = _ref(metadata), zip(prepared.templates, prepared.spec.tasks, strict=True)
    return tuple(neighbour(graph, template, task.name, None) for template, task in parts)


def _own_neighbours(prepared: Prepared, metadata: dict[str, Any]) -> dict[int, Neighbour]:
    """By unit, where terms look at the shard. Not where the number of shards is open."""
    graph, starts, found = _ref(metadata), prepared.graph.unit_start.tolist(), {}
    for number, (template, task) in enumerate(zip(prepared.templates, prepared.graph.tasks, strict=True)):
        if prepared.splittings[number] is None:
            own = own_neighbours(graph, template, task.name, task.shards)
            found.update({starts[number] + shard: each for shard, each in own.items()})
    return found


def _actual(document: Document, prepared: Prepared) -> FloatArray:
    """Per task, the seconds that its pods really take."""
    parts = enumerate(zip(prepared.templates, prepared.graph.tasks, strict=True))
    return np.array(
        [seconds(document, f"spec.tasks[{number}]", each.metadata, task.duration) for number, (each, task) in parts], np.float64
    )


def _unique(name: str, taken: set[str]) -> str:
    """The same graph may be read twice; each is submitted by itself."""
    numbers: Iterator[str] = (f"{name}-{number}" for number in range(2, len(taken) + 2))
    return name if name not in taken else next(each for each in numbers if each not in taken)


def _submit_after(document: Document, metadata: dict[str, Any]) -> float:
    text = (metadata.get("annotations") or {}).get(SUBMIT_AFTER)
    if text is None:
        return 0.0
    try:
        return parse_duration(str(text))
    except ValueError as error:
        place = f"metadata.annotations.{SUBMIT_AFTER}"
        raise document.fault(f"{place} is {shown(text)}: {error}", "metadata.annotations") from error
