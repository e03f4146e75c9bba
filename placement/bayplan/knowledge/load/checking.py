"""What of a reading can be used, and what is left out, told so that the operator of the cluster can act on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from bayplan.knowledge.load.reading import Reading
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

_BELOW, _ABOVE = -0.01, 1.1
"""Rates are extrapolated and differences rounded, so that a share may miss 0 or 1 by a little: it counts as 0 or 1."""
_MOST_NAMES = 3


class Fault(Enum):
    """Why something of a reading, or all of it, is not used."""

    NEGATIVE = "Negative"
    TOO_LARGE = "TooLarge"
    """More than the whole: no share of capacity. Percent, perhaps."""
    INFINITE = "Infinite"
    UNKNOWN_NODE = "UnknownNode"
    DUPLICATE_NODE = "DuplicateNode"
    NO_TIME = "NoTime"
    """The instant is no number: all is left out."""
    STALE = "Stale"
    """Too old to count: all is left out."""
    OUT_OF_ORDER = "OutOfOrder"
    """Older than what is known already: all is left out."""
    FROM_THE_FUTURE = "FromTheFuture"
    """The clocks differ: it counts as measured now."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What has become of a reading."""

    used: int = 0
    """Figures that are used: of one node and resource each."""
    missing: int = 0
    """Figures that the reading lacks, of nodes that there are."""
    faults: Mapping[Fault, int] = field(default_factory=dict)
    """How many figures, nodes or readings each fault concerns; nothing wrong: empty."""
    words: tuple[str, ...] = ()
    """One sentence per fault, with an example."""


Checked = tuple[IntArray, FloatArray, FloatArray, Intake]


def checked(reading: Reading, row_of: Callable[[str], int | None], nodes: int) -> Checked:
    """Rows, shape (known,), their shares and variances, shape (known, resources), NaN where there is nothing to use.

    `nodes`: how many there are. O(nodes x resources).
    """
    found = [row_of(name) for name in reading.nodes]
    rows = np.array([-1 if row is None else row for row in found], np.int64)
    _, first = np.unique(rows, return_index=True)
    again = np.ones(len(rows), bool)
    again[first] = False
    again &= rows >= 0
    tell = _Telling(reading)
    tell.nodes(Fault.UNKNOWN_NODE, rows < 0, "there is no such node")
    tell.nodes(Fault.DUPLICATE_NODE, again, "the node is there more than once: only the first counts")
    keep = (rows >= 0) & ~again
    values = np.where(keep[:, None], reading.values, np.nan)
    tell.figures(Fault.INFINITE, np.isinf(values), values)
    tell.figures(Fault.NEGATIVE, np.isfinite(values) & (values < _BELOW), values)
    tell.figures(Fault.TOO_LARGE, np.isfinite(values) & (values > _ABOVE), values)
    usable = np.isfinite(values) & (values >= _BELOW) & (values <= _ABOVE)
    values = np.where(usable, np.clip(values, 0.0, 1.0), np.nan)
    variance = np.where(np.isfinite(reading.variance) & (reading.variance >= 0), reading.variance, 0.0)
    used = int(usable.sum())
    intake = Intake(used, nodes * len(reading.resources) - used - tell.wrong, tell.faults, tuple(tell.words))
    return rows[keep], values[keep], variance[keep], intake


class _Telling:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.faults: dict[Fault, int] = {}
        self.words: list[str] = []
        self.wrong = 0
        """Figures of known nodes that are left out."""

    def nodes(self, fault: Fault, wrong: BoolArray, why: str) -> None:
        places = np.flatnonzero(wrong)
        if not len(places):
            return
        named = ", ".join(self._reading.nodes[place] for place in places[:_MOST_NAMES].tolist())
        more = f" and {len(places) - _MOST_NAMES} more" if len(places) > _MOST_NAMES else ""
        self.faults[fault] = len(places)
        self.words.append(f"node {named}{more}: {why}")

    def figures(self, fault: Fault, wrong: BoolArray, values: FloatArray) -> None:
        count = int(wrong.sum())
        if not count:
            return
        node, resource = np.argwhere(wrong)[0].tolist()
        more = f" ({count} such figures)" if count > 1 else ""
        said = f"{self._reading.resources[resource]} of node {self._reading.nodes[node]} is {values[node, resource]:g}"
        self.faults[fault] = count
        self.words.append(f"{said}: it must be a share of the node's capacity, from 0 to 1{more}")
        self.wrong += count
