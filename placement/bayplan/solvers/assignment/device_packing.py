"""Which GPUs of one node what is on it gets."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE

_STEPS = 20_000


def pack_devices(counts: IntArray, thousandths: IntArray, free: IntArray) -> list[tuple[int, ...]] | None:
    """GPUs for every request of one node, shape (requests,); none if there are none, or none are found in 20,000 steps.

    Whole GPUs first, on those that are wholly free, which are all alike; then fractions, the largest first, by best fit,
    with backtracking over GPUs that have different amounts free (Martello and Toth 1990, ch. 8). Exponential at worst.
    """
    left = free.tolist()
    found: list[tuple[int, ...]] = [()] * len(counts)
    for number in np.flatnonzero((counts > 0) & (thousandths == WHOLE)).tolist():
        whole = [device for device, amount in enumerate(left) if amount >= WHOLE][: int(counts[number])]
        if len(whole) < counts[number]:
            return None
        for device in whole:
            left[device] -= WHOLE
        found[number] = tuple(whole)
    parts = np.flatnonzero((counts > 0) & (thousandths < WHOLE))
    parts = parts[np.argsort(-thousandths[parts], kind="stable")]
    devices = _pack_parts(thousandths[parts].tolist(), left)
    if devices is None:
        return None
    for number, device in zip(parts.tolist(), devices, strict=True):
        found[number] = (device,)
    return found


def _pack_parts(parts: list[int], left: list[int]) -> list[int] | None:
    """A GPU for each part, which are in descending order."""
    chosen: list[int] = []
    options: list[list[int]] = []
    for _ in range(_STEPS):
        if len(chosen) == len(parts):
            return chosen
        if len(options) == len(chosen):
            options.append(_options(parts[len(chosen)], left))
        if options[-1]:
            device = options[-1].pop()
            left[device] -= parts[len(chosen)]
            chosen.append(device)
            continue
        options.pop()
        if not chosen:
            return None
        left[chosen[-1]] += parts[len(chosen) - 1]
        chosen.pop()
    return None


def _options(part: int, left: list[int]) -> list[int]:
    """GPUs that hold the part, one of each amount free; the tightest last, of equals the first."""
    by_amount: dict[int, int] = {}
    for device, amount in enumerate(left):
        if amount >= part:
            by_amount.setdefault(amount, device)
    return [by_amount[amount] for amount in sorted(by_amount, reverse=True)]
