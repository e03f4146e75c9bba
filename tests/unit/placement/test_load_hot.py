"""Nodes too hot to get anything more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import LoadEstimate, LoadTracker
from bayplan.model.reasons import Reason
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.compile import Named, Strategy, StrategyError, compile_strategy, with_hot
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.building import BEST_FIT, QUICK, asking, cluster, decide, node
from tests.unit.placement.load_examples import SLOW, measured, reading

HOT = with_hot(BEST_FIT, {"cpu": 0.9, "memory": 0.8})


def refusal(on: Cluster, load: LoadEstimate | None, strategy: Strategy = HOT) -> tuple[Reason | None, str]:
    decision = decide(on, [asking(2)], strategy, Context(load=load))[0]
    assert decision.node is None
    return decision.reason, decision.message


def test_hot_nodes_are_left_out() -> None:
    on = cluster(node("a"), node("b"), node("c"))
    load = measured(on, {"a": {"cpu": 0.9}, "b": {"memory": 0.8}, "c": {"cpu": 0.89, "memory": 0.79}})
    assert [each.node for each in decide(on, [asking(2)], HOT, Context(load=load))] == ["c"]
    assert [each.node for each in decide(on, [asking(2)], BEST_FIT, Context(load=load))] == ["a"]
    assert [each.node for each in decide(on, [asking(2)], HOT)] == ["a"]


@pytest.mark.parametrize("planner", sorted(set(PLANNERS) - {"Static"}))
def test_no_planner_places_on_them(planner: str) -> None:
    on = cluster(node("a"), node("b"))
    strategy = with_hot(compile_strategy(["Priority"], [Named("BestFit")], Named(planner)), {"cpu": 0.5})
    load = measured(on, {"a": {"cpu": 0.7}, "b": {"cpu": 0.1}})
    decisions = decide(on, [asking(4), asking(4), asking(4)], strategy, Context(load=load))
    assert {each.node for each in decisions if each.node} == {"b"}


def test_that_they_are_hot_is_told_and_will_pass() -> None:
    on = cluster(node("a"), node("b"), node("c"), node("d"))
    on.occupy("p", "d", {"cpu": 7000})
    load = measured(on, {"a": {"cpu": 0.934}, "b": {"cpu": 0.951}, "c": {"cpu": 0.2, "memory": 0.8}})
    reason, message = refusal(on, load)
    assert reason is Reason.NO_CAPACITY
    assert message == (
        "0/4 nodes: 2 are hot (cpu at 93 to 95 %), 1 is hot (memory at 80 %), "
        "1 has too little cpu free (2 asked, at most 1 free)"
    )


def test_what_is_only_requested_makes_no_node_hot() -> None:
    on = cluster(node("a", cpu=10))
    on.occupy("idle", "a", {"cpu": 8000})
    assert decide(on, [asking(2)], with_hot(BEST_FIT, {"cpu": 0.5}), Context(load=measured(on, {"a": {"cpu": 0.1}})))[0].node
    unknown = measured(cluster(node("x")), {"x": {"cpu": 1.0}})
    assert decide(on, [asking(2)], with_hot(BEST_FIT, {"cpu": 0.5}), Context(load=unknown))[0].node == "a"


def test_what_was_placed_since_the_reading_counts() -> None:
    on = cluster(node("a", cpu=10))
    load = measured(on, {"a": {"cpu": 0.5}})
    decisions = decide(on, [asking(2)] * 4, HOT, Context(load=load))
    assert [each.node for each in decisions] == ["a", "a", None, None]  # 50 %, 70 %, 90 %: hot
    assert decisions[2].message == "0/1 nodes: 1 is hot (cpu at 90 %)"


def test_a_threshold_that_is_just_reached_is_reached_whatever_the_rounding() -> None:
    on = cluster(node("a", cpu=10))
    assert 0.6 + 0.3 < 0.9
    decisions = decide(on, [asking(3), asking(1)], HOT, Context(load=measured(on, {"a": {"cpu": 0.6}})))
    assert [each.message for each in decisions[1:]] == ["0/1 nodes: 1 is hot (cpu at 90 %)"]


def test_a_node_that_is_hot_and_full_counts_once() -> None:
    on = cluster(node("a"), node("b"))
    for name in ("a", "b"):
        on.occupy(name, name, {"cpu": 8000})
    message = refusal(on, measured(on, {"a": {"cpu": 0.95}, "b": {"cpu": 0.5}}))[1]
    assert message == "0/2 nodes: 1 is hot (cpu at 95 %), 1 has too little cpu free (2 asked, at most 0 free)"


def test_a_node_cools_down_as_its_reading_ages() -> None:
    on, tracker = cluster(node("a")), LoadTracker(SLOW)
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 1.0}}), on, 0.0)
    for now, message in ((0.0, "0/1 nodes: 1 is hot (cpu at 100 %)"), (60.0, "0/1 nodes: 1 is hot (cpu at 90 %)")):
        assert refusal(on, tracker.estimate(on, now))[1] == message
    for now in (75.0, 149.0, 200.0):
        assert decide(on, [asking(2)], HOT, Context(load=tracker.estimate(on, now)))[0].node == "a"


@QUICK
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_node_is_placed_on_exactly_if_no_threshold_is_reached(
    shares: list[tuple[float, float]], cpu: float, disk: float
) -> None:
    on = cluster(*(node(f"n{number}") for number in range(len(shares))))
    load = measured(on, {f"n{number}": {"cpu": one, "disk": other} for number, (one, other) in enumerate(shares)})
    decision = decide(on, [asking(1)], with_hot(compile_preset("LoadAware"), {"disk": disk, "cpu": cpu}), Context(load=load))[0]
    cool = {f"n{number}" for number, (one, other) in enumerate(shares) if one < cpu and other < disk}
    assert (decision.node in cool) if cool else (decision.node is None)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, 90.0, float("nan")])
def test_thresholds_are_shares(share: float) -> None:
    with pytest.raises(StrategyError, match=r"^hot\[cpu\] is .*: it must be a share above 0, at most 1$"):
        with_hot(BEST_FIT, {"cpu": share})


def test_equal_thresholds_share_kept_scores_and_others_do_not() -> None:
    assert with_hot(BEST_FIT, {"b": 0.5, "a": 0.4}).hot == with_hot(BEST_FIT, {"a": 0.4, "b": 0.5}).hot
    on = cluster(node("a"))
    load = measured(on, {"a": {"cpu": 0.6}})
    for limit, expected in ((0.5, None), (0.7, "a"), (0.5, None)):
        assert decide(on, [asking(1)], with_hot(BEST_FIT, {"cpu": limit}), Context(load=load))[0].node == expected
