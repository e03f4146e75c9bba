"""From series to a reading, and how much its figures have varied."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.knowledge.load import Reading
from bayplan_operator.view.prometheus import LoadError, NodeAliases, by_alias
from bayplan_operator.view.prometheus.answers import Series
from bayplan_operator.view.prometheus.readings import measured
from bayplan_operator.view.prometheus.spread import MEMORY, Spread

NODES = NodeAliases(("a", "b", "c"), by_alias({name: (name,) for name in "abc"}), ("node",))


def series(node: str, value: float) -> Series:
    return Series({"node": node} if node else {}, value)


def test_one_row_per_measured_node_one_column_per_resource() -> None:
    found = measured({"cpu": [series("a", 0.5), series("b", 0.25)], "disk": [series("b", float("nan"))], "gpu": []}, NODES, 7.0)
    assert (found.reading.nodes, found.reading.resources, found.reading.at) == (("a", "b"), ("cpu", "disk"), 7.0)
    np.testing.assert_array_equal(found.reading.values, [[0.5, np.nan], [0.25, np.nan]])
    assert found.problems == ()


def test_several_series_of_a_node_count_by_their_mean() -> None:
    found = measured({"gpu": [series("a", 0.2), series("a", 0.6)]}, NODES, 0.0)
    np.testing.assert_allclose(found.reading.values, [[0.4]])


def test_series_of_no_node_are_told_with_an_example() -> None:
    found = measured({"cpu": [series("a", 0.5), series("x", 0.5), series("", 0.5)]}, NODES, 0.0)
    (problem,) = found.problems
    assert problem.reason == "UnknownNodes"
    assert str(problem) == 'query cpu: 2 of 3 series belong to no node, such as {node="x"}'


@pytest.mark.parametrize(
    ("answers", "reason", "words"),
    [
        ({"cpu": [], "gpu": []}, "NoData", "none of the queries finds any series: does it scrape node-exporter?"),
        ({"cpu": [series("", 1.0)]}, "UnknownNodes", "1 of 1 series belongs to no node, such as {} (a series without labels"),
    ],
)
def test_nothing_is_left(answers: dict[str, list[Series]], reason: str, words: str) -> None:
    with pytest.raises(LoadError) as caught:
        measured(answers, NODES, 0.0)
    assert caught.value.reason == reason
    assert words in str(caught.value)


def test_what_went_wrong_before_is_the_reason_when_nothing_is_left() -> None:
    refused = LoadError("QueryRefused", "query cpu: Prometheus refuses it: parse error")
    with pytest.raises(LoadError, match="parse error") as caught:
        measured({}, NODES, 0.0, [refused])
    assert caught.value.reason == "QueryRefused"


# Variance


def reading(at: float, *values: float) -> Reading:
    return Reading(("a", "b")[: len(values)], ("cpu",), np.array(values)[:, None], at)


def test_variance_is_that_of_the_last_minutes() -> None:
    spread, draw = Spread(), np.random.default_rng(3)
    for number in range(4000):
        found = spread.added(reading(15.0 * number, float(draw.normal(0.5, 0.1)), 0.25))
    assert found.variance[0, 0] == pytest.approx(0.01, rel=0.5)
    assert found.variance[1, 0] == 0.0
    for number in range(4000, 4400):
        found = spread.added(reading(15.0 * number, 0.9, 0.25))
    assert found.variance[0, 0] < 1e-4, "steady again"


def test_variance_equals_the_weighted_variance_of_all_figures() -> None:
    spread, values, times = Spread(), [0.2, 0.9, 0.4, 0.4, 0.7], [0.0, 10.0, 15.0, 70.0, 85.0]
    for value, at in zip(values, times, strict=True):
        found = spread.added(reading(at, value))
    steps = -np.expm1(-np.diff(times) / MEMORY)
    weights = np.array([1.0, *steps]) * np.append(np.cumprod((1 - steps)[::-1])[::-1], 1.0)
    mean = weights @ values
    assert weights.sum() == pytest.approx(1.0)
    assert found.variance[0, 0] == pytest.approx(weights @ (np.array(values) - mean) ** 2)


def test_nothing_is_said_of_variance_too_early_or_after_a_long_silence() -> None:
    spread = Spread()
    said = [bool(np.isfinite(spread.added(reading(float(at), 0.5)).variance[0, 0])) for at in range(5)]
    assert said == [False, False, False, True, True]
    assert np.isnan(spread.added(reading(5 + MEMORY, 0.5)).variance[0, 0])
    assert np.isnan(spread.added(reading(6 + MEMORY, float("nan"))).variance[0, 0])


def test_nodes_and_resources_may_come_and_go() -> None:
    spread = Spread()
    for at in range(4):
        spread.added(Reading(("a", "b"), ("cpu", "disk"), np.array([[0.5, 0.1 * at], [0.2, 0.3]]), float(at)))
    found = spread.added(Reading(("b", "c", "a"), ("disk", "gpu"), np.array([[0.3, 0.1], [0.2, 0.2], [0.4, 0.3]]), 4.0))
    alone = Spread()
    for at in range(5):
        expected = alone.added(Reading(("a",), ("disk",), np.array([[0.1 * at]]), float(at)))
    assert found.variance[2, 0] == pytest.approx(expected.variance[0, 0])
    assert found.variance[0, 0] == pytest.approx(0.0)
    assert np.isnan(found.variance[1]).all()
    assert np.isnan(found.variance[:, 1]).all()
