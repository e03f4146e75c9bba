"""Graphs and policies from files."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.knowledge.run_times.evidence import above_zero
from bayplan.model.arrays import FloatArray
from bayplan.simulation import Submission
from bayplan_operator import names
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.api.validation.words import shown
from bayplan_operator.translate.policy import CompiledPolicy, InvalidPolicy, compile_policy
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, retries
from bayplan_operator.workflows import argo, wfcommons
from bayplan_operator.workflows.annotations import SECONDS
from bayplan_operator.workflows.documents import Document, InputError, documents, files
from bayplan_operator.workflows.unknown_fields import refuse_unknown_fields

SUBMIT_AFTER = f"{names.GROUP}/submit-after"
"""An annotation of a TaskGraph: how long after the begin of the simulation it is submitted."""
_POLICY = "PlacementPolicy"
_TASK = re.compile('task "([^"]+)"')


@dataclass(slots=True)
class Workload:
    """All that the files hold."""

    submissions: list[Submission] = field(default_factory=list)
    """In the order of the files."""
    policies: dict[str, CompiledPolicy] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """What was not read, one sentence each."""


def read_graphs(paths: Iterable[Path], every: float = 0.0) -> Workload:
    """The graphs of files and folders. `every`: seconds between two submissions. Raises `InputError`."""
    workload = Workload()
    for path in (file for each in paths for file in files(each)):
        for document in documents(path):
            _take(workload, document, every)
    if not workload.submissions:
        raise InputError(f"{', '.join(map(str, paths))}: there is no graph in it: name a file with a TaskGraph or a workflow")
    return workload


def _take(workload: Workload, document: Document, every: float) -> None:
    value = document.value
    kind, version = value.get("kind"), str(value.get("apiVersion", ""))
    if kind == _POLICY:
        policy = read_policy(document)
        workload.policies[policy.name] = policy
        return
    if kind == names.TASK_GRAPH:
        if version != names.API_VERSION:
            raise document.fault(f'apiVersion is {shown(version)}: it must be "{names.API_VERSION}"', "apiVersion")
        refuse_unknown_fields(document, names.TASK_GRAPH)
        submission = _submission(document, value)
    elif kind in argo.KINDS and version.startswith(argo.GROUP):
        found = argo.read(document)
        workload.left_out += found.left_out
        submission = replace(found.submission, at=_submit_after(document, value.get("metadata") or {}))
    elif wfcommons.is_instance(value):
        submission = wfcommons.read(document)
    else:
        known = ", ".join((names.TASK_GRAPH, _POLICY, *argo.KINDS))
        advice = "; nodes are named with --nodes" if kind == "Node" or "nodes" in value else ""
        words = f"kind is {shown(kind)}: it must be one of {known}, or the file a WfCommons workflow{advice}"
        raise document.fault(words, "kind")
    name = _unique(submission.name, {each.name for each in workload.submissions})
    at = submission.at + every * len(workload.submissions)
    workload.submissions.append(replace(submission, name=name, at=at))


def read_policy(document: Document) -> CompiledPolicy:
    """Raises `InputError`."""
    refuse_unknown_fields(document, _POLICY)
    try:
        return compile_policy(document.value)
    except InvalidPolicy as error:
        raise document.fault(str(error), str(error).split(" ", 1)[0].rstrip(":")) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise document.fault("this is no PlacementPolicy: it must have metadata and spec") from error


def _submission(document: Document, manifest: dict[str, Any]) -> Submission:
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(manifest.get("spec"), dict):
        raise document.fault("metadata or spec is missing: a TaskGraph has both")
    try:
        prepared = prepare(manifest)
    except InvalidGraph as error:
        raise document.fault(str(error), _place(str(error), manifest)) from error
    spec = prepared.spec
    return Submission(
        name=f"{metadata.get('namespace') or 'default'}/{metadata.get('name') or document.path.stem}",
        graph=prepared.graph,
        classes=tuple(template.request_class for template in prepared.templates),
        at=_submit_after(document, metadata),
        priority=spec.priority,
        deadline=spec.deadline,
        policy=spec.policy_name,
        retries=tuple(retries(spec)),
        expected=np.array([task.expected_duration or 0.0 for task in spec.tasks]),
        splittings=prepared.splittings if any(prepared.splittings) else (),
        data=prepared.data,
        actual=None if any(prepared.splittings) else _actual(document, prepared),
        runs=prepared.runs,
    )


def _actual(document: Document, prepared: Prepared) -> FloatArray:
    """Per task, the seconds that its pods really take: what simulated nodes go by; where that is not said, what is expected."""
    seconds = np.array([task.duration for task in prepared.graph.tasks], np.float64)
    for number, template in enumerate(prepared.templates):
        text = template.metadata.get("annotations", {}).get(SECONDS)
        if text is None:
            continue
        try:
            seconds[number] = above_zero(SECONDS, float(text))
        except ValueError as error:
            where = f"spec.tasks[{number}].template.metadata.annotations"
            raise document.fault(f'{where}.{SECONDS} is "{text}": it must be seconds above 0', where) from error
    return seconds


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


def _place(sentence: str, manifest: dict[str, Any]) -> str:
    """The path at the beginning of a sentence of validation, or that of the task that it begins with."""
    first = sentence.split(" ", 1)[0].rstrip(":")
    if first.startswith(("spec", "metadata")):
        return first
    task = _TASK.match(sentence)
    tasks = manifest["spec"].get("tasks") or []
    numbers = [
        number for number, each in enumerate(tasks) if task and isinstance(each, dict) and each.get("name") == task.group(1)
    ]
    return f"spec.tasks[{numbers[0]}]" if numbers else "spec.tasks"
