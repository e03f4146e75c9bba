"""What was measured of many nodes at one instant."""

from dataclasses import dataclass, field

import numpy as np

from bayplan.model.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Shares of capacity in use, per node and resource. Raises `ValueError` where shapes do not agree.

    Figures are not judged here: `LoadTracker.take` leaves out what cannot be, and says what and why.
    """

    nodes: tuple[str, ...]
    """Names, each once; any order."""
    resources: tuple[str, ...]
    """Where nodes offer such a resource, its name there (`cpu`, `memory`, `nvidia.com/gpu`). Another name without a dot,
    such as `disk` or `network`, is a pressure that concerns every request; `nvidia.com/gpu.memory` concerns those that ask
    for `nvidia.com/gpu`."""
    values: FloatArray
    """Shape (nodes, resources): share of the node's capacity in use, from 0 to 1; NaN: not measured."""
    at: float
    """When it was measured, seconds since the epoch."""
    variance: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """Shape (nodes, resources): variance of the share over the time before; NaN: not known. Of shape (0, 0): of nothing."""

    def __post_init__(self) -> None:
        """Check the shapes."""
        shape = (len(self.nodes), len(self.resources))
        if self.values.shape != shape:
            raise ValueError(f"values has shape {self.values.shape}: it must be {shape}, (nodes, resources)")
        if self.variance.shape == (0, 0) != shape:
            object.__setattr__(self, "variance", np.full(shape, np.nan))
        if self.variance.shape != shape:
            raise ValueError(f"variance has shape {self.variance.shape}: it must be {shape}, as values")
        if len(set(self.resources)) < len(self.resources):
            raise ValueError(f"resources has a name more than once ({', '.join(self.resources)}): each must be there once")
