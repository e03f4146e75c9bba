"""The instant by which the places of a promise are free, and the owners of those that it waits for have ended."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.promise import QUANTILE, Promise
from bayplan.model.arrays import FloatArray

DRAWS = 128
"""Of the joint instant."""


def joint_instant(promise: Promise, running: Occupancy, now: float, seed: int) -> float:
    """The 90 % quantile of the instant, from common draws of when all ends that it waits for. Infinite: that is not known."""
    waited = waited_for(promise)
    slots = {id(each): [slot for key in each.blockers if (slot := running.slot(key)) >= 0] for each in waited}
    laws = [law for each in waited if each is not promise for law, _ in each.runs]
    if all(running.sure(slot) for found in slots.values() for slot in found) and not any(law and law.sigma for law in laws):
        return _sure(waited, slots, running, now)
    there = sorted({slot for found in slots.values() for slot in found})
    random = np.random.default_rng(seed)
    parts = random.random((len(there), DRAWS))
    ends = {slot: running.ends(slot, parts[number], now) for number, slot in enumerate(there)}
    until: dict[int, FloatArray] = {}
    """By id of a promise, when its owner has ended."""
    for each in waited:
        start = np.full(DRAWS, now)
        for end in (*(ends[slot] for slot in slots[id(each)]), *(until[id(before)] for before in each.after)):
            start = np.maximum(start, end)
        if each is promise:
            break
        until[id(each)] = start + _run(each, random)
    return float(np.quantile(start, QUANTILE, method="higher"))


def expected_end(promise: Promise) -> float:
    """When the owner of a promise is expected to have ended; infinite: that is not known."""
    return promise.at + _seconds(promise)


def _sure(waited: Sequence[Promise], slots: Mapping[int, Sequence[int]], running: Occupancy, now: float) -> float:
    """Of the last of them, where each end is one instant."""
    medians, until, start = running.medians(now), dict[int, float](), now
    for each in waited:
        ends = [medians.item(slot) for slot in slots[id(each)]]
        start = max((now, *ends, *(until[id(before)] for before in each.after)))
        until[id(each)] = start + _seconds(each)
    return start


def _seconds(promise: Promise) -> float:
    """Until all requests of its owner are expected to have ended; infinite: that is not known."""
    return max((np.inf if law is None else min(law.median, law.most) for law, _ in promise.runs), default=np.inf)


def _run(promise: Promise, random: np.random.Generator) -> FloatArray:
    """Draws of the same. Shape (draws,)."""
    found = np.zeros(DRAWS)
    for law, count in promise.runs:
        if law is None:
            return np.full(DRAWS, np.inf)
        found = np.maximum(found, law.quantiles(random.random(DRAWS) ** (1 / count)))  # of so many, the last
    return found


def waited_for(promise: Promise) -> list[Promise]:
    """It, and all that it waits for, each once, those before that others wait for."""
    found: dict[int, Promise] = {}

    def add(each: Promise) -> None:
        if id(each) not in found:
            for before in each.after:
                add(before)
            found[id(each)] = each

    add(promise)
    return list(found.values())
