"""What can be said of wishes one by one."""

from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish


def refuses_by_load(strategy: Strategy) -> bool:
    """Whether another load may open or close nodes to it."""
    return bool(strategy.hot) or Need.LOAD in strategy.planner.needs


def in_arrival(wish: Wish) -> tuple[tuple[object, ...], int]:
    """Where it stands by its arrival and its number in its graph."""
    return wish.request.arrival, wish.request.unit or 0


def policy_of(wish: Wish) -> tuple[str, str]:
    """Its policy and, of an adaptive one, its candidate: what is decided together."""
    return wish.policy, wish.candidate
