"""What a TaskGraph's status keeps of evictions, one line for each shard that has not ended, and back.

train/3 2 1733.52 120.5
└task/shard │ │   └could start since, seconds after the graph was accepted
            │ └when it was evicted last, likewise
            └how often
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1.task_graph_status import MAX_EVICTED

_LONGEST_COUNT = 6


def write_evictions(graph: Graph, run: Run, epoch: float) -> list[str]:
    """By unit; where there are too many, those that were evicted last. ``epoch``: from when instants count."""
    units = np.flatnonzero((run.evictions > 0) & (run.state < UnitState.SUCCEEDED))
    if len(units) > MAX_EVICTED:
        at = np.nan_to_num(run.evicted_at[units])
        units = np.sort(units[np.argsort(-at, kind="stable")[:MAX_EVICTED]])
    return [_line(graph, run, unit, epoch) for unit in units.tolist()]


def read_evictions(graph: Graph, run: Run, status: Mapping[str, Any], epoch: float) -> None:
    """Take them into a run that was read from the same status. What was edited so that it cannot be read is left out."""
    lines = status.get("evictions")
    for line in lines if isinstance(lines, list) else ():
        found = _read(graph, line.split(" ")) if isinstance(line, str) else None
        if found is not None:
            unit, count, at, since = found
            run.evictions[unit], run.evicted_at[unit] = count, epoch + at
            if run.state[unit] == UnitState.READY:
                run.ready_at[unit] = epoch + since


def unit_named(graph: Graph, text: str) -> int | None:
    """The unit of TASK/SHARD; ``None``: there is no such one."""
    name, _, shard = text.rpartition("/")
    task = graph.index.get(name)
    if task is None or not shard.isdecimal() or len(shard) > _LONGEST_COUNT or int(shard) >= graph.tasks[task].shards:
        return None
    return int(graph.unit_start[task]) + int(shard)


def name_of(graph: Graph, unit: int) -> str:
    """TASK/SHARD."""
    task = int(graph.unit_task[unit])
    return f"{graph.tasks[task].name}/{unit - int(graph.unit_start[task])}"


def _line(graph: Graph, run: Run, unit: int, epoch: float) -> str:
    at, since = float(run.evicted_at[unit]), float(run.ready_at[unit])
    return f"{name_of(graph, unit)} {run.evictions[unit]} {_seconds(at - epoch)} {_seconds(since - epoch)}"


def _seconds(seconds: float) -> str:
    return "0" if math.isnan(seconds) else f"{max(seconds, 0.0):.2f}".rstrip("0").rstrip(".")


def _read(graph: Graph, words: Sequence[str]) -> tuple[int, int, float, float] | None:
    unit = unit_named(graph, words[0])
    if unit is None or len(words) != 4 or not words[1].isdecimal() or len(words[1]) > _LONGEST_COUNT:
        return None
    try:
        at, since = float(words[2]), float(words[3])
    except ValueError:
        return None
    return (unit, int(words[1]), at, since) if math.isfinite(at) and math.isfinite(since) else None
