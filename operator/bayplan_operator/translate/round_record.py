"""The record of rounds and results in a TaskGraph's status, and back."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bayplan.collaboration.rounds import RoundEnd
from bayplan.lifecycle import Round, Run, UnitState, Value
from bayplan.model.graph import Graph
from bayplan_operator.translate.flow.needed import Needed
from bayplan_operator.translate.results import kept

LONGEST_LINE = 120
"""Characters of the line of a round that is over."""


def write_results(graph: Graph, run: Run) -> list[str]:
    """A line for each unit that said something, such as 'local/2 {"samples":270}'."""
    return [f"{_name(graph, unit)} {msgspec.json.encode(run.results[unit]).decode()}" for unit in sorted(run.results)]


def read_results(graph: Graph, run: Run, status: Mapping[str, Any], needed: Needed) -> dict[int, Mapping[str, Value]]:
    """Of units that have succeeded. What was edited so that it cannot be read, or that no pod could say, counts as not said."""
    found: dict[int, Mapping[str, Value]] = {}
    for line in _texts(status.get("results")):
        name, _, text = line.partition(" ")
        unit = _unit(graph, name)
        if unit is None or run.state[unit] != UnitState.SUCCEEDED:
            continue
        try:
            said = msgspec.json.decode(text, type=dict[str, bool | int | float | str])
        except msgspec.DecodeError:
            continue
        if results := kept(said, needed.get(int(graph.unit_task[unit]), {})):
            found[unit] = results
    return found


def write_units(graph: Graph, units: Iterable[int]) -> list[str]:
    """Shards by their tasks, such as "local 2 5"."""
    shards: dict[int, list[int]] = {}
    for unit in sorted(units):
        task = int(graph.unit_task[unit])
        shards.setdefault(task, []).append(unit - int(graph.unit_start[task]))
    return [f"{graph.tasks[task].name} {' '.join(map(str, each))}" for task, each in shards.items()]


def write_attempts(graph: Graph, succeeded: Mapping[int, int], tasks: Iterable[int]) -> list[str]:
    """Per task, the attempt of each shard that succeeded, such as "local 1 1 0 2"; 0: none did."""
    lines = []
    for task in tasks:
        units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
        lines.append(f"{graph.tasks[task].name} {' '.join(str(succeeded.get(unit, 0)) for unit in units)}")
    return lines


def read_next(graph: Graph, status: Mapping[str, Any]) -> Round | None:
    """The round that was decided and had not begun."""
    rounds = _map(status.get("rounds"))
    number = _whole(rounds.get("next"))
    if not number:
        return None
    left_out: set[int] = set()
    for task, shards in _numbers(graph, rounds.get("leftOut")):
        start, count = int(graph.unit_start[task]), graph.tasks[task].shards
        left_out.update(start + shard for shard in shards if shard < count)
    return Round(number, frozenset(left_out), read_weights(graph, status))


def write_weights(graph: Graph, weights: Mapping[int, float]) -> list[str]:
    """Per task, what the shards that were drawn count, such as "local 0=2.5 3=1.25"."""
    found: dict[int, list[str]] = {}
    for unit, weight in sorted(weights.items()):
        task = int(graph.unit_task[unit])
        found.setdefault(task, []).append(f"{unit - int(graph.unit_start[task])}={weight!r}")
    return [f"{graph.tasks[task].name} {' '.join(words)}" for task, words in found.items()]


def read_weights(graph: Graph, status: Mapping[str, Any]) -> dict[int, float]:
    """What the shards that were drawn count. What was edited so that it cannot be read counts as 1."""
    found: dict[int, float] = {}
    for line in _texts(_map(status.get("rounds")).get("weights")):
        name, *words = line.split(" ")
        for word in words:
            shard, _, text = word.partition("=")
            unit = _unit(graph, f"{name}/{shard}")
            try:
                weight = float(text)
            except ValueError:
                continue
            if unit is not None and math.isfinite(weight) and weight > 0:
                found[unit] = weight
    return found


def read_joint(status: Mapping[str, Any]) -> list[float]:
    """The weights of the terms of the joint loss, if new ones have been made."""
    try:
        return [float(text) for text in _texts(_map(status.get("rounds")).get("joint"))]
    except ValueError:
        return []


def read_began(graph: Graph, status: Mapping[str, Any]) -> dict[int, int]:
    """Per unit of an asynchronous task, the round in which its work began."""
    found = {}
    for task, rounds in _numbers(graph, _map(status.get("rounds")).get("began")):
        for shard, number in enumerate(rounds[: graph.tasks[task].shards]):
            if number:
                found[int(graph.unit_start[task]) + shard] = number
    return found


def read_taken(graph: Graph, status: Mapping[str, Any]) -> frozenset[int]:
    """Units of asynchronous tasks by whose work the round goes."""
    found: set[int] = set()
    for task, shards in _numbers(graph, _map(status.get("rounds")).get("taken")):
        start, count = int(graph.unit_start[task]), graph.tasks[task].shards
        found.update(start + shard for shard in shards if shard < count)
    return frozenset(found)


def read_before(graph: Graph, status: Mapping[str, Any]) -> dict[int, int]:
    """Per repeated unit that succeeded in the round before, which incarnation did."""
    found = {}
    for task, attempts in _numbers(graph, _map(status.get("rounds")).get("before")):
        for shard, attempt in enumerate(attempts[: graph.tasks[task].shards]):
            if attempt:
                found[int(graph.unit_start[task]) + shard] = attempt
    return found


def read_number(status: Mapping[str, Any]) -> int:
    """The round that the lines of the tasks speak of; 0: none has begun."""
    rounds = _map(status.get("rounds"))
    number, coming = _whole(rounds.get("number")), _whole(rounds.get("next"))
    return number if coming != 1 else 0  # before the first round, 1 is written too


def read_over(status: Mapping[str, Any]) -> str:
    """Why there is no further round; empty: there may be."""
    over = _map(status.get("rounds")).get("over")
    return over if isinstance(over, str) else ""


def read_end(status: Mapping[str, Any]) -> RoundEnd | None:
    """What ended the rounds well; ``None``: the status does not say that anything did."""
    reason = _map(status.get("rounds")).get("reason")
    return next((end for end in RoundEnd if end.value == reason), None)


def read_history(status: Mapping[str, Any]) -> list[str]:
    """A line for each round that is over."""
    return _texts(_map(status.get("rounds")).get("history"))


def number_of(line: str) -> int:
    """Of which round a line of the history tells; 0: it was edited so that it does not say."""
    word = line.partition(" ")[0]
    return int(word) if word.isdecimal() and len(word) <= 8 else 0


def _name(graph: Graph, unit: int) -> str:
    task = int(graph.unit_task[unit])
    shard = unit - int(graph.unit_start[task])
    return graph.tasks[task].name + (f"/{shard}" if graph.tasks[task].shards > 1 else "")


def _unit(graph: Graph, name: str) -> int | None:
    task, _, shard = name.partition("/")
    number = graph.index.get(task)
    if number is None or not (shard or "0").isdecimal() or len(shard) > 4 or int(shard or "0") >= graph.tasks[number].shards:
        return None
    return int(graph.unit_start[number]) + int(shard or "0")


def _numbers(graph: Graph, lines: object) -> Iterable[tuple[int, Sequence[int]]]:
    for line in _texts(lines):
        name, *words = line.split(" ")
        task = graph.index.get(name)
        if task is not None and all(word.isdecimal() and len(word) <= 8 for word in words):
            yield task, [int(word) for word in words]


def _whole(value: object) -> int:
    """From 1; 0: it is no such number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _texts(lines: object) -> list[str]:
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
