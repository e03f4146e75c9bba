"""What an order, a scorer or a planner goes by, beside the requests and the cluster: it declares it."""

from collections.abc import Callable
from enum import Enum, EnumType
from typing import TYPE_CHECKING, Any, TypeVar

from bayplan.model.spelling import unknown

_Part = TypeVar("_Part", bound=Callable[..., Any])


class _Names(EnumType):
    """Says what a misspelt member should have been."""

    if not TYPE_CHECKING:  # a type checker would take every name for a member

        def __getattr__(cls, name: str) -> Any:
            raise AttributeError(name if name.startswith("_") else unknown("Need", name, cls.__members__))


class Need(Enum, metaclass=_Names):
    """One thing that a strategy may go by. Of a plugin's strategy, the context holds only the parts that are declared."""

    MIX = "mix"
    """`Context.mix`: what usually arrives. It is learned only where a strategy needs it."""
    LOAD = "load"
    """`Context.load`. What waits is decided again after each measurement, and the policy says whether load is known."""
    PLANS = "plans"
    """`Context.plans`: graphs are planned as a whole."""
    PLANS_IF_THEY_MATTER = "plans if they matter"
    """`Context.plans`, which need not be made for graphs that could gain nothing by one."""
    EFFICIENCY = "efficiency"
    """`Context.efficiency`."""
    RUN_TIMES = "run times"
    """`Context.run_times`."""
    SURVIVAL = "survival"
    """`Context.survival`."""
    PER_TASK = "per task"
    """Of scorers only: scores depend on `Request.task`, so they are kept per task and not only per class of requests."""


NOTHING: frozenset[Need] = frozenset()
BY_PLANS = frozenset({Need.PLANS, Need.PLANS_IF_THEY_MATTER})
"""Of what goes by plans in one way or the other."""


def needs(*wanted: Need) -> Callable[[_Part], _Part]:
    """A decorator: the function, an order, goes by these. Raises `TypeError` without the brackets."""
    if any(callable(each) for each in wanted):
        raise TypeError("@needs lacks its brackets: write @needs(Need.PLANS), for example")

    def declare(part: _Part) -> _Part:
        part.needs = frozenset(wanted)  # type: ignore[attr-defined]
        return part

    return declare


def needs_of(part: object) -> frozenset[Need]:
    """What an order, a scorer or a planner declares; nothing where it declares nothing. Checked in `declarations`."""
    found: frozenset[Need] = getattr(part, "needs", NOTHING)
    return found
