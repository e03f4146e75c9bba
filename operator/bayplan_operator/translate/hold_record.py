"""What a TaskGraph's status keeps of room that is held for its shards, and back. Each line has at most 256 bytes.

1 train/3 node-7 0,1 1733.52 k3v2m1qz4x,c8w5n7rt2y
│ │       │      │   │       └hashes of the pods that have to go; -: none
│ │       │      │   └until when, in seconds after the graph was accepted
│ │       │      └which GPUs of the node; -: none
│ │       └node
│ └task/shard
└number of the hold: shards with the same get their places together
1 + p9d4...                   further pods that have to go
vain train/3 2 1733.52        so often others were evicted for it and it got no place; not again before, or never
"""

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bayplan.model.graph import Graph
from bayplan_operator import names
from bayplan_operator.api.v1alpha1.task_graph_status import MAX_HELD, MAX_HOLD
from bayplan_operator.translate.eviction_record import name_of, unit_named

_NOTHING, _MORE, _VAIN, _NEVER = "-", "+", "vain", "never"
_LONGEST_NODE, _LONGEST_GPUS = 63, 40
_LONGEST_NUMBER = 6


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Room that is held for units of one graph until pods have gone."""

    units: tuple[int, ...]
    nodes: tuple[str, ...]
    """Per unit, its node; `#` and a hash of the name where that is long."""
    gpus: tuple[tuple[int, ...], ...]
    """Per unit."""
    victims: tuple[str, ...]
    """Hashes of the pods."""
    until: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class VainUnit:
    """So often pods were evicted for a unit, and it got no place."""

    unit: int
    times: int
    again_at: float
    """Not again before, in seconds since the epoch; infinite: never."""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """All that a status says of it."""

    holds: tuple[HeldUnits, ...] = ()
    vain: tuple[VainUnit, ...] = ()


def victim_hash(key: Hashable) -> str:
    """Of the namespace and name of a pod: a graph's status names no other namespace."""
    namespace, name = key if isinstance(key, tuple) else ("", key)
    return names.short_hash("victim", namespace, name)


def node_said(node: str) -> str:
    """As a line has it."""
    return node if len(node) <= _LONGEST_NODE else f"#{names.short_hash(node)}"


def write_held(graph: Graph, record: HeldRecord, epoch: float) -> list[str]:
    """Raises ``ValueError`` where there are too many."""
    lines = [line for number, hold in enumerate(record.holds, start=1) for line in _write(graph, number, hold, epoch)]
    for each in record.vain:
        again = _NEVER if math.isinf(each.again_at) else _number(each.again_at - epoch)
        lines.append(f"{_VAIN} {name_of(graph, each.unit)} {each.times} {again}")
    if len(lines) > MAX_HELD:
        raise ValueError(f"{len(lines)} lines: at most {MAX_HELD} can be recorded")
    return lines


def read_held(graph: Graph, status: Mapping[str, Any], epoch: float) -> HeldRecord:
    """What was edited so that it cannot be read is left out."""
    lines = status.get("holds")
    read: dict[str, _Read] = {}
    vain: list[VainUnit] = []
    for line in lines if isinstance(lines, list) else ():
        words = line.split(" ") if isinstance(line, str) else []
        if len(words) == 4 and words[0] == _VAIN:
            vain += _read_vain(graph, words[1:], epoch)
        elif len(words) == 3 and words[1] == _MORE and words[0] in read:
            read[words[0]].victims += words[2].split(",")
        elif len(words) == 6:
            unit, until = unit_named(graph, words[1]), _seconds(words[4])
            if unit is not None and until is not None:
                read.setdefault(words[0], _Read()).add(unit, words, epoch + until)
    return HeldRecord(tuple(each.held for each in read.values()), tuple(vain))


@dataclass(slots=True)
class _Read:
    """The lines of one number."""

    units: list[int] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    gpus: list[tuple[int, ...]] = field(default_factory=list)
    victims: list[str] = field(default_factory=list)
    until: float = 0.0

    def add(self, unit: int, words: Sequence[str], until: float) -> None:
        """One line of a unit."""
        gpus = words[3].split(",")
        self.units.append(unit)
        self.nodes.append(words[2])
        self.gpus.append(tuple(int(each) for each in gpus if each.isdecimal() and len(each) <= _LONGEST_NUMBER))
        self.until = until
        self.victims += [each for each in words[5].split(",") if each != _NOTHING]

    @property
    def held(self) -> HeldUnits:
        """All of them."""
        return HeldUnits(tuple(self.units), tuple(self.nodes), tuple(self.gpus), tuple(self.victims), self.until)


def _write(graph: Graph, number: int, hold: HeldUnits, epoch: float) -> Iterator[str]:
    left = list(hold.victims)
    for unit, node, gpus in zip(hold.units, hold.nodes, hold.gpus, strict=True):
        said = ",".join(map(str, gpus))
        devices = said if said and len(said) <= _LONGEST_GPUS else _NOTHING
        begin = f"{number} {name_of(graph, unit)} {node_said(node)} {devices} {_number(hold.until - epoch)} "
        victims, left = _fitting(left, MAX_HOLD - len(begin))
        yield begin + (victims or _NOTHING)
    while left:
        begin = f"{number} {_MORE} "
        victims, left = _fitting(left, MAX_HOLD - len(begin))
        yield begin + victims


def _fitting(victims: list[str], room: int) -> tuple[str, list[str]]:
    """As many as there is room for, and the others."""
    count = max(0, (room + 1) // (len(victims[0]) + 1)) if victims else 0
    return ",".join(victims[:count]), victims[count:]


def _read_vain(graph: Graph, words: Sequence[str], epoch: float) -> Iterable[VainUnit]:
    unit, again = unit_named(graph, words[0]), math.inf if words[2] == _NEVER else _seconds(words[2])
    if unit is not None and again is not None and words[1].isdecimal() and len(words[1]) <= _LONGEST_NUMBER:
        yield VainUnit(unit, int(words[1]), epoch + again)


def _number(seconds: float) -> str:
    return f"{max(seconds, 0.0):.2f}".rstrip("0").rstrip(".")


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
