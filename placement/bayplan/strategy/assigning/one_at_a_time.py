"""Planners that treat one request after the other, and for which a line can ask about one unit at a time."""

from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.round_robin import RoundRobin
from bayplan.strategy.ordering.lasting import LASTING
from bayplan.strategy.wish import Wish

ONE_BY_ONE = (Greedy, RoundRobin)
"""Planners that treat requests of one class alike, never go back on a choice, and know of no batch (as a random draw does)."""


def goes_alone(wish: Wish) -> bool:
    """Whether its planner goes one by one, in an order that lasts: then a line can ask about one unit after the other."""
    return isinstance(wish.strategy.planner, ONE_BY_ONE) and all(order in LASTING for order in wish.strategy.order)
