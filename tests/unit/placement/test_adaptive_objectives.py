"""What a graph that has ended says for each objective, whatever its size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.strategy.adaptive import OBJECTIVES, Ended

SMALL = RequestClass((("cpu", 2000),))
CHAIN = Graph.build([Task("a", shards=2), Task("b", ("a",))])


def cluster(*prices: float) -> Cluster:
    made = Cluster()
    for number, price in enumerate(prices):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 4000 * (number + 1), "pods": 10}, cost=price))
    return made


NOWHERE = cluster()


def ended(**fields: Any) -> Ended:
    """Of two tasks in a row, 10 s and 30 s by their hints; 80 s instead of 40, 20 of them spent waiting."""
    usual: dict[str, Any] = {
        "graph": CHAIN, "classes": (SMALL, SMALL), "response": 80.0, "succeeded": True, "hints": np.array([10.0, 30.0]),
        "took": np.array([15.0, 20.0, 40.0]), "nodes": ("n0", "n0", "n1"),
    }  # fmt: skip
    return Ended(**{**usual, **fields})


def value(name: str, of: Ended, nodes: Cluster = NOWHERE) -> float | None:
    return OBJECTIVES[name].value(of, nodes)


def test_the_figures_of_one_graph() -> None:
    assert value("ResponseTime", ended()) == pytest.approx(math.log(80 / 40))
    assert value("Waiting", ended()) == pytest.approx(math.log1p((80 - 60) / 40))
    assert value("DeadlineMisses", ended()) is None
    assert value("DeadlineMisses", ended(deadline=80.0)) == 0.0
    assert value("DeadlineMisses", ended(deadline=79.9)) == 1.0
    assert value("DeadlineMisses", ended(deadline=100.0, succeeded=False)) == 1.0


def test_where_nothing_was_said_what_it_took_counts_as_expected() -> None:
    assert ended(hints=np.array([10.0, 0.0])).least == 10 + 40
    assert ended(hints=np.array([0.0, 30.0])).least == 17.5 + 30
    never = ended(hints=np.zeros(2), took=np.array([15.0, 20.0, math.nan]), succeeded=False)
    assert never.least == 17.5 + 60, "a task that never ran: the default of a task"
    assert never.chain == 20.0


def test_what_is_paid_is_compared_with_the_mean_price() -> None:
    # Half of n0 at 4 an hour, a quarter of n1 at 16: 2 and 4 an hour, 3 on average.
    nodes = cluster(4.0, 16.0)
    paid = (15 * 2 + 20 * 2 + 40 * 4) / 3600
    usual = (10 + 10 + 30) * 3 / 3600
    assert ended().costs(nodes) == pytest.approx((paid, usual))
    assert value("Cost", ended(), nodes) == pytest.approx(paid / usual)
    assert value("Cost", ended(), cluster(0.0, 0.0)) is None
    assert value("Cost", ended(), NOWHERE) is None, "nodes that are gone"
    assert value("Cost", ended(nodes=("n0", "n0", "")), nodes) == pytest.approx((15 + 20) * 2 / (20 * 3))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_failure_is_never_better_than_a_success(name: str) -> None:
    nodes = cluster(1.0, 1.0)
    good = ended(deadline=100.0, response=41.0)
    failed = replace(good, succeeded=False, response=3.0, took=np.array([3.0, math.nan, math.nan]))
    assert (value(name, failed, nodes) or 0.0) > (value(name, good, nodes) or 0.0)
    endless = replace(failed, response=1e6)
    assert (value(name, endless, nodes) or 0.0) >= (value(name, failed, nodes) or 0.0)


@given(st.floats(0.01, 1e4), st.floats(1.0, 20.0))
def test_graphs_of_all_sizes_are_comparable(scale: float, slowdown: float) -> None:
    nodes = cluster(2.0, 3.0)
    small = ended(response=60 * slowdown, deadline=70.0)
    large = replace(
        small, response=small.response * scale, hints=small.hints * scale, took=small.took * scale, deadline=70.0 * scale
    )
    for name in ("ResponseTime", "Waiting", "Cost"):
        assert value(name, large, nodes) == pytest.approx(value(name, small, nodes), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("name", "plain"), [("ResponseTime", 2.0), ("Waiting", 0.5), ("Cost", 1.4), ("DeadlineMisses", 0.25)])
def test_people_read_plain_ratios(name: str, plain: float) -> None:
    learned = {"ResponseTime": math.log(2), "Waiting": math.log(1.5), "Cost": 1.4, "DeadlineMisses": 0.25}[name]
    assert OBJECTIVES[name].shown(learned) == pytest.approx(plain)


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValueError, match="took has 2 entries: it must have 3"):
        ended(took=np.zeros(2))
