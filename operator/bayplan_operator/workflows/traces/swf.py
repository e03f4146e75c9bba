"""The Standard Workload Format of the Parallel Workloads Archive, version 2.2.

https://www.cs.huji.ac.il/labs/parallel/workload/swf.html: lines of 18 numbers, of which -1 is "not known"; comments and a
header in lines that begin with a semicolon.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.resources import PODS
from bayplan.model.workload import RequestClass
from bayplan_operator.workflows.files.findings import Finding, Findings, InputError, name
from bayplan_operator.workflows.traces.jobs import TraceJobs

FIELDS = (
    "job number", "submit time", "wait time", "run time", "allocated processors", "average CPU time", "used memory",
    "requested processors", "requested time", "requested memory", "status", "user", "group", "executable", "queue",
    "partition", "preceding job", "think time",
)  # fmt: skip
_JOB, _SUBMIT, _RUN, _PROCESSORS, _USED_MEMORY, _ASKED_PROCESSORS, _ASKED_TIME, _ASKED_MEMORY = 0, 1, 3, 4, 6, 7, 8, 9
_STATUS, _USER, _GROUP, _QUEUE = 10, 11, 12, 14
_PARTS = (2.0, 3.0, 4.0)
"""Statuses of lines that say one part of a job whose sum stands in a line of its own."""
_KIB = 1024
SHORTEST = 1.0
"""Seconds that a job counts as, whose run time was rounded to 0."""


def read_swf(path: Path, text: str) -> TraceJobs:
    """Raises `InputError` with all that is wrong."""
    findings = Findings()
    findings.begin(path)
    lines, rows = _rows(path, text, findings)
    _check(path, lines, rows, findings)
    findings.told()
    if not len(rows):
        raise InputError(Finding("there is no job in it: a job is a line of 18 numbers", path))
    return _jobs(path, rows)


def _rows(path: Path, text: str, findings: Findings) -> tuple[IntArray, FloatArray]:
    """The number of each job's line, and its fields: shape (jobs, 18)."""
    numbers: list[int] = []
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";"):
            continue
        if len(fields) != len(FIELDS):
            wrong = f"there are {len(fields)} fields: a job has {len(FIELDS)}, from its number to its think time"
            findings.add(InputError(Finding(wrong, path, number)))
            continue
        try:
            rows.append([float(each) for each in fields])
            numbers.append(number)
        except ValueError:
            findings.add(InputError(_no_number(path, number, fields)))
    return np.array(numbers, np.int64), np.array(rows, np.float64).reshape(-1, len(FIELDS))


def _no_number(path: Path, number: int, fields: list[str]) -> Finding:
    place = next(at for at, each in enumerate(fields) if not _is_number(each))
    return _finding(path, number, place, fields[place], "it must be a number, and -1 where it is not known")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check(path: Path, lines: IntArray, rows: FloatArray, findings: Findings) -> None:
    """Whether the fields that are read can be meant."""
    for at, place in np.argwhere(~np.isfinite(rows)).tolist():
        wrong = "it must be a number, and -1 where it is not known"
        findings.add(InputError(_finding(path, int(lines[at]), place, str(rows[at, place]), wrong)))
    known = np.nan_to_num(rows, nan=-1.0, posinf=-1.0, neginf=-1.0)
    for at in np.flatnonzero(np.isfinite(rows[:, _SUBMIT]) & (rows[:, _SUBMIT] < 0)).tolist():
        wrong = "it must be seconds since the begin of the trace, 0 or above"
        findings.add(InputError(_finding(path, int(lines[at]), _SUBMIT, f"{rows[at, _SUBMIT]:g}", wrong)))
    for place in (_RUN, _ASKED_TIME):
        for at in np.flatnonzero((known[:, place] < 0) & (known[:, place] != -1)).tolist():
            wrong = "it must be seconds, 0 or above, or -1 where it is not known"
            findings.add(InputError(_finding(path, int(lines[at]), place, f"{known[at, place]:g}", wrong)))
    for place in (_PROCESSORS, _ASKED_PROCESSORS):
        column = known[:, place]
        for at in np.flatnonzero((column != np.floor(column)) | (column < -1)).tolist():
            wrong = "it must be a whole number of processors, or -1 where it is not known"
            findings.add(InputError(_finding(path, int(lines[at]), place, f"{column[at]:g}", wrong)))


def _finding(path: Path, line: int, place: int, written: str, wrong: str) -> Finding:
    return Finding(f'field {place + 1} ({FIELDS[place]}) is "{written}": {wrong}', path, line, place=FIELDS[place])


def _jobs(path: Path, rows: FloatArray) -> TraceJobs:
    part = np.isin(rows[:, _STATUS], _PARTS)
    never = ~part & (rows[:, _RUN] < 0)
    processors = np.where(rows[:, _PROCESSORS] > 0, rows[:, _PROCESSORS], rows[:, _ASKED_PROCESSORS])
    nowhere = ~part & ~never & (processors <= 0)
    kept = ~(part | never | nowhere)
    notes = list(_notes(path, part, never, nowhere))
    if not kept.any():
        raise InputError(*notes, Finding("no job in it can be simulated", path))
    rows, processors = rows[kept], processors[kept]
    at_once, unknown = rows[:, _RUN] == 0, rows[:, _ASKED_TIME] <= 0
    seconds = np.where(at_once, SHORTEST, rows[:, _RUN])
    notes += _counted(path, at_once, "ran for 0 s", f"count as {SHORTEST:g} s")
    notes += _counted(path, unknown, "say no requested time", "are known to run as long as they ran")
    memory = np.where(rows[:, _ASKED_MEMORY] > 0, rows[:, _ASKED_MEMORY], rows[:, _USED_MEMORY])
    return TraceJobs(
        path=path,
        names=[f"{number:.0f}" for number in rows[:, _JOB].tolist()],
        submitted=rows[:, _SUBMIT] - rows[:, _SUBMIT].min(),
        seconds=seconds,
        requested=np.where(unknown, seconds, rows[:, _ASKED_TIME]),
        parts=processors.astype(np.int64),
        classes=[_processor(max(0, round(kib * _KIB))) for kib in memory.tolist()],
        priority=np.zeros(len(rows), np.int64),
        queue=_names(rows[:, _QUEUE]),
        user=_names(rows[:, _USER]),
        group=_names(rows[:, _GROUP]),
        divisible=True,
        numbered=True,
        notes=notes,
    )


def _notes(path: Path, part: BoolArray, never: BoolArray, nowhere: BoolArray) -> Iterator[str]:
    yield from _counted(path, never, "never ran (run time -1)", "are left out")
    yield from _counted(path, nowhere, "say no processors", "are left out")
    if part.any():
        yield f"{name(path)}: {int(part.sum())} lines with status 2, 3 or 4 are parts of jobs, and left out"


def _counted(path: Path, which: BoolArray, what: str, then: str) -> Iterator[str]:
    if which.any():
        yield f"{name(path)}: {int(which.sum())} of {len(which)} jobs {what}, and {then}"


@cache
def _processor(memory: int) -> RequestClass:
    asked = {"cpu": 1000, "memory": memory, PODS: 1}
    return RequestClass(tuple(sorted((resource, amount) for resource, amount in asked.items() if amount)))


def _names(column: FloatArray) -> list[str]:
    return ["" if number < 0 else f"{number:.0f}" for number in column.tolist()]
