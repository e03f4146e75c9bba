"""What has become of a graph's units since it was planned."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """All of shape (units,)."""

    done: BoolArray
    """It has succeeded."""
    place: IntArray
    """The number in `Plan.nodes.names` of the node on which it runs or ran; -1: it has not begun, or that node is not known."""
    begun: BoolArray
    """It runs or has succeeded."""
    ended: FloatArray
    """When it succeeded, in seconds since the epoch; NaN: it has not. What ended before the plan does not matter."""

    @property
    def running(self) -> BoolArray:
        """Begun and not done."""
        return np.asarray(self.begun & ~self.done)
