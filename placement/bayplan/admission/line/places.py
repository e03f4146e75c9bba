"""Where a request stands among those of its queue, and its queue among others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.lasting import LASTING
from bayplan.strategy.protocols import Order, Strategy
from bayplan.strategy.wish import Wish

Place = tuple[Any, ...]
"""Two of them compare; the lower goes first."""


class LineStanding(NamedTuple):
    """A request in its queue: by points, then by the rest. No two are equal."""

    points: float
    """Minus its priority and what it has gained by age. While it still gains: as of the instant 0, so that two that both still
    gain compare as they will at any time."""
    rest: Place
    """The policy's order, critical path, arrival, size, unit, and when it joined."""
    wish: Wish

    @property
    def order(self) -> tuple[float, Place]:
        """By which two compare."""
        return self.points, self.rest


def lasting(strategy: Strategy) -> bool:
    """Whether of two requests of a policy the same goes first at any time."""
    return all(order in LASTING for order in strategy.order)


def keys(strategy: Strategy, request: Request) -> Place:
    """What lasting orders go by, of one request. With their names, so that keys of two policies compare."""
    return tuple((_name(order), LASTING[order](request)) for order in strategy.order)


def keys_now(strategy: Strategy, requests: Sequence[Request], context: Context) -> list[Place]:
    """What any orders go by, of all requests of a policy that wait, as things stand now."""
    if lasting(strategy):
        return [keys(strategy, each) for each in requests]
    columns: list[FloatArray] = [order(requests, context) for order in strategy.order]
    names = [_name(order) for order in strategy.order]
    return [tuple(zip(names, each, strict=True)) for each in np.stack(columns, axis=1).tolist()]


def rest(order: Place, request: Request, size: Place, joined: int) -> Place:
    """Among requests with as many points: the policy's order, critical path, arrival, size, unit."""
    return (order, -request.critical_path, request.arrival, *size, request.unit or 0, joined)


def among_queues(wish: Wish, joined: int) -> Place:
    """Of the first of a queue, beside the first of another: priority without age, then arrival."""
    return (-wish.request.priority, wish.request.arrival, joined)


def _name(order: Order) -> str:
    return getattr(order, "__name__", type(order).__name__)
