"""Orders in which of two requests the same goes first at any time, whatever else waits."""

from collections.abc import Callable, Mapping
from typing import Any

from bayplan.model.workload import Request
from bayplan.strategy.ordering.age import age
from bayplan.strategy.ordering.critical_path import critical_path
from bayplan.strategy.ordering.earliest_deadline import earliest_deadline
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.ordering.smallest_area import OFTEN, SELDOM, aged_area, smallest_area
from bayplan.strategy.protocols import Order

_INFINITE = float("inf")

LASTING: Mapping[Order, Callable[[Request], Any]] = {
    priority: lambda request: -request.priority,
    critical_path: lambda request: -request.critical_path,
    age: lambda request: request.arrival,
    earliest_deadline: lambda request: _INFINITE if request.deadline is None else request.deadline,
    smallest_area: OFTEN.key,
    aged_area: SELDOM.key,
}
"""With their key for one request; the lower goes first."""
