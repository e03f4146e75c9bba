"""What is asked about at the moment."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from bayplan.admission.promises.promise import Promise
from bayplan.strategy.wish import Wish


@dataclass(slots=True)
class Asking:
    """A unit, beside what promises keep."""

    queue: int
    unit: dict[Hashable, Wish]
    lifted: list[Promise] = field(default_factory=list)
    """Promises ahead that do not bind it, since it ends soon enough."""
    tried: bool = False
    """It was asked about without those that it may intrude upon."""
    again: bool = False
    """It is to be asked about once more."""
    refused: list[Wish] = field(default_factory=list)
