"""The record of a run in a TaskGraph's status: one compact line per task, and back.

A line is the task's name and, for each shard, one entry; entries are separated by " | ":

    train Running 2/1 a100-003 14.2
    └name └state  │ │ └node    └start, seconds after the graph was accepted (to the hundredth)
                  │ └failures
                  └attempts
    evaluate Succeeded 1/0 cpu-001 120.5+3.25        started at 120.5 s and ran for 3.25 s
    detect Ready 1/1 >35.2                           next attempt not before 35.2 s
    merge Pending
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.lifecycle import Flow, Run, UnitState
from bayplan.model.graph import Graph

_NAMES = {state: state.name.capitalize() for state in UnitState}
_STATES = {name: state for state, name in _NAMES.items()}
_BETWEEN = " | "
_LONGEST_COUNT = 8


class MalformedRecord(ValueError):
    """A line that this module did not write."""


def write_task(graph: Graph, run: Run, task: int, epoch: float) -> str:
    """The line of one task; instants count from ``epoch`` (seconds since 1970)."""
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    return f"{graph.tasks[task].name} " + _BETWEEN.join(_write_unit(run, unit, epoch) for unit in units)


def changed_tasks(graph: Graph, before: Run, after: Run) -> Sequence[int]:
    """The tasks with different lines in two states of one run. A change of the node alone need not show."""
    changed = np.zeros(graph.units, bool)
    for old, new in zip(before.columns(), after.columns(), strict=True):
        changed |= (old != new) & ~((old != old) & (new != new))  # NaN equals NaN here
    if graph.units == len(graph.tasks):
        return changed.nonzero()[0].tolist()
    return [int(task) for task in np.unique(graph.unit_task[changed])]


def read(graph: Graph, lines: Sequence[str], epoch: float, flow: Flow | None = None) -> tuple[Run, list[str]]:
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
    if flow is None:  # elsewhere a task may rightly run, or be skipped, whatever became of those before
        _hold_back(graph, run)
    return run, malformed


def _hold_back(graph: Graph, run: Run) -> None:
    """Nothing gets anywhere before the tasks it depends on, or is skipped without a failure: such lines were edited.

    Their units wait again; a pod that is there brings back what happened to them.
    """
    unfinished = ~run.finished_tasks(graph)
    blocked = np.zeros(len(graph.tasks), bool)
    blocked[graph.edge_child[unfinished[graph.edge_parent]]] = True
    on_the_way = (run.state >= UnitState.READY) & (run.state <= UnitState.RUNNING)
    early = on_the_way & blocked[graph.unit_task]
    if not (run.state == UnitState.FAILED).any():
        early |= run.state == UnitState.SKIPPED
    run.state[early] = UnitState.PENDING


def _write_unit(run: Run, unit: int, epoch: float) -> str:
    state = UnitState(run.state[unit])
    words = [_NAMES[state]]
    if run.incarnation[unit] or state == UnitState.SUCCEEDED:  # a backup may win before a unit has had any attempt
        words.append(f"{run.incarnation[unit]}/{run.failures[unit]}")
    if state not in (UnitState.PENDING, UnitState.READY) and run.node[unit]:
        words.append(run.node[unit])
        started, finished = float(run.started[unit]), float(run.finished[unit])
        if state != UnitState.BINDING and not math.isnan(started):
            took = "" if state == UnitState.RUNNING or math.isnan(finished) else f"+{_number(finished - started)}"
            words.append(_number(started - epoch) + took)
    elif state == UnitState.READY and run.not_before[unit] > epoch:
        words.append(f">{_number(float(run.not_before[unit]) - epoch)}")
    return " ".join(words)


def _number(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class _Entry:
    """One entry of a line; instants in seconds after the epoch of the record, NaN where it says nothing."""

    state: UnitState
    attempts: int = 0
    failures: int = 0
    not_before: float = math.nan
    node: str = ""
    started: float = math.nan
    took: float = math.nan


def _read_task(graph: Graph, run: Run, line: str, epoch: float) -> None:
    name, _, rest = line.partition(" ")
    task = graph.index.get(name)
    texts = rest.split(_BETWEEN)
    if task is None or len(texts) != graph.tasks[task].shards:
        raise MalformedRecord(line)
    try:
        entries = [_read_entry(text) for text in texts]  # all of them, before any counts
    except ValueError as error:
        raise MalformedRecord(line) from error
    for unit, entry in enumerate(entries, int(graph.unit_start[task])):
        active = entry.state in (UnitState.BINDING, UnitState.RUNNING)
        run.state[unit] = entry.state
        run.incarnation[unit] = entry.attempts
        run.settled[unit] = entry.attempts - 1 if active else entry.attempts
        run.failures[unit] = entry.failures
        run.not_before[unit] = 0.0 if math.isnan(entry.not_before) else epoch + entry.not_before
        run.node[unit] = entry.node
        run.started[unit] = epoch + entry.started
        run.finished[unit] = run.started[unit] + entry.took


def _read_entry(text: str) -> _Entry:
    """Raises ``ValueError``."""
    word, *words = text.split(" ")
    entry = _Entry(_STATES[word]) if word in _STATES else None
    if entry is None:
        raise ValueError(f"{word!r} is no state")
    counted = bool(words) and "/" in words[0]
    if counted:
        entry.attempts, entry.failures = _counts(words.pop(0))
    active = entry.state in (UnitState.BINDING, UnitState.RUNNING)
    if (active and not entry.attempts) or (entry.state == UnitState.SUCCEEDED and not counted):
        raise ValueError("this state is not reached without an attempt")
    if words and words[0].startswith(">"):
        entry.not_before = _seconds(words.pop(0)[1:])
    if words:
        entry.node = words.pop(0)
    if words:
        start, _, took = words.pop(0).partition("+")
        entry.started = _seconds(start)
        entry.took = _seconds(took) if took else math.nan
    if words:
        raise ValueError(f"{words[0]!r} is one word too many")
    return entry


def _counts(text: str) -> tuple[int, int]:
    attempts, _, failures = text.partition("/")
    if not all(count.isdecimal() and len(count) <= _LONGEST_COUNT for count in (attempts, failures)):
        raise ValueError(f"{text!r} is no count of attempts and failures")
    return int(attempts), int(failures)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"{text} is no number of seconds")
    return seconds
