"""How much a search may take."""

from collections.abc import Callable
from dataclasses import dataclass

from bayplan.model.stop import never
from bayplan.solvers.kernels.compiled import HAVE_NUMBA


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a planner may search. It ends with whichever comes first; the library itself reads no clock.

    Raises `ValueError` for negative steps.
    """

    steps: int | None = 10_000
    """Schedules that may be generated. None: any number."""
    stop: Callable[[], bool] = never
    """Asked every few milliseconds; true ends the search. The same seed gives the same schedule only without it."""

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 0:
            raise ValueError(f"steps is {self.steps}: it must be 0 or above")


@dataclass(slots=True)
class Meter:
    """What of a budget has been used."""

    budget: Budget
    used: int = 0

    def slice(self, wanted: int) -> int:
        """How many of the wanted steps may be taken now; 0: the budget is over."""
        if self.budget.stop():
            return 0
        return wanted if self.budget.steps is None else min(wanted, self.budget.steps - self.used)


def at_once(steps: int) -> int:
    """Of steps that take a few milliseconds when compiled, those to take between two looks at the stop function."""
    return steps if HAVE_NUMBA else max(3, steps // 100)


def enough(bound: float) -> float:
    """The makespan at which a bound counts as reached: sums of the same seconds in another order may differ a little."""
    return bound * (1 + 1e-9)
