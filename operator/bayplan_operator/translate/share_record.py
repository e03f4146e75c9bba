"""What queues have had, in the statuses of Queues, and back.

shareRecord:
  at: "1798704000.25"
  measures: ["3.25 8 nvidia.com/gpu on nodes with gpu=A100"]
              │    └held from then on, in the smallest unit
              └decayed mean of what was held beyond the quota
"""

import math
from collections.abc import Mapping
from typing import Any

from bayplan.admission.shares import SharesState
from bayplan_operator.api.v1alpha1.queue import MAX_MEASURE, MAX_MEASURES

FIELD = "shareRecord"
_SAME = 1e-11
"""Relative: what rounding makes of the same mean, whether it was brought forward at once or in many steps."""


def by_queue(state: SharesState) -> dict[str, dict[str, Any]]:
    """`write_share` of each queue. O(queues x measures)."""
    measures: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in state.then}
    for name, measure in (*state.means, *state.held):
        measures[name].setdefault(measure, _of(state, name, measure))
    return {name: _record(state.then[name], found) for name, found in measures.items()}


def read_shares(statuses: Mapping[str, Mapping[str, Any]], now: float) -> SharesState | None:
    """Of all queues, by name; ``None``: no status says anything. What was edited so that it cannot be true is left out."""
    then, means, held = dict[str, float](), dict[tuple[str, str], float](), dict[tuple[str, str], float]()
    for name, status in statuses.items():
        found = _read(status.get(FIELD), now)
        if found is None:
            continue
        then[name] = found[0]
        for measure, (mean, amount) in found[1].items():
            means[name, measure], held[name, measure] = mean, amount
    return SharesState(then, means, held) if then else None


def same_course(before: object, after: dict[str, Any], half_life: float, nominal: Mapping[str, float]) -> bool:
    """Whether a record that stands says the same as another one: what was held is the same, and so are the means once they are
    brought to the same instant. ``nominal``: by measure, of the queue and those below it; missing: 0."""
    was, will = _read(before, math.inf), _read(after, math.inf)
    if was is None or will is None or will[0] < was[0]:
        return False
    decay = 2.0 ** (-(will[0] - was[0]) / half_life)
    for measure in {*was[1], *will[1]}:
        mean, held = was[1].get(measure, (0.0, 0.0))
        other, holds = will[1].get(measure, (0.0, 0.0))
        brought = mean * decay + max(0.0, held - nominal.get(measure, 0.0)) * (1 - decay)
        if held != holds or not math.isclose(brought, other, rel_tol=_SAME, abs_tol=_SAME):
            return False
    return True


def _of(state: SharesState, queue: str, measure: str) -> tuple[float, float]:
    return state.means.get((queue, measure), 0.0), state.held.get((queue, measure), 0.0)


def _record(at: float, measures: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    largest = sorted(measures, key=lambda each: (-max(measures[each]), each))[:MAX_MEASURES]
    lines = [f"{measures[each][0]!r} {measures[each][1]:.0f} {each}" for each in sorted(largest)]
    return {"at": repr(at), "measures": [line for line in lines if len(line) <= MAX_MEASURE]}


def _read(record: object, now: float) -> tuple[float, dict[str, tuple[float, float]]] | None:
    if not isinstance(record, Mapping):
        return None
    found: dict[str, tuple[float, float]] = {}
    try:
        at = float(record.get("at", ""))
        for line in record.get("measures") or ():
            mean, held, measure = line.split(" ", 2)
            found[measure] = float(mean), float(held)
    except (ValueError, TypeError, AttributeError):
        return None
    whole = all(math.isfinite(each) and each >= 0 for pair in found.values() for each in pair)
    return (at, found) if whole and 0 <= at <= now else None
