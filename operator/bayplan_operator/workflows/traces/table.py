"""Traces as comma-separated values: a line of names, then a line for each job."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bayplan.model.resources import LARGEST, PODS, is_device
from bayplan.model.spelling import unknown
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.api.quantity import QuantityError, parse_quantity
from bayplan_operator.translate.gpus import gpu_ask
from bayplan_operator.workflows.files.findings import Finding, Findings, InputError, name
from bayplan_operator.workflows.traces.jobs import TraceJobs

REQUIRED = ("submit", "run")
OPTIONAL = ("name", "requested", "pods", "cpu", "memory", "gpu", "queue", "user", "group", "priority")
_GPU = "nvidia.com/gpu"
_RESOURCES = {"cpu": "cpu", "memory": "memory", "gpu": _GPU}
_MOST_PODS = 100_000
_PRIORITIES = 2_000_000_000


class _Wrong(ValueError):
    """What is wrong with a value; the message ends the sentence that names column and value."""


@dataclass(slots=True)
class _Columns:
    """They grow by a job at a time."""

    names: list[str] = field(default_factory=list)
    submitted: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    requested: list[float] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    classes: list[RequestClass] = field(default_factory=list)
    priority: list[int] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=lambda: {"queue": [], "user": [], "group": []})
    never: int = 0
    """Jobs that never ran."""
    at_once: int = 0
    unlimited: int = 0
    """Jobs that say no requested time."""


def read_table(path: Path, text: str) -> TraceJobs:
    """Raises `InputError` with all that is wrong."""
    findings = Findings()
    findings.begin(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found, classes = _Columns(), _Classes()
    left_out: list[str] = []
    try:
        header = [each.strip() for each in next(reader, [])]
        left_out += _check_header(path, header)
        for row in reader:
            if not any(each.strip() for each in row):
                continue
            with findings.gathered():
                _take(path, reader.line_num, header, row, found, classes)
    except csv.Error as error:
        findings.add(InputError(Finding(f"this is not comma-separated values: {error}", path, max(1, reader.line_num))))
    findings.told()
    if not found.names:
        what = "no job in it ran" if found.never else "there is no job in it: each is a line below the first"
        raise InputError(Finding(what, path))
    submitted = np.array(found.submitted)
    return TraceJobs(
        path=path,
        names=found.names,
        submitted=submitted - submitted.min(),
        seconds=np.array(found.seconds),
        requested=np.array(found.requested),
        parts=np.array(found.parts, np.int64),
        classes=found.classes,
        priority=np.array(found.priority, np.int64),
        queue=found.labels["queue"],
        user=found.labels["user"],
        group=found.labels["group"],
        notes=tuple(_notes(path, found)),
        left_out=left_out,
    )


def _check_header(path: Path, header: Sequence[str]) -> Iterator[str]:
    """What is not read of it, one sentence each. Raises `InputError`."""
    allowed = (*REQUIRED, *OPTIONAL)
    for column in REQUIRED:
        if column not in header:
            said = f"column {column} is missing: the first line must name {' and '.join(REQUIRED)}, and may name "
            raise InputError(Finding(f"{said}{', '.join(OPTIONAL)} and resources such as vendor.example/fpga", path, 1))
    twice = next((each for at, each in enumerate(header) if each and each in header[:at]), None)
    if twice is not None:
        raise InputError(Finding(f"column {twice} is there twice: name each once", path, 1))
    for each in header:
        if each not in allowed and not is_device(each):
            yield f"{name(path)}, line 1: {unknown('columns', each, allowed)}; it is not read"


def _notes(path: Path, found: _Columns) -> Iterator[str]:
    total = len(found.names)
    if found.never:
        yield f"{name(path)}: {found.never} of {total + found.never} jobs never ran (run is empty or -1), and are left out"
    if found.at_once:
        yield f"{name(path)}: {found.at_once} of {total} jobs ran for 0 s, and count as 1 s"
    if found.unlimited:
        said = "say no requested time, and are known to run as long as they ran"
        yield f"{name(path)}: {found.unlimited} of {total} jobs {said}"


def _take(path: Path, line: int, header: Sequence[str], row: list[str], found: _Columns, classes: "_Classes") -> None:
    """Add a job. Raises `InputError`."""
    if len(row) != len(header):
        wrong = f"there are {len(row)} values: the first line names {len(header)} columns"
        raise InputError(Finding(wrong, path, line))
    said = {column: value.strip() for column, value in zip(header, row, strict=True)}
    column = ""
    try:
        column = "submit"
        submitted = _instant(said[column])
        column = "run"
        seconds = _seconds(said[column], "-1 for a job that never ran")
        column = "requested"
        requested = _seconds(said.get(column, ""), "-1 where it is not known")
        column = "pods"
        parts = _whole(said.get(column, ""), 1, 1, _MOST_PODS)
        column = "priority"
        priority = _whole(said.get(column, ""), 0, -_PRIORITIES, _PRIORITIES)
        for column in (each for each in header if each in _RESOURCES or is_device(each)):
            classes.check(column, said[column])
        column = names.GPU_MILLI
        asked = classes.of(said)
    except _Wrong as error:
        wrong = f'column {column} is "{said.get(column, "")}": {error}'
        raise InputError(Finding(wrong, path, line, place=column)) from error
    if seconds is None:
        found.never += 1
        return
    found.at_once += seconds == 0
    found.unlimited += not requested
    seconds = seconds or 1.0
    found.names.append(said.get("name", "") or str(line))
    found.submitted.append(submitted)
    found.seconds.append(seconds)
    found.requested.append(requested or seconds)
    found.parts.append(parts)
    found.classes.append(asked)
    found.priority.append(priority)
    for label, values in found.labels.items():
        values.append(said.get(label, ""))


class _Classes:
    """What a pod asks, by what stands in the columns of resources. Most jobs ask for the same as others."""

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, str], int] = {}
        self._found: dict[tuple[tuple[str, int], ...], RequestClass] = {}

    def check(self, column: str, text: str) -> None:
        """Raises `_Wrong`."""
        key = column, text
        if key not in self._amounts:
            self._amounts[key] = _amount(column, text)

    def of(self, said: Mapping[str, str]) -> RequestClass:
        """All columns must have been checked. Raises `_Wrong`."""
        asked = {PODS: 1, "cpu": 1000}
        for column, text in said.items():
            amount = self._amounts.get((column, text))
            if amount is not None and text:
                asked[_RESOURCES.get(column, column)] = amount
        key = tuple(sorted((resource, amount) for resource, amount in asked.items() if amount))
        found = self._found.get(key)
        if found is None:
            try:
                found = self._found[key] = RequestClass(key, gpus=gpu_ask(dict(key)))
            except ValueError as error:
                raise _Wrong(str(error)) from error
        return found


def _amount(column: str, text: str) -> int:
    if not text:
        return 0
    try:
        amount = parse_quantity(_RESOURCES.get(column, column), text)
    except QuantityError as error:
        raise _Wrong(f"it {error}") from error
    if not 0 <= amount <= LARGEST:
        raise _Wrong('it must be a quantity, 0 or above, such as 2, "500m" or 4Gi')
    return amount


def _instant(text: str) -> float:
    """Seconds, of a number or of a date with its time; without a time zone it is UTC."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if math.isnan(found):
        try:
            said = datetime.fromisoformat(text)
        except ValueError:
            said = None
        if said is None:
            raise _Wrong("it must be seconds, or a date with its time such as 2026-03-01T08:30:00")
        found = (said if said.tzinfo is not None else said.replace(tzinfo=UTC)).timestamp()
    if not 0 <= found < math.inf:
        raise _Wrong("it must be seconds, 0 or above")
    return found


def _seconds(text: str, otherwise: str) -> float | None:
    """Seconds; none: they are not known."""
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if found == -1:
        return None
    if not 0 <= found < math.inf:
        raise _Wrong(f"it must be seconds, 0 or above, or {otherwise}")
    return found


def _whole(text: str, otherwise: int, least: int, most: int) -> int:
    if not text:
        return otherwise
    try:
        found = int(text)
    except ValueError:
        found = most + 1
    if not least <= found <= most:
        raise _Wrong(f"it must be a whole number from {least} to {most}")
    return found
