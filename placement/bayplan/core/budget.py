"""How long planners may work on a batch."""

from collections.abc import Callable

from bayplan.model.stop import never

PlacingBudget = Callable[[], Callable[[], bool]]
"""Called once for each batch that a planner is given; what it answers is the batch's `Context.stop`."""


def unlimited() -> Callable[[], bool]:
    """A planner works until it is done."""
    return never


def steps(count: int) -> PlacingBudget:
    """A planner may ask `count` times whether it has to stop; then it has to. The same on every machine.

    Raises `ValueError` for a negative count.
    """
    if count < 0:
        raise ValueError(f"steps is {count}: it must be 0 or above")

    def begin() -> Callable[[], bool]:
        asked = 0

        def stop() -> bool:
            nonlocal asked
            asked += 1
            return asked > count

        return stop

    return begin


def seconds(count: float, clock: Callable[[], float]) -> PlacingBudget:
    """A planner may work for so long by a clock that answers seconds. For a process that has to answer in time."""

    def begin() -> Callable[[], bool]:
        end = clock() + count
        return lambda: clock() >= end

    return begin
