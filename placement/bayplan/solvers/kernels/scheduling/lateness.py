"""Which units a task can do without once they are late."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray


class Lateness(NamedTuple):
    """Columns of length ``tasks``. A task is over once all its units have ended; or so many that no more are needed, and it is
    late: its other units end then, wherever they are."""

    needed: IntArray
    """So many more units have to end; 0 or below: enough have."""
    time_out: FloatArray
    """It is late so many seconds after its first unit has begun; infinite: never."""
    began: FloatArray
    """Seconds from now to the begin of its first unit, 0 or below; infinite: none has begun."""

    @classmethod
    def never(cls, units: IntArray) -> "Lateness":
        """Every unit is waited for. `units`: shape (tasks,), of each task."""
        none = np.full(len(units), np.inf)
        return cls(units.astype(np.int64), none, none)
