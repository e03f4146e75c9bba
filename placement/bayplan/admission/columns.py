"""Columns that grow."""

from typing import Any

import numpy as np
import numpy.typing as npt


def grown(column: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The same with room for so many rows; what is new is 0."""
    found = np.zeros((size, *column.shape[1:]), column.dtype)
    found[: len(column)] = column
    return found
