"""When each unit of the line is expected to start: quantiles over drawn futures."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from bayplan.admission.line.whole import LineUnit, whole_line
from bayplan.admission.promises.promise import QUANTILE
from bayplan.admission.starts.drawing import Future
from bayplan.admission.starts.snapshot import LineSnapshot
from bayplan.model.arrays import FloatArray
from bayplan.model.run_law import RunLaw
from bayplan.model.stop import never

FIRST = 200
"""Units of the line of which it is said."""
DRAWS, LEAST_DRAWS = 64, 16


@dataclass(frozen=True, slots=True)
class Foretold:
    """Of one unit."""

    unit: LineUnit
    p50: float | None
    """Seconds since the epoch by which it starts with a probability of a half; `None`: not known."""
    p90: float | None
    reserved: bool = False
    """It holds a reservation: `p90` is what was promised."""
    unknown: str = ""
    """Why its start is not known."""


def foretold(snapshot: LineSnapshot, seed: int, stop: Callable[[], bool] = never) -> list[Foretold]:
    """Of all units in line order. What comes later than now is not foreseen. `stop`: no more draws, beyond the least number.

    O(n log n), and of the first units as many drawn futures as there is time for.
    """
    line = whole_line(snapshot.wishes, snapshot.tree, snapshot.shares, snapshot.now)
    first = [each for each in line if snapshot.classes[each.first.request_class].anywhere][:FIRST]
    starts = _starts(snapshot, first, seed, stop)
    known = {each.first.id: times for each, times in zip(first, starts, strict=True)}
    return [_told(each, known, snapshot, len(line)) for each in line]


def _told(unit: LineUnit, known: dict[Hashable, FloatArray], snapshot: LineSnapshot, length: int) -> Foretold:
    id_ = unit.first.id
    at = snapshot.promised.get(id_)
    times = known.get(id_)
    if not snapshot.classes[unit.first.request_class].anywhere:
        return Foretold(unit, None, None, at is not None, "no node may have it as things stand")
    if times is None:
        return Foretold(unit, None, None, unknown=f"it is told for the first {FIRST} in line, and {length} wait")
    p50, p90 = (float(np.quantile(times, part, method="higher")) for part in (0.5, QUANTILE))
    if at is not None and np.isfinite(at):
        p50, p90 = min(p50, max(at, snapshot.now)), max(at, snapshot.now)
    if np.isfinite(p90):
        return Foretold(unit, p50, p90, reserved=at is not None)
    why = "it is not known how long what holds the room, or waits ahead, will run"
    return Foretold(unit, p50 if np.isfinite(p50) else None, None, at is not None, why)


def _starts(snapshot: LineSnapshot, line: list[LineUnit], seed: int, stop: Callable[[], bool]) -> FloatArray:
    """Shape (units, draws)."""
    random = np.random.default_rng(seed)
    ends = _ends(snapshot, random.random((len(snapshot.holders), DRAWS)))
    runs = [[_runs(each.run, random.random(DRAWS)) for each in unit.requests] for unit in line]
    found = []
    for draw in range(DRAWS):
        if draw >= LEAST_DRAWS and stop():
            break
        drawn = [[float(each[draw]) for each in unit] for unit in runs]
        found.append(Future(snapshot, line, ends[:, draw].tolist(), drawn).play())
    return np.array(found).reshape(len(found), len(line)).T


def _ends(snapshot: LineSnapshot, parts: FloatArray) -> FloatArray:
    found = np.full(parts.shape, np.inf)
    for number, (median, sigma, most) in enumerate(snapshot.laws.tolist()):
        since = float(snapshot.since[number])
        if np.isfinite(median):
            elapsed = max(snapshot.now - since, 0.0)
            found[number] = since + RunLaw(median, sigma, most).quantiles(parts[number], elapsed)
        elif np.isfinite(most):
            found[number] = since + most
    return np.asarray(np.maximum(found, snapshot.now))


def _runs(law: RunLaw | None, parts: FloatArray) -> FloatArray:
    return np.full(parts.shape, np.inf) if law is None else law.quantiles(parts)
