"""Smallest area first, with age."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bayplan.model.gpu import GpuAsk
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.ordering.lasting import LASTING
from bayplan.strategy.ordering.smallest_area import OFTEN, SELDOM, AreaRule, area

NAMES = ("SmallestArea", "AgedArea")


def asking(cores: int, seconds: float, since: float | None = 0.0) -> Request:
    return Request("r", RequestClass((("cpu", 1000 * cores),)), duration=seconds, since=since, arrival=(7.0, 1))


def test_area_is_of_devices_where_there_are_any_and_unknown_is_largest() -> None:
    assert area(asking(4, 30.0)) == 120.0
    assert area(Request("r", RequestClass((("cpu", 9000), ("nvidia.com/gpu", 2))), duration=10.0)) == 20.0
    half = RequestClass((("bayplan.dev/gpu-milli", 500), ("cpu", 9000)), gpus=GpuAsk(1, 500))
    assert area(Request("r", half, duration=10.0)) == 5.0
    assert area(asking(4, 0.0)) == math.inf


@pytest.mark.parametrize("name", NAMES)
def test_the_smaller_goes_first_unless_the_larger_came_much_earlier(name: str) -> None:
    order, rule = ORDERS[name], {"SmallestArea": OFTEN, "AgedArea": SELDOM}[name]
    small, large = asking(1, 100.0, since=1000.0), asking(1, 1000.0, since=0.0)
    assert np.argmin(order([small, large], Context(now=2000.0))) == 0
    late = asking(1, 100.0, since=rule.patience * math.log(11 / 2) + 1)
    assert np.argmin(order([late, large], Context(now=1e7))) == 1


@pytest.mark.parametrize("name", NAMES)
def test_above_the_largest_area_the_first_that_came_goes_first(name: str) -> None:
    rule = {"SmallestArea": OFTEN, "AgedArea": SELDOM}[name]
    huge, unknown = asking(1, 10 * rule.largest, since=5.0), asking(1, 0.0, since=4.0)
    assert np.argmin(ORDERS[name]([huge, unknown], Context())) == 1


@pytest.mark.parametrize("name", NAMES)
def test_one_request_has_the_key_that_it_has_among_others(name: str) -> None:
    requests = [asking(cores, 50.0 * cores, since=cores) for cores in (1, 8, 64)]
    assert ORDERS[name](requests, Context()).tolist() == [LASTING[ORDERS[name]](each) for each in requests]


def test_what_does_not_say_since_when_counts_from_its_arrival() -> None:
    rule = AreaRule(1.0, 1e9)
    assert rule.key(asking(1, 100.0, since=None)) == pytest.approx(7.0 + math.log(2))
