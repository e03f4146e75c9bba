"""What others make likely of nodes of which something or all is not measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.hot import hot_thresholds
from bayplan.core.engine import place
from bayplan.knowledge.load import HotNodes, LoadEstimate, LoadTracker, Reading
from bayplan.knowledge.load.parts import others_part, own_part
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.scoring.load_risk import LoadRisk
from tests.draws import cases
from tests.unit.placement.building import GI, QUICK, asking, cluster, node, scores
from tests.unit.placement.load_examples import SLOW, measured, reading, share

SHARE = st.floats(0, 1)
CORES = 10
NODES = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", "z"]),
        st.integers(0, CORES),
        st.one_of(st.none(), SHARE),
        st.sampled_from([0.0, 20.0, 70.0, 105.0, 140.0]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip
"""Class, cores asked for, measured share, age of the measurement."""
Given = list[tuple[str, int, float | None, float]]


def made(nodes: Given) -> tuple[Cluster, LoadTracker]:
    """What was asked for has been there for long; now it is 200."""
    on, tracker = cluster(*(node(f"n{n}", cpu=CORES, node_class=each[0]) for n, each in enumerate(nodes))), LoadTracker(SLOW)
    for number, (_, cores, _, _) in enumerate(nodes):
        on.occupy(number, f"n{number}", {"cpu": cores * 1000, "memory": cores * GI})
    tracker.follow(on, 0.0)
    for age in (140.0, 105.0, 70.0, 20.0, 0.0):
        shares = {f"n{n}": {"cpu": m} for n, (_, _, m, then) in enumerate(nodes) if m is not None and then == age}
        tracker.take(reading(200.0 - age, shares), on, 200.0 - age)
    return on, tracker


def loads(on: Cluster, found: LoadEstimate, resource: str = "cpu") -> FloatArray:
    return found.of(on, np.arange(on.rows))[:, found.resources.index(resource)]


# The formula


@QUICK
@given(NODES)
def test_what_is_missing_is_the_mean_of_the_others_of_the_class_then_of_all(nodes: Given) -> None:
    on, tracker = made(nodes)
    found = tracker.estimate(on, 200.0)
    if found is None:
        assert all(m is None for _, _, m, _ in nodes)
        return
    known = [
        (kind, *_parts(m, cores / CORES), float(SLOW.weight(np.array(age)))) if m is not None else (kind, 0.0, 0.0, 0.0)
        for kind, cores, m, age in nodes
    ]
    for row, (kind, cores, _, _) in enumerate(nodes):
        u = cores / CORES
        others = [each for n, each in enumerate(known) if n != row]
        near = _mean([each for each in others if each[0] == kind])
        far = _mean(others)
        hidden, idle = (near[2] * near[n] + max(far[2] - near[2], 0.0) * far[n] for n in (0, 1))
        _, h, i, w = known[row]
        expected = w * (u + h - i * u) + (1 - w) * (u + hidden - idle * u)
        assert loads(on, found)[row] == pytest.approx(expected, abs=1e-9)


def _parts(m: float, v: float) -> tuple[float, float]:
    return max(m - v, 0.0), 1 - min(m / v, 1.0) if v > 0 else 0.0


def _mean(of: list[tuple[str, float, float, float]]) -> tuple[float, float, float]:
    """Hidden, idle, how much is known."""
    total = sum(w for *_, w in of)
    if not total:
        return 0.0, 0.0, 0.0
    return sum(w * h for _, h, _, w in of) / total, sum(w * i for _, _, i, w in of) / total, sum(w * w for *_, w in of) / total


def test_an_example() -> None:
    on = cluster(*(node(name, cpu=10, node_class=name[0]) for name in ("a1", "a2", "a3", "b1", "c1")))
    for name, cores in (("a1", 4), ("a2", 0), ("a3", 4), ("b1", 2), ("c1", 2)):
        on.occupy(name, name, {"cpu": cores * 1000})
    load = measured(on, {"a1": {"cpu": 0.1}, "a2": {"cpu": 0.2}, "b1": {"cpu": 0.6}})
    # Of a1, 3/4 is idle, and a2 has 0.2 hidden: on a3, 0.1 are hidden and 3/8 of 0.4 idle.
    # Of b1, 0.4 are hidden: on c1, of whose class nothing is measured, 0.2 are hidden and 1/4 of 0.2 idle.
    assert loads(on, load) == pytest.approx([0.1, 0.2, 0.4 + 0.1 - 0.15, 0.6, 0.2 + 0.2 - 0.05])
    assert load.hidden(on, np.arange(5))[:, 0] == pytest.approx([0.0, 0.2, 0.1, 0.4, 0.2])


def test_a_node_that_is_of_another_class_now_is_like_those() -> None:
    on, tracker = cluster(*(node(name, cpu=10, node_class=name) for name in "abc")), LoadTracker(SLOW)
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.1}, "b": {"cpu": 0.3}}), on, 0.0)
    assert share(tracker, on, 0.0, "c") == pytest.approx(0.2)
    on.set_node(node("c", cpu=10, node_class="b"))
    assert share(tracker, on, 0.0, "c") == pytest.approx(0.3)


def test_what_has_been_placed_since_the_newest_reading_counts_in_full_there_too() -> None:
    on, tracker = cluster(node("a", cpu=10), node("b", cpu=10)), LoadTracker(SLOW)
    for name in "ab":
        on.occupy(name, name, {"cpu": 4000})
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.1}}), on, 0.0)
    assert share(tracker, on, 0.0, "b") == pytest.approx(0.1)
    for number, name in enumerate("ab"):
        on.occupy(number, name, {"cpu": 2000})
        tracker.follow(on, 10.0)
    assert [share(tracker, on, 10.0, name) for name in "ab"] == pytest.approx([0.3, 0.3])
    tracker.take(reading(20.0, {"a": {"cpu": 0.2}}), on, 20.0)  # of which 0.4 + 0.2 (1 - 1/e) are asked for
    assert share(tracker, on, 20.0, "a") == pytest.approx(share(tracker, on, 20.0, "b"))


# What must hold


@QUICK
@given(NODES, st.integers(0, CORES))
def test_where_nothing_is_measured_it_is_exactly_what_is_requested(nodes: Given, more: int) -> None:
    on, tracker = made(nodes)
    names = tuple(f"n{n}" for n in range(len(nodes)))
    values = np.column_stack((np.full(len(nodes), 0.7), np.full(len(nodes), np.nan), np.full(len(nodes), np.nan)))
    tracker.take(Reading(names, ("cpu", "memory", "disk"), values, 201.0), on, 201.0)
    on.occupy("more", "n0", {"memory": more * GI})
    found = tracker.estimate(on, 201.0)
    assert found is not None
    assert loads(on, found, "memory").tolist() == (on.used / on.allocatable)[:, on.resources.index("memory")].tolist()
    assert loads(on, found, "disk").tolist() == [0.0] * len(nodes)


@QUICK
@given(NODES, st.integers(0, 5), st.integers(0, 20), st.booleans())
def test_placing_more_on_a_node_never_lowers_its_load_nor_moves_that_of_others(
    nodes: Given, row: int, cores: int, emptied: bool
) -> None:
    (on, tracker), row = made(nodes), row % len(nodes)
    if emptied:
        on.vacate(row)  # what was asked for there still shows
    found = tracker.estimate(on, 200.0)
    if found is None:
        return
    before = loads(on, found)
    with on.trial() as trial:
        trial.take(row, on.demand(asking(cores)))
        moved = loads(on, found) - before
    assert moved[row] >= -1e-12
    assert not np.delete(moved, row).any()


@given(
    st.lists(st.tuples(st.integers(0, 2), SHARE, SHARE, SHARE, SHARE), min_size=2, max_size=8),
    st.sampled_from([1e-6, 1e-3, 0.1]),
    st.booleans(),
)
@cases(80, search=300)
def test_load_moves_smoothly_as_readings_age(
    nodes: list[tuple[int, float, float, float, float]], step: float, together: bool
) -> None:
    """However much the weight of one reading or of all goes down, by no more than a fixed multiple of that, down to 0."""
    kind = np.array([each[0] for each in nodes])
    m, v, requested, weight = np.array([each[1:] for each in nodes]).T[:, :, None]
    own, rows = own_part(m, np.zeros_like(m), v), np.arange(len(nodes))
    older = np.maximum(weight - step, 0.0)
    if not together:
        older[1:] = weight[1:]

    def load(w: FloatArray) -> FloatArray:
        return w * own.beyond(rows, requested) + (1 - w) * others_part(own, w, kind, v).beyond(rows, requested)

    assert np.abs(load(weight) - load(older)).max() <= 12 * step + 1e-9


def test_a_reading_that_fades_moves_its_node_in_equal_steps_to_where_the_others_are() -> None:
    on, tracker = cluster(*(node(name, cpu=10) for name in "abc")), LoadTracker(SLOW)
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {name: {"cpu": 0.8 if name == "a" else 0.2} for name in "abc"}), on, 0.0)
    found = []
    for now in range(50, 155, 10):
        tracker.take(reading(float(now), {"b": {"cpu": 0.2}, "c": {"cpu": 0.2}}), on, float(now))
        found.append(share(tracker, on, float(now)))
    assert found == pytest.approx(np.linspace(0.8, 0.2, 11).tolist())


def test_readings_that_fade_all_together_leave_requests_alone_without_a_leap() -> None:
    on, tracker = cluster(*(node(f"n{n}", cpu=10) for n in range(30))), LoadTracker(SLOW)
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, {name: {"cpu": 0.9} for name in on.names}), on, 0.0)
    found = [share(tracker, on, float(now), "n0") or 0.0 for now in range(50, 155, 10)]
    assert (found[0], found[-1]) == (0.9, 0.0)
    assert 0 < -np.diff(found).min() < 0.2


# Variance


@QUICK
@given(st.lists(st.tuples(SHARE, st.floats(0, 0.25)), min_size=1, max_size=6))
def test_unknown_is_riskier_than_known(nodes: list[tuple[float, float]]) -> None:
    """The variance of a node that is not measured is that of those that are, and that of what is hidden on them."""
    on, tracker = cluster(*(node(f"n{n}", cpu=CORES) for n in range(len(nodes) + 1))), LoadTracker(SLOW)
    tracker.follow(on, 0.0)
    m, variance = np.array(nodes).T[:, :, None]
    tracker.take(Reading(tuple(on.names[:-1]), ("cpu",), m, 0.0, variance), on, 0.0)
    found = tracker.estimate(on, 0.0)
    assert found is not None
    deviation = found.deviation(on, np.arange(on.rows))[:, 0]
    assert deviation[:-1] == pytest.approx(np.sqrt(variance[:, 0]))
    assert deviation[-1] ** 2 == pytest.approx(variance.mean() + m.var(), abs=1e-9)
    assert deviation[-1] ** 2 >= variance.mean() - 1e-12
    assert deviation[-1] >= deviation.min() - 1e-9


def test_of_an_unknown_node_and_a_known_one_with_as_much_to_expect_the_known_one_is_better() -> None:
    on = cluster(*(node(name, cpu=10) for name in "abcd"))
    load = measured(on, {"a": {"cpu": 0.1}, "b": {"cpu": 0.3}, "c": {"cpu": 0.2}}, variance=0.01)
    assert loads(on, load)[2:] == pytest.approx([0.2, 0.2])
    found = scores(LoadRisk(), asking(1), on, Context(load=load))
    assert found[2] > found[3]


# Hot nodes


@QUICK
@given(NODES, st.floats(0.01, 1))
def test_no_node_is_hot_by_what_others_show(nodes: Given, threshold: float) -> None:
    on, tracker = made(nodes)
    found, limits = tracker.estimate(on, 200.0), hot_thresholds({"cpu": threshold})
    if found is None:
        return
    for row, each in enumerate(nodes):
        alone, only = made([each])
        known = only.estimate(alone, 200.0)
        expected = known is not None and HotNodes(known, limits).rows(alone, np.array([0]))[0]
        assert HotNodes(found, limits).rows(on, np.array([row]))[0] == expected, each


def test_a_node_of_which_nothing_is_measured_is_not_hot_where_all_others_are() -> None:
    on = cluster(*(node(name, cpu=10) for name in "abc"))
    load = measured(on, {"a": {"cpu": 1.0}, "b": {"cpu": 1.0}})
    assert loads(on, load)[2] == 1.0
    assert HotNodes(load, hot_thresholds({"cpu": 0.9})).rows(on, np.arange(3)).tolist() == [True, True, False]


# Herding


def placed(preset: str, known: list[bool], tasks: int, batches: int, old: int = 0, use: float = 1.0) -> list[int]:
    """Tasks of one core between two scrapes on equal nodes of 64, of which some are measured; tasks per node.

    Of the cores of each, 20 % are busy with what no request shows, and `old` are asked for, of which `use` is used.
    """
    on, tracker = cluster(*(node(f"n{number:02}", cpu=64) for number in range(len(known)))), LoadTracker()
    for name in on.names:
        on.occupy(name, name, {"cpu": old * 1000})
    tracker.follow(on, 0.0)
    shown = {"cpu": 0.2 + use * old / 64}
    tracker.take(reading(0.0, {name: shown for name, is_known in zip(on.names, known, strict=True) if is_known}, 0.01), on, 1.0)
    for batch in range(batches):
        now = 6.0 + batch
        requests = [Request((batch, number), asking(1)) for number in range(tasks // batches)]
        for decision in place(requests, on, compile_preset(preset), Context(now=now, load=tracker.estimate(on, now))):
            assert decision.node is not None
            on.occupy(decision.request_id, decision.node, {"cpu": 1000, "pods": 1})
        tracker.follow(on, now)
    return [int(each) - old for each in on.used[:, on.resources.index("cpu")] // 1000]


@pytest.mark.parametrize("batches", [1, 10])
@pytest.mark.parametrize("known", [0, 1, 33, 49, 50])
@pytest.mark.parametrize("preset", ["LoadAware", "LoadRisk"])
def test_a_burst_spreads_evenly_however_many_nodes_are_measured(preset: str, known: int, batches: int) -> None:
    found = placed(preset, [number < known for number in range(50)], 200, batches)
    assert sum(found) == 200
    assert max(found) - min(found) <= 1


@given(
    st.lists(st.booleans(), min_size=2, max_size=12),
    st.integers(0, 40),
    st.integers(0, 16),
    SHARE,
    st.sampled_from(["LoadAware", "LoadRisk"]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_they_were_asked_for_before(known: list[bool], tasks: int, old: int, use: float, preset: str) -> None:
    found = placed(preset, known, tasks, 1, old, use)
    assert sum(found) == tasks
    assert max(found) - min(found) <= 1
