"""Models for the tests of fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bayplan.collaboration.fusion.tensors import Array

Model = dict[str, Array]


def drawn(seed: int, count: int, dtype: str = "float64") -> list[Model]:
    """Models with three tensors, of which one has no coordinates and one no axes."""
    generator = np.random.default_rng(seed)
    return [
        {
            "weights": generator.normal(size=(7, 5)).astype(dtype),
            "bias": np.asarray(generator.normal(), dtype),
            "empty": np.empty((0, 3), dtype),
        }
        for _ in range(count)
    ]


def same_bits(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


def near(found: Mapping[str, Array], wanted: Mapping[str, Any]) -> bool:
    """To 1e-12, as the closed forms are held."""
    return found.keys() == wanted.keys() and all(
        np.shape(wanted[name]) == found[name].shape and np.allclose(found[name], wanted[name], rtol=1e-12, atol=1e-12)
        for name in found
    )


def closed(models: Sequence[Model], form: Any) -> dict[str, Any]:
    """A form of the stacked tensors, (models, ...), for each of them."""
    return {name: form(np.stack([each[name] for each in models])) for name in models[0]}


SEEDS = st.integers(0, 2**32 - 1)
