"""Where a number is that is none."""

from collections.abc import Iterable

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, ModelSource


def require_finite(values: Array, name: str, start: int, sources: Iterable[ModelSource]) -> None:
    """Raise `FusionError` if a coordinate of a result is not finite: with the input and the place that it comes from.

    Cost: one pass over the result; inputs are read again only where something is wrong.
    """
    if np.isfinite(values).all():
        return
    for source in sources:
        if name in source.layouts:
            refuse_infinite(source.chunk(name, start, start + len(values)), name, start, source)
    raise FusionError(f"the result for {name} is larger than its type can hold: are the parameters right?")


def refuse_infinite(chunk: Array, name: str, start: int, source: ModelSource) -> None:
    """Raise `FusionError` at the first coordinate of an input that is NaN or infinite."""
    wrong = np.flatnonzero(~np.isfinite(chunk))
    if not len(wrong):
        return
    place = np.unravel_index(start + int(wrong[0]), source.layouts[name].shape)
    value = "NaN" if np.isnan(chunk[wrong[0]]) else "infinite"
    where = f"[{', '.join(map(str, place))}]" if place else ""
    raise FusionError(f"{source.label}: {name}{where} is {value}: every coordinate must be a finite number")
