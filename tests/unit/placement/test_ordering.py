import numpy as np

from bayplan.core.engine import place
from bayplan.model.workload import Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.ordering.age import age
from bayplan.strategy.ordering.critical_path import critical_path
from bayplan.strategy.ordering.least_slack import least_slack
from bayplan.strategy.ordering.priority import priority
from tests.unit.placement.building import asking, cluster, node


def request(name: str, priority: int = 0, chain: float = 0.0, arrival: tuple[object, ...] = (), cpu: int = 8) -> Request:
    return Request(name, asking(cpu), priority, chain, arrival)


def winner(order: list[str], *requests: Request) -> object:
    """Who gets the only node."""
    strategy = compile_strategy(order, [Named("BestFit", 1)], Named("Greedy"))
    decisions = place(requests, cluster(node("n", cpu=8)), strategy, Context())
    assert [decision.request_id for decision in decisions] == [each.id for each in requests]
    (chosen,) = [decision.request_id for decision in decisions if decision.node]
    return chosen


def test_the_higher_priority_goes_first() -> None:
    assert winner(["Priority"], request("low", -5), request("high", 1_000_000), request("mid", 3)) == "high"


def test_the_longest_chain_goes_first() -> None:
    assert winner(["CriticalPath"], request("a", chain=5.0), request("b", chain=5.5)) == "b"


def test_the_earliest_arrival_goes_first() -> None:
    early, late = (1.0, "ns", "b"), (2.0, "ns", "a")
    assert winner(["Age"], request("late", arrival=late), request("early", arrival=early)) == "early"


def test_equal_arrivals_are_equal() -> None:
    requests = [
        request("a", arrival=(2, "x")),
        request("b", arrival=(1, "y")),
        request("c", arrival=(2, "x")),
    ]
    assert age(requests, Context()).tolist() == [1, 0, 1]


def test_keys_are_one_per_request_and_lower_is_earlier() -> None:
    requests = [request("a", 2, 10.0), request("b", 5, 1.0)]
    assert priority(requests, Context()).tolist() == [-2, -5]
    assert critical_path(requests, Context()).tolist() == [-10, -1]
    assert all(order([], Context()).shape == (0,) for order in ORDERS.values())


def test_the_first_order_decides_and_the_next_breaks_ties() -> None:
    urgent, long, first = (
        request("urgent", 2, 1.0, (3,)),
        request("long", 1, 9.0, (2,)),
        request("first", 1, 1.0, (1,)),
    )
    assert winner(["Priority", "CriticalPath", "Age"], first, long, urgent) == "urgent"
    assert winner(["CriticalPath", "Priority", "Age"], first, long, urgent) == "long"
    assert winner(["Age", "Priority", "CriticalPath"], first, long, urgent) == "first"


def test_size_never_overrules_the_order() -> None:
    assert winner(["Priority"], request("small", 1, cpu=1), request("large", 0, cpu=8)) == "small"


def test_of_equals_the_larger_goes_first_then_the_one_named_first() -> None:
    assert winner(["Priority"], request("small", cpu=1), request("large", cpu=8)) == "large"
    assert winner(["Priority"], request("one"), request("two")) == "one"
    assert winner([], request("small", cpu=1), request("large", cpu=8)) == "large"


def test_many_priorities_are_told_apart_exactly() -> None:
    requests = [request(f"{n}", 1_000_000 - n) for n in range(5)]
    assert np.argsort(priority(requests, Context())).tolist() == [0, 1, 2, 3, 4]


def due(name: str, deadline: float | None, chain: float = 0.0, duration: float = 0.0) -> Request:
    return Request(name, asking(8), critical_path=chain, deadline=deadline, duration=duration)


def test_the_earliest_deadline_goes_first_and_none_last() -> None:
    assert winner(["EarliestDeadline"], due("none", None), due("late", 900), due("soon", 100)) == "soon"
    assert winner(["EarliestDeadline"], due("none", None), due("late", 900)) == "late"


def test_the_least_slack_goes_first_and_none_last() -> None:
    assert winner(["LeastSlack"], due("none", None, 1e9), due("soon", 100, 10), due("long", 900, 850)) == "long"
    assert winner(["LeastSlack"], due("a", 100, 10, 95), due("b", 100, 20, 5)) == "a"
    keys = least_slack([due("a", 100, 30), due("b", None)], Context(now=20))
    assert keys.tolist() == [50, np.inf]
