"""The record of a run in a TaskGraph's status: one compact line per task, and back.

A line is the task's name and, for each shard, one entry; entries are separated by " | ":

    train Running 2/1 a100-003 14.2
    └name └state  │ │ └node    └start, seconds after the graph was accepted (whole milliseconds)
                  │ └failures
                  └attempts
    evaluate Succeeded 1/0 cpu-001 120.5+3.25        started at 120.5 s and ran for 3.25 s
    detect Ready 1/1 >35.2                           next attempt not before 35.2 s
    merge Pending
"""

import math
from collections.abc import Sequence

import numpy as np
from bayplan.graph import Graph
from bayplan.lifecycle import Run, UnitState

_NAMES = {state: state.name.capitalize() for state in UnitState}
_STATES = {name: state for state, name in _NAMES.items()}
_BETWEEN = " | "


class MalformedRecord(ValueError):
    """A line that this module did not write."""


def write_task(graph: Graph, run: Run, task: int, epoch: float) -> str:
    """The line of one task; instants count from ``epoch`` (seconds since 1970)."""
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    return f"{graph.tasks[task].name} " + _BETWEEN.join(_write_unit(run, unit, epoch) for unit in units)


def changed_tasks(graph: Graph, before: Run, after: Run) -> Sequence[int]:
    """The tasks whose lines differ between two states of one run."""
    changed = np.zeros(graph.units, bool)
    for old, new in zip(before.columns(), after.columns(), strict=True):
        changed |= (old != new) & ~((old != old) & (new != new))  # NaN equals NaN here
    changed |= np.fromiter((a != b for a, b in zip(before.node, after.node, strict=True)), bool, graph.units)
    return [int(task) for task in np.unique(graph.unit_task[changed])]


def read(graph: Graph, lines: Sequence[str], epoch: float) -> tuple[Run, list[str]]:
    """The run that the lines record, and the lines that could not be read.

    Tasks without a readable line start from nothing; their pods, which are held, bring back what happened to them.
    """
    run = Run.fresh(graph.units)
    malformed = []
    for line in lines:
        try:
            _read_task(graph, run, line, epoch)
        except MalformedRecord:
            malformed.append(line)
    return run, malformed


def _write_unit(run: Run, unit: int, epoch: float) -> str:
    state = UnitState(run.state[unit])
    words = [_NAMES[state]]
    if run.incarnation[unit]:
        words.append(f"{run.incarnation[unit]}/{run.failures[unit]}")
    if state in (UnitState.BINDING, UnitState.RUNNING, UnitState.SUCCEEDED, UnitState.FAILED) and run.node[unit]:
        words.append(run.node[unit])
        started, finished = float(run.started[unit]), float(run.finished[unit])
        if state != UnitState.BINDING and not math.isnan(started):
            took = "" if state == UnitState.RUNNING or math.isnan(finished) else f"+{_number(finished - started)}"
            words.append(_number(started - epoch) + took)
    elif state == UnitState.READY and run.not_before[unit] > epoch:
        words.append(f">{_number(float(run.not_before[unit]) - epoch)}")
    return " ".join(words)


def _number(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _read_task(graph: Graph, run: Run, line: str, epoch: float) -> None:
    name, _, rest = line.partition(" ")
    task = graph.index.get(name)
    entries = rest.split(_BETWEEN)
    if task is None or len(entries) != graph.tasks[task].shards:
        raise MalformedRecord(line)
    parsed = [_read_unit(entry, line) for entry in entries]
    for unit, (state, attempts, failures, words) in enumerate(parsed, int(graph.unit_start[task])):
        active = state in (UnitState.BINDING, UnitState.RUNNING)
        run.state[unit] = state
        run.incarnation[unit] = attempts
        run.settled[unit] = attempts - 1 if active and attempts else attempts
        run.failures[unit] = failures
        _read_rest(run, unit, words, epoch, line)


def _read_unit(entry: str, line: str) -> tuple[UnitState, int, int, list[str]]:
    word, *words = entry.split(" ")
    if word not in _STATES:
        raise MalformedRecord(line)
    attempts = failures = 0
    if words and "/" in words[0]:
        counted = words.pop(0).split("/")
        if len(counted) != 2 or not all(count.isdecimal() and len(count) < 9 for count in counted):
            raise MalformedRecord(line)
        attempts, failures = map(int, counted)
    state = _STATES[word]
    if state in (UnitState.BINDING, UnitState.RUNNING, UnitState.SUCCEEDED) and not attempts:
        raise MalformedRecord(line)
    return state, attempts, failures, words


def _read_rest(run: Run, unit: int, words: list[str], epoch: float, line: str) -> None:
    try:
        if words and words[0].startswith(">"):
            run.not_before[unit] = epoch + _seconds(words.pop(0)[1:])
        if words:
            run.node[unit] = words.pop(0)
        if words:
            start, _, took = words.pop(0).partition("+")
            run.started[unit] = epoch + _seconds(start)
            run.finished[unit] = run.started[unit] + _seconds(took) if took else math.nan
    except ValueError as error:
        raise MalformedRecord(line) from error
    if words:
        raise MalformedRecord(line)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"{text} is no number of seconds")
    return seconds
