"""What placements are worth by each objective."""

import re

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.efficiency import Efficiency
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import OBJECTIVES, objective

HALF = RequestClass((("cpu", 500), ("pods", 1)))
ROWS = np.arange(2)
ALL = np.ones((2, 2), bool)


def on(*costs: float) -> Cluster:
    made = Cluster()
    for number, cost in enumerate(costs):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 1000 * (number + 1), "pods": 100}, cost=cost, node_class=f"c{number}"))
    return made


def values(name: str, requests: list[Request], cluster: Cluster, context: Context | None = None) -> np.ndarray:
    allowed = np.ones((len(requests), cluster.rows), bool)
    return OBJECTIVES[name].values(requests, cluster, np.arange(cluster.rows), context or Context(), allowed)


def test_cost_is_hours_times_price_times_share() -> None:
    requests = [Request(0, HALF, duration=7200.0), Request(1, HALF)]
    figures = OBJECTIVES["Cost"].figures(requests, on(3.0, 8.0), ROWS, Context())
    assert figures.tolist() == [[2 * 3 * 0.5, 2 * 8 * 0.25], [3 * 0.5, 8 * 0.25]]


def test_of_costs_the_least_is_worth_most_and_placing_one_more_beats_every_saving() -> None:
    requests = [Request(number, HALF, duration=3600.0 * (number + 1)) for number in range(3)]
    worth = values("Cost", requests, on(1.0, 100.0))
    cost = OBJECTIVES["Cost"].figures(requests, on(1.0, 100.0), ROWS, Context())
    assert (np.diff(worth) == -np.diff(cost)).all()
    assert worth.min(axis=1).sum() > worth.max(axis=1)[:2].sum()
    assert worth.min(axis=1).sum() > worth.max(axis=1)[1:].sum()


@pytest.mark.parametrize(
    ("priorities", "worth"), [((5, 3), [5, 3]), ((1, 9), [1, 9]), ((0, 0), [1, 1]), ((0, 5), [1, 6]), ((-3, 5), [1, 9])]
)
def test_priorities_of_0_and_below_raise_all_until_the_lowest_is_1(priorities: tuple[int, int], worth: list[int]) -> None:
    requests = [Request(number, HALF, priority) for number, priority in enumerate(priorities)]
    assert values("Priority", requests, on(1.0, 1.0))[:, 0].tolist() == worth


def test_tardiness_is_what_placing_now_saves() -> None:
    requests = [
        Request("late anyway", HALF, deadline=50.0, critical_path=60.0, duration=10.0),
        Request("in time now only", HALF, deadline=105.0, critical_path=0.0, duration=4.0),
        Request("never late", HALF, deadline=900.0, duration=20.0),
        Request("no deadline", HALF),
    ]
    context = Context(now=100.0)
    figures = OBJECTIVES["Tardiness"].figures(requests, on(1.0), np.array([0]), context)
    assert figures[:, 0].tolist() == [110.0, 0.0, 0.0, 0.0]
    worth = values("Tardiness", requests, on(1.0), context)[:, 0]
    # Waiting means for as long as the longest of them, 20 s.
    assert (worth - worth[3]).tolist() == [20.0, 19.0, 0.0, 0.0]
    assert worth[3] > 0


def test_efficiency_is_f_over_e_and_half_of_the_best_where_it_is_not_known() -> None:
    requests = [Request(0, HALF, task="t"), Request(1, HALF, task="u")]
    table = Efficiency({("t", "c0"): 6.0, ("t", "c1"): 8.0, ("u", "c0"): 0.0}, {"c1": 2.0})
    worth = values("Efficiency", requests, on(1.0, 1.0), Context(efficiency=table))
    assert worth.tolist() == [[6.0, 4.0], [pytest.approx(6e-6), 3.0]]
    assert (values("Efficiency", requests, on(1.0, 1.0)) > 0).all()


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_placing_always_beats_waiting(name: str) -> None:
    requests = [Request(number, HALF, -number, deadline=5.0 * number, duration=float(number)) for number in range(4)]
    assert (values(name, requests, on(0.0, 0.0), Context(now=100.0)) > 0).all()
    assert (values(name, requests, on(0.0, 7.0), Context(now=100.0)) > 0).all()


def test_what_is_not_allowed_does_not_count() -> None:
    requests = [Request(0, HALF), Request(1, HALF)]
    dear = on(1.0, 1e9)
    allowed = np.array([[True, False], [True, False]])
    assert OBJECTIVES["Cost"].values(requests, dear, ROWS, Context(), allowed)[0, 0] == pytest.approx(1.0)


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=re.escape('objective is "cost", which is unknown: did you mean "Cost"?')):
        objective("cost")
