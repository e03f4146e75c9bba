"""Models as named tensors that are read and written in chunks, and whether several of them agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayplan.collaboration.fusion.errors import FusionError

CHUNK = 1 << 16
"""Coordinates that are looked at together: several float64 arrays of that length stay in a core's cache."""
FLOATS = ("float64", "float32", "float16", "bfloat16")
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorLayout:
    """Shape and type of a tensor; the type by its name in numpy, or bfloat16."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Coordinates."""
        return prod(self.shape)

    @property
    def floating(self) -> bool:
        """Its coordinates can be averaged."""
        return self.dtype in FLOATS


class ModelSource(Protocol):
    """A model that is read in chunks."""

    @property
    def label(self) -> str:
        """What sentences call it."""
        ...

    @property
    def layouts(self) -> Mapping[str, TensorLayout]:
        """By the tensors' names."""
        ...

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """Coordinates [start, stop) of the flattened tensor, (stop - start,); bfloat16 comes as float32.

        What is answered holds until the source is asked again.
        """
        ...


class ModelSink(Protocol):
    """A model that is written in chunks: tensor after tensor in the order of `begin`, each from its first coordinate on."""

    def begin(self, layouts: Mapping[str, TensorLayout]) -> None:
        """Say what will be written."""
        ...

    def write(self, name: str, values: Array) -> None:
        """The next coordinates of a tensor, in its type; bfloat16 as float32 that is rounded already.

        The values hold until the call returns.
        """
        ...


class ArraySource:
    """A model in memory: arrays by name."""

    def __init__(self, model: Mapping[str, Array], label: str) -> None:
        self.label = label
        self._flat: dict[str, Array] = {}
        self.layouts: dict[str, TensorLayout] = {}
        for name, given in model.items():
            array = np.asarray(given)
            if array.dtype.kind not in "fiub":
                raise FusionError(f"{label}: {name} holds {array.dtype}: it must hold numbers")
            self.layouts[name] = TensorLayout(array.shape, array.dtype.name)
            self._flat[name] = np.ascontiguousarray(array).reshape(-1)

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """A view."""
        return self._flat[name][start:stop]


class ArraySink:
    """Collects a model in memory."""

    def __init__(self) -> None:
        self.model: dict[str, Array] = {}
        self._reached: dict[str, int] = {}

    def begin(self, layouts: Mapping[str, TensorLayout]) -> None:
        """Make room."""
        self.model = {name: np.empty(each.shape, each.dtype) for name, each in layouts.items()}
        self._reached = dict.fromkeys(layouts, 0)

    def write(self, name: str, values: Array) -> None:
        """Copies."""
        start = self._reached[name]
        self.model[name].reshape(-1)[start : start + len(values)] = values
        self._reached[name] = start + len(values)


def spans(size: int) -> Iterator[tuple[int, int]]:
    """Chunks of a flattened tensor, from its first coordinate on."""
    for start in range(0, size, CHUNK):
        yield start, min(start + CHUNK, size)


def agreed(sources: Sequence[ModelSource]) -> dict[str, TensorLayout]:
    """The layouts that all sources share, by name in alphabetical order.

    Raises `FusionError` where a tensor is missing or extra, where shapes differ, and where types differ.
    """
    if not sources:
        raise FusionError("there is nothing to fuse: give at least one input")
    first = sources[0]
    if not first.layouts:
        raise FusionError(f"{first.label}: there is no tensor in it")
    for other in sources[1:]:
        for name in first.layouts:
            if name not in other.layouts:
                raise FusionError(f"{other.label}: {name} is missing, which {first.label} has")
        for name, layout in other.layouts.items():
            if name not in first.layouts:
                raise FusionError(f"{other.label}: {name} is extra: {first.label} does not have it")
            wanted = first.layouts[name]
            if layout.shape != wanted.shape:
                raise FusionError(
                    f"{other.label}: {name} has the shape {list(layout.shape)} where {first.label} has {list(wanted.shape)}"
                )
            if layout.dtype != wanted.dtype:
                raise FusionError(
                    f"{other.label}: {name} is {layout.dtype} where {first.label} has {wanted.dtype}: "
                    "mixing them would lose precision, so convert one of them"
                )
    return {name: first.layouts[name] for name in sorted(first.layouts)}


def rounded(values: npt.NDArray[np.float64], dtype: str) -> Array:
    """Float64 values in the type of a tensor; bfloat16 as the float32 that it equals, by rounding to the nearest even."""
    if dtype == "float64":
        return values
    if dtype != "bfloat16":
        return values.astype(dtype)
    bits = values.astype(np.float32).view(np.uint32)
    even = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    kept = np.where(np.isfinite(values), even, bits) & np.uint32(0xFFFF0000)
    return kept.view(np.float32)
