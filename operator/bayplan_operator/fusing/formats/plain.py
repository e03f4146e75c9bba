"""Models in JSON: an object of numbers and nested lists of numbers, or one such list."""

import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, ArraySource
from bayplan_operator.fusing.formats.arrays import ALONE


def json_source(path: Path, file: BinaryIO, *, labels: bool) -> ArraySource:
    """The arrays of a file, as float64. `labels`: lists of whole numbers stay whole numbers.

    JSON is read whole. Raises `FusionError`.
    """
    try:
        value = json.loads(file.read().decode())
    except (ValueError, RecursionError) as error:
        raise FusionError(f"{path}: this is not JSON, or it is truncated: {error}") from error
    except OSError as error:
        raise FusionError(f"{path}: it cannot be read: {error.strerror}") from error
    named = value if isinstance(value, dict) else {ALONE: value}
    return ArraySource({name: _array(f"{path}: {name}", each, labels) for name, each in named.items()}, str(path))


def _array(what: str, value: Any, labels: bool) -> Array:
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise FusionError(f"{what}: its lists must have equal lengths on every level") from error
    if array.dtype.kind not in "fiub" and array.size:
        raise FusionError(f"{what}: it must be a number or nested lists of numbers")
    if array.dtype.kind in "iu":
        return array.astype(np.int64 if labels else np.float64)
    return array if array.size else array.astype(np.float64)
