"""The record of reservations in a TaskGraph's status, one line each, and back.

train/0 1798704000.25 1798700400.5 1798704000.25 0.031 0 3599.75
└task │ └instant      │            └instant that  │     │ └seconds of overrun that
      └shard          │              came first   │     └renewals   are put up with
                      └when it was made           └chances that were given away

An instant that is not known is `-`.
"""

import math
from collections.abc import Mapping
from typing import Any

from bayplan.admission.promises.promise import CHANCE, PromiseRecord
from bayplan.model.graph import Graph

FIELD = "reservations"
_UNKNOWN = "-"
_LONGEST = 10 * 366 * 86_400.0
_RENEWALS = 64


def write_promises(graph: Graph, promises: Mapping[int, PromiseRecord]) -> list[str]:
    """By the first shard of what waits together, in their order."""
    return [_line(graph, unit, promises[unit]) for unit in sorted(promises)]


def read_promises(graph: Graph, status: Mapping[str, Any]) -> dict[int, PromiseRecord]:
    """By unit. What was edited so that it can not be true is left out."""
    lines, found = status.get(FIELD), {}
    for line in lines if isinstance(lines, list) else ():
        read = _read(graph, line) if isinstance(line, str) else None
        if read is not None:
            found[read[0]] = read[1]
    return found


def _line(graph: Graph, unit: int, record: PromiseRecord) -> str:
    task = int(graph.unit_task[unit])
    instants = (_instant(each) for each in (record.at, record.made, record.first))
    allowance = _instant(record.allowance)
    name = f"{graph.tasks[task].name}/{unit - int(graph.unit_start[task])}"
    return " ".join((name, *instants, f"{record.chance:.6g}", str(record.renewals), allowance))


def _instant(seconds: float) -> str:
    """To the millisecond, rounded down."""
    return f"{math.floor(seconds * 1000) / 1000:.3f}".rstrip("0").rstrip(".") if math.isfinite(seconds) else _UNKNOWN


def _read(graph: Graph, line: str) -> tuple[int, PromiseRecord] | None:
    parts = line.split(" ")
    name, _, shard = parts[0].rpartition("/")
    task = next((number for number, each in enumerate(graph.tasks) if each.name == name), None)
    if task is None or len(parts) != 7 or not shard.isdecimal() or int(shard) >= graph.tasks[task].shards:
        return None
    try:
        at, made, first, chance, allowance = (math.inf if each == _UNKNOWN else float(each) for each in (*parts[1:5], parts[6]))
        renewals = int(parts[5])
    except ValueError:
        return None
    true = 0 <= made < math.inf and at >= 0 and first >= 0 and 0 <= chance <= CHANCE and 0 <= renewals <= _RENEWALS
    if not true or not (0 <= allowance <= _LONGEST or allowance == math.inf):
        return None
    return int(graph.unit_start[task]) + int(shard), PromiseRecord(at, made, first, chance, renewals, allowance)
