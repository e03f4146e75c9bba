"""Which request goes first. Each order gives one key per request, the lower the earlier; a strategy has several."""

from bayplan.strategy.ordering.age import age
from bayplan.strategy.ordering.critical_path import critical_path
from bayplan.strategy.ordering.earliest_deadline import earliest_deadline
from bayplan.strategy.ordering.least_slack import least_slack
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.ordering.shortest_expected import shortest_expected
from bayplan.strategy.ordering.smallest_area import aged_area, smallest_area
from bayplan.strategy.ordering.upward_rank import upward_rank
from bayplan.strategy.protocols import Order

ORDERS: dict[str, Order] = {
    "Priority": priority,
    "CriticalPath": critical_path,
    "Age": age,
    "EarliestDeadline": earliest_deadline,
    "LeastSlack": least_slack,
    "UpwardRank": upward_rank,
    "ShortestExpected": shortest_expected,
    "SmallestArea": smallest_area,
    "AgedArea": aged_area,
}

__all__ = ["ORDERS"]
