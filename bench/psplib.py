"""Files of PSPLIB: projects under several shared resources, and the table of the best makespans known."""

import csv
import re
from pathlib import Path

import numpy as np

from bench.reading import DataError, text_of, whole
from bench.scheduling.problem import ResourceProblem


def read_project(path: Path) -> ResourceProblem:
    """A single-mode project; the first and the last job are dummies. Raises `DataError`."""
    lines = text_of(path).splitlines()
    jobs = _declared(lines, r"jobs \(incl\. supersource/sink \):\s*(\d+)", "jobs (incl. supersource/sink )", path)
    renewable = _declared(lines, r"-\s*renewable\s*:\s*(\d+)", "- renewable", path)
    successors = _rows(lines, "PRECEDENCE RELATIONS", jobs, path)
    parents, children = [], []
    for job, (fields, where) in enumerate(successors):
        if len(fields) < 3 or fields[0] != job + 1 or len(fields) != 3 + fields[2]:
            raise DataError(f"{where}: it must be job {job + 1}, its modes, a count, and so many numbers of successors")
        if fields[1] != 1:
            raise DataError(f"{where}: job {job + 1} has {fields[1]} modes: only jobs with one mode can be read")
        for child in fields[3:]:
            if not 1 <= child <= jobs or child == job + 1:
                raise DataError(f"{where}: successor {child} is no other job: it must be from 1 to {jobs}")
            parents.append(job)
            children.append(child - 1)
    durations, demands = [], []
    for job, (fields, where) in enumerate(_rows(lines, "REQUESTS/DURATIONS", jobs, path)):
        if len(fields) != 3 + renewable or fields[0] != job + 1:
            raise DataError(f"{where}: it must be job {job + 1}, its mode, its duration, and {renewable} requests")
        durations.append(fields[2])
        demands.append(fields[3:])
    ((capacities, where),) = _rows(lines, "RESOURCEAVAILABILITIES", 1, path)
    if len(capacities) != renewable:
        raise DataError(f"{where}: it has {len(capacities)} availabilities: it must have {renewable}")
    try:
        return ResourceProblem(
            np.array(durations, np.float64), np.array(demands), np.array(capacities), np.array(parents), np.array(children)
        )
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def read_best_known(path: Path) -> dict[str, int]:
    """The best makespan known per file name. Raises `DataError`."""
    with_header = csv.DictReader(text_of(path).splitlines())
    for column in ("instance", "best_makespan"):
        if column not in (with_header.fieldnames or ()):
            raise DataError(f"{path}: column {column} is missing: the first line must name it")
    known = {}
    for row in with_header:
        where = f"{path}, line {with_header.line_num}"
        known[Path(row["instance"] or "").name] = whole(row["best_makespan"] or "", "best_makespan", where)
    return known


def _declared(lines: list[str], pattern: str, name: str, path: Path) -> int:
    for line in lines:
        if found := re.search(pattern, line):
            return int(found.group(1))
    raise DataError(f'{path}: the line "{name} : ..." is missing')


def _rows(lines: list[str], title: str, count: int, path: Path) -> list[tuple[list[int], str]]:
    """The rows of numbers below a title, and their places."""
    begin = next((number for number, line in enumerate(lines) if line.startswith(title)), None)
    if begin is None:
        raise DataError(f"{path}: the section {title} is missing")
    rows = []
    for number, line in enumerate(lines[begin + 1 :], begin + 2):
        if line.startswith("***"):
            break
        fields = line.split()
        if fields and fields[0].isdecimal():
            where = f"{path}, line {number}"
            rows.append(([whole(field, "a field", where) for field in fields], where))
    if len(rows) != count:
        raise DataError(f"{path}: the section {title} has {len(rows)} rows of numbers: it must have {count}")
    return rows
