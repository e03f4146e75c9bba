"""Names for the kinds of numpy arrays."""

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
SmallIntArray = NDArray[np.int16]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
