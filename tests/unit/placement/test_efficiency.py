import math

import pytest

from bayplan.core.engine import place
from bayplan.knowledge.efficiency import Efficiency
from bayplan.model.workload import NodeInfo, Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from tests.unit.placement.building import asking, cluster

GREEDY = compile_strategy(["Age"], [Named("Efficiency")], Named("Greedy"))


def units(*names: str) -> list[NodeInfo]:
    return [NodeInfo(name, {"cpu": 1000, "pods": 1}, node_class=name) for name in names]


def chosen(efficiency: Efficiency | None, *tasks: str, on: tuple[str, ...] = ("c1", "c2", "c3", "c4")) -> list[str | None]:
    requests = [Request(task, asking(1), task=task) for task in tasks]
    return [each.node for each in place(requests, cluster(*units(*on)), GREEDY, Context(efficiency=efficiency))]


def test_tasks_of_one_class_go_where_each_achieves_most() -> None:
    table = Efficiency({("t1", "c1"): 2, ("t1", "c2"): 1.5, ("t2", "c3"): 1.2, ("t2", "c4"): 1.8})
    assert chosen(table, "t1", "t2") == ["c1", "c4"]
    assert chosen(table, "t2", "t1") == ["c4", "c1"]


def test_capability_divides() -> None:
    table = Efficiency({("t", "c1"): 4, ("t", "c2"): 3}, {"c1": 2.0})
    assert chosen(table, "t", on=("c1", "c2")) == ["c2"]


def test_a_class_of_which_nothing_is_known_is_between_good_and_bad() -> None:
    table = Efficiency({("t", "bad"): 1, ("t", "good"): 4})
    assert chosen(table, "t", on=("a-new", "bad")) == ["bad"]
    assert chosen(table, "t", on=("a-new", "bad", "good")) == ["good"]
    assert chosen(table, "other", "t", on=("a-new", "bad", "good")) == ["a-new", "good"]


def test_without_a_table_all_nodes_are_equal() -> None:
    assert chosen(None, "t") == ["c1"]


def test_another_table_is_seen_at_once() -> None:
    on = cluster(*units("c1", "c2"))
    request = Request(0, asking(1), task="t")
    for best in ("c1", "c2", "c1"):
        table = Efficiency({("t", best): 2, ("t", "c1" if best == "c2" else "c2"): 1})
        assert place([request], on, GREEDY, Context(efficiency=table))[0].node == best


@pytest.mark.parametrize(
    ("values", "capability", "message"),
    [
        ({("t", "c"): math.nan}, {}, r"values\[t, c\] is nan: it must be a number, 0 or above"),
        ({("t", "c"): -1.0}, {}, r"values\[t, c\] is -1.0: it must be a number, 0 or above"),
        ({}, {"c": 0.0}, r"capability\[c\] is 0.0: it must be a number above 0"),
    ],
)
def test_figures_that_are_none(values: dict[tuple[str, str], float], capability: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Efficiency(values, capability)
