"""How much tasks achieve on nodes of each class: values f(task, node class) over the capability e of one node."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False, slots=True)
class Efficiency:
    """f and e. Raises `ValueError` for figures that are none. Compared by identity, so that what is kept with it lasts."""

    values: Mapping[tuple[str, str], float]
    """(task, node class) to f, 0 or above, in any one unit, such as steps per second or accuracy per hour."""
    capability: Mapping[str, float] = field(default_factory=dict)
    """Node class to e, above 0; a class that is missing has 1."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        for (task, node_class), value in self.values.items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"values[{task}, {node_class}] is {value}: it must be a number, 0 or above")
        for node_class, value in self.capability.items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"capability[{node_class}] is {value}: it must be a number above 0")

    def of(self, task: str, node_class: str) -> float | None:
        """f / e; none if it is not known."""
        value = self.values.get((task, node_class))
        return None if value is None else value / self.capability.get(node_class, 1.0)
