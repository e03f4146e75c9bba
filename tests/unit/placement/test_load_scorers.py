"""Scorers of measured load, and what they do to a burst of tasks between two scrapes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.load import LoadEstimate, LoadModel, LoadTracker
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import FeasiblePlaces, Scorer, Scoring, Strategy, WeightedScorer
from bayplan.strategy.scoring.least_loaded import LeastLoaded
from bayplan.strategy.scoring.least_measured_load import LeastMeasuredLoad
from bayplan.strategy.scoring.load_risk import LoadRisk
from bayplan.strategy.scoring.target_utilization import TargetUtilization
from tests.unit.placement.building import GI, GPU, QUICK, asking, cluster, decide, node, scores
from tests.unit.placement.load_examples import measured, reading

LEAST = [LeastMeasuredLoad(), LeastMeasuredLoad(1.0)]
SCORERS = [*LEAST, TargetUtilization(), TargetUtilization(0.3), LoadRisk(), LoadRisk(2.0, 0.5, 1.0)]
USAGE = st.lists(st.integers(0, 16), min_size=3, max_size=3)


def three(usage: list[int] | None = None) -> Cluster:
    made = cluster(node("a", cpu=16), node("b", cpu=16), node("c", cpu=32))
    for number, cores in enumerate(usage or []):
        made.occupy(number, made.names[number], {"cpu": cores * 1000, "memory": cores * GI})
    return made


def said(scorer: Scorer, on: Cluster, load: LoadEstimate | None, asked: RequestClass | None = None) -> list[float]:
    found: list[float] = scores(scorer, asked or asking(2), on, Context(load=load)).tolist()
    return found


# What they prefer


def test_least_measured_load_is_what_is_left_of_the_busiest_resource() -> None:
    on = three([4, 0, 0])
    load = measured(on, {"a": {"cpu": 0.5, "disk": 0}, "b": {"cpu": 0.1, "disk": 0.6}, "c": {"cpu": 0.2, "disk": 0}})
    assert said(LeastMeasuredLoad(), on, load) == pytest.approx([1 - 10 / 16, 0.4, 1 - 0.2 - 2 / 32])


def test_load_that_no_request_explains_can_count_more() -> None:
    on = three([8, 0, 0])
    load = measured(on, {"a": {"cpu": 0.7}, "b": {"cpu": 0.4}, "c": {"cpu": 0.0}})
    x, h = np.array([0.7 + 2 / 16, 0.4 + 2 / 16, 2 / 32]), np.array([0.2, 0.4, 0.0])
    for weight in (0.0, 1.0, 3.0):
        expected = 1 - (x + weight * h) / (1 + weight)
        assert said(LeastMeasuredLoad(weight), on, load) == pytest.approx(expected.tolist())
    with_others = Context(load=load)
    assert decide(on, [asking(2, gpu=0)], compile_preset("LoadAware"), with_others)[0].node == "c"
    on.occupy("q", "c", {"cpu": 30000})
    assert decide(on, [asking(2)], compile_preset("LoadAware"), with_others)[0].node == "b"


def test_what_was_asked_for_and_is_not_used_counts_no_more() -> None:
    on = three([14, 6, 6])
    load = measured(on, {"a": {"cpu": 0.1}, "b": {"cpu": 0.3}, "c": {"cpu": 0.9}})
    assert said(LeastMeasuredLoad(), on, load) == pytest.approx([0.9 - 2 / 16, 0.7 - 2 / 16, 0.1 - 2 / 32])


def test_only_what_concerns_the_request_counts() -> None:
    on = cluster(node("a", gpu=4), node("b", gpu=4))
    load = measured(on, {"a": {GPU: 0.9, f"{GPU}.memory": 0.2, "memory": 0.8}, "b": {GPU: 0.1, f"{GPU}.memory": 0.95}})
    assert said(LeastMeasuredLoad(), on, load) == pytest.approx([1 - 2 / 8] * 2)
    assert said(LeastMeasuredLoad(), on, load, asking(2, gpu=1)) == pytest.approx([0.0, 0.05])


@QUICK
@given(USAGE, st.integers(0, 8))
def test_without_load_requests_alone_decide(usage: list[int], cores: int) -> None:
    on, asked = three(usage), RequestClass((("cpu", cores * 1000), ("memory", GI)) if cores else ())
    expected = said(LeastLoaded(), on, None, asked)
    assert said(LeastMeasuredLoad(), on, None, asked) == expected
    assert said(LoadRisk(), on, None, asked) == pytest.approx([(1 + each) / 2 for each in expected])
    elsewhere = measured(cluster(node("x")), {"x": {"cpu": 0.0, "disk": 0.0}})
    assert said(LeastMeasuredLoad(), on, elsewhere, asked) == pytest.approx(expected)


def test_target_utilisation_packs_up_to_the_target_and_spreads_beyond() -> None:
    on = cluster(*(node(name, cpu=10) for name in "abcdef"))
    shares = {"a": 0.0, "b": 0.2, "c": 0.4, "d": 0.401, "e": 0.7, "f": 0.9}
    load = measured(on, {name: {"cpu": share} for name, share in shares.items()})
    found = said(TargetUtilization(0.6), on, load)
    assert found == pytest.approx([0.6 + 0.4 / 3, 0.6 + 0.4 * 2 / 3, 1.0, 0.6 * 0.399 / 0.4, 0.15, 0.0])
    assert sorted(range(6), key=lambda row: -found[row]) == [2, 1, 0, 3, 4, 5]


def test_risk_is_mean_and_deviation() -> None:
    on = cluster(node("a", cpu=10), node("b", cpu=10))
    steady = measured(on, {"a": {"cpu": 0.3}, "b": {"cpu": 0.3}}, variance=0.04)
    assert said(LoadRisk(), on, steady) == pytest.approx([1 - (0.5 + 0.2) / 2] * 2)
    assert said(LoadRisk(2.0, 0.5), on, steady) == pytest.approx([1 - (0.5 + 2 * 0.2**2) / 2] * 2)
    assert said(LoadRisk(0.0), on, steady) == pytest.approx([0.75] * 2)
    assert said(LoadRisk(hidden_weight=1), on, steady) == pytest.approx([1 - (0.5 + 0.3 + 0.2) / 3] * 2)


def test_of_equal_means_the_steadier_node_is_less_risky() -> None:
    on = cluster(node("a", cpu=10), node("b", cpu=10))
    tracker = LoadTracker()
    tracker.follow(on, 0.0)
    both = reading(0.0, {"a": {"cpu": 0.3}, "b": {"cpu": 0.3}}, variance=0.0)
    both.variance[0, 0] = 0.1
    tracker.take(both, on, 0.0)
    load = tracker.estimate(on, 0.0)
    assert decide(on, [asking(1)], compile_preset("LoadRisk"), Context(load=load))[0].node == "b"
    assert decide(on, [asking(1)], compile_preset("LoadAware"), Context(load=load))[0].node == "a"


@QUICK
@given(USAGE, st.lists(st.floats(0, 1), min_size=6, max_size=6), st.floats(0, 0.5), st.sampled_from(SCORERS))
def test_scores_are_from_0_to_1(usage: list[int], shares: list[float], variance: float, scorer: Scorer) -> None:
    on = three(usage)
    names = [("a", "cpu"), ("a", "disk"), ("b", "cpu"), ("b", "memory"), ("c", "cpu"), ("c", "disk")]
    figures: dict[str, dict[str, float]] = {}
    for (name, resource), share in zip(names, shares, strict=True):
        figures.setdefault(name, {})[resource] = share
    found = said(scorer, on, measured(on, figures, variance))
    assert min(found) >= 0
    assert max(found) <= 1


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: LeastMeasuredLoad(-1), "hiddenWeight is -1: it must be 0 or above"),
        (lambda: TargetUtilization(1.0), "target is 1: it must be a share between 0 and 1"),
        (lambda: LoadRisk(margin=-0.5), "margin is -0.5: it must be 0 or above"),
        (lambda: LoadRisk(sensitivity=0), "sensitivity is 0: it must be above 0"),
        (lambda: LoadRisk(hidden_weight=-1), "hiddenWeight is -1: it must be 0 or above"),
    ],
)
def test_parameters_that_cannot_be(made: Callable[[], Scorer], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        made()


# Kept scores


@QUICK
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("place"), st.integers(0, 2), st.integers(0, 4)),
            st.tuples(st.just("read"), st.integers(0, 2), st.floats(0, 1)),
            st.tuples(st.just("wait"), st.just(0), st.floats(0, 100)),
            st.tuples(st.just("end"), st.integers(0, 9), st.just(0)),
        ),
        max_size=12,
    ),
    st.sampled_from(["LoadAware", "TargetUtilization", "LoadRisk"]),
)
def test_kept_scores_are_those_that_would_be_made_anew(steps: list[tuple[str, int, float]], preset: str) -> None:
    kept, tracker, now, strategy = three(), LoadTracker(), 0.0, compile_preset(preset)
    tracker.follow(kept, now)
    for number, (what, which, much) in enumerate(steps):
        now += 1.0
        if what == "place":
            kept.occupy(number, "abc"[which], {"cpu": int(much) * 1000})
        elif what == "end":
            kept.vacate(which)
        elif what == "wait":
            now += much
        else:
            tracker.take(reading(now, {"abc"[which]: {"cpu": float(much)}}, variance=0.01), kept, now)
        tracker.follow(kept, now)
        context = Context(now=now, load=tracker.estimate(kept, now))
        fresh = three()
        for key, name in kept._node_of.items():
            fresh.occupy(key, name, {"cpu": kept._occupants[name][key].resources["cpu"]})
        batch = [asking(2), asking(1), asking(2)]
        assert decide(kept, batch, strategy, context) == decide(fresh, batch, strategy, context)


# Herding


@dataclass(frozen=True)
class AsMeasured(Scorer):
    """The last reading, as if nothing had been placed since."""

    def depends_on(self, request: Request, context: Context) -> object:
        return context.load

    def __call__(self, request: Request, on: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        assert context.load is not None
        return 1.0 - context.load.measured[places.rows, 0]


def burst(strategy: Strategy, batches: int, *, hidden: FloatArray) -> list[int]:
    """200 tasks of one core on 50 nodes, between two readings, in so many batches a second apart; tasks per node."""
    on = cluster(*(node(f"n{number:02}", cpu=64) for number in range(50)))
    tracker = LoadTracker(LoadModel())
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {name: {"cpu": share} for name, share in zip(on.names, hidden, strict=True)}), on, 5.0)
    for batch in range(batches):
        now = 6.0 + batch
        requests = [Request((batch, number), asking(1)) for number in range(200 // batches)]
        for decision in place(requests, on, strategy, Context(now=now, load=tracker.estimate(on, now))):
            assert decision.node is not None
            on.occupy(decision.request_id, decision.node, {"cpu": 1000, "pods": 1})
        tracker.follow(on, now)
    return [int(each) for each in on.used[:, on.resources.index("cpu")] // 1000]


@pytest.mark.parametrize("batches", [1, 10, 200])
@pytest.mark.parametrize("preset", ["LoadAware", "LoadRisk"])
def test_a_burst_between_two_scrapes_spreads_as_with_perfect_knowledge(preset: str, batches: int) -> None:
    placed = burst(compile_preset(preset), batches, hidden=np.full(50, 0.2))
    assert sum(placed) == 200
    assert max(placed) - min(placed) <= 1


@pytest.mark.parametrize("batches", [1, 10])
def test_without_the_unseen_part_it_does_not(batches: int) -> None:
    naive = Strategy((), Scoring((WeightedScorer("AsMeasured", AsMeasured(), 1.0),)), Greedy())
    placed = burst(naive, batches, hidden=np.full(50, 0.2))
    assert sum(placed) == 200
    assert max(placed) - min(placed) == 64  # node after node is filled up
    assert sum(each > 0 for each in placed) == 4


def test_a_burst_fills_up_from_the_least_busy_nodes() -> None:
    """On nodes with different loads the burst evens them out, to a task's share, as placing with perfect knowledge would."""
    hidden = np.linspace(0.0, 0.09, 50)
    for scorer in (LeastMeasuredLoad(), LoadRisk()):
        strategy = Strategy((), Scoring((WeightedScorer("load", scorer, 1.0),)), Greedy())
        total = np.array(burst(strategy, 10, hidden=hidden)) / 64 + hidden
        assert total.max() - total.min() <= 1 / 64 + 1e-9


def test_what_no_request_explains_makes_a_node_riskier_than_as_much_that_is_asked_for() -> None:
    on = three([8, 0, 0])
    load = measured(on, {"a": {"cpu": 0.5}, "b": {"cpu": 0.5}, "c": {"cpu": 1.0}})
    assert decide(on, [asking(1)], compile_preset("LoadRisk"), Context(load=load))[0].node == "a"
    even = said(LoadRisk(), on, load, asking(1))
    assert even[0] == even[1]


def test_the_burst_is_still_even_while_its_readings_rise() -> None:
    """A second burst, half a time constant after the first, with a reading of nodes whose load has risen as far as that."""
    on = cluster(*(node(f"n{number:02}", cpu=64) for number in range(50)))
    tracker, strategy = LoadTracker(LoadModel(rate=1 / 30)), compile_preset("LoadAware")
    tracker.follow(on, 0.0)
    for at in (0.0, 15.0):
        shown = on.used[:, on.resources.index("cpu")] / 64_000 * (1 - np.exp(-15 / 30))
        tracker.take(reading(at, {name: {"cpu": share} for name, share in zip(on.names, shown, strict=True)}), on, at)
        requests = [Request((at, number), asking(1)) for number in range(125)]
        for decision in place(requests, on, strategy, Context(now=at, load=tracker.estimate(on, at))):
            assert decision.node is not None
            on.occupy(decision.request_id, decision.node, {"cpu": 1000, "pods": 1})
        tracker.follow(on, at)
    assert set((on.used[:, on.resources.index("cpu")] // 1000).tolist()) == {5}
