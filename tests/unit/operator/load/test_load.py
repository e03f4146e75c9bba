"""What the conductor knows of the load, what policies say of it, and when it is decided anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import Reading
from bayplan.model.workload import NodeInfo
from bayplan_operator import metrics, names
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.kube import wire
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view import PodStore
from bayplan_operator.view.prometheus import LoadError, PollResult, QueriesError
from bayplan_operator.view.prometheus.readings import Measured
from tests.unit.operator.timing import tick
from tests.unit.operator.written import Written

NOW = 1_800_000_000.0
SETTINGS = PrometheusSettings("http://prometheus.example:9090")


class Fixture:
    """Two nodes of 8 cores, and a clock that is moved by hand."""

    def __init__(self, settings: PrometheusSettings | None = SETTINGS) -> None:
        self.cluster = Cluster()
        for name in ("a", "b"):
            self.cluster.set_node(NodeInfo(name, {"cpu": 8000, "pods": 110}))
        self.pods = PodStore(self.cluster, lambda: NOW, lambda: None)
        self.load = Load(settings)

    def step(self, now: float, *outcomes: PollResult) -> None:
        for outcome in outcomes:
            self.load.put(outcome)
        self.load.step(self.cluster, self.pods, now)

    def estimated(self, now: float) -> list[float]:
        estimate = self.load.estimate(self.cluster, now)
        assert estimate is not None
        return [round(share, 3) for share in estimate.of(self.cluster, np.array([0, 1]))[:, 0].tolist()]


def brought(at: float, *values: float, problems: tuple[LoadError, ...] = ()) -> PollResult:
    shares = np.array(values)[:, None]
    return PollResult(Measured(Reading(("a", "b")[: len(values)], ("cpu",), shares, at), problems))


def failed(reason: str = "Unreachable", words: str = "it cannot be reached") -> PollResult:
    return PollResult(failure=LoadError(cast(Any, reason), words))


def test_without_prometheus_nothing_is_followed_and_nothing_known() -> None:
    fixture = Fixture(None)
    fixture.step(NOW)
    assert fixture.load.estimate(fixture.cluster, NOW) is None
    assert fixture.load.queries is None
    assert fixture.load.state is not None
    assert fixture.load.state.message == (
        "no Prometheus is configured (--prometheus-url): pods are placed by what they request"
    )  # fmt: skip


def test_a_measurement_counts_fades_and_is_told() -> None:
    fixture = Fixture()
    fixture.step(NOW)
    assert fixture.load.state is None, "nothing is said before the first poll"
    fixture.step(NOW, brought(NOW, 0.5, 0.25))
    assert fixture.estimated(NOW) == [0.5, 0.25]
    assert (fixture.load.state.available, fixture.load.state.message) == (True, "measured of 2 nodes: cpu of 2")
    fixture.step(NOW + 100, failed())
    assert 0 < fixture.estimated(NOW + 100)[0] < 0.5
    state = fixture.load.state
    assert (state.available, state.reason) == (False, "Unreachable")
    assert state.message == (
        "it cannot be reached; pods are placed by what was measured before while that counts, then by what they request"
    )
    fixture.step(NOW + 1000)
    assert fixture.load.estimate(fixture.cluster, NOW + 1000) is None
    assert metrics.LOAD_AGE._value.get() == 1000
    fixture.step(NOW + 1001, brought(NOW + 1001, 0.5, 0.25))
    assert fixture.load.state.available


def test_wrong_figures_are_left_out_and_told() -> None:
    fixture = Fixture()
    before = metrics.LOAD_FAILURES.labels("TooLarge")._value.get()
    fixture.step(NOW, brought(NOW, 57.0, 0.25))
    assert fixture.load.state.available
    assert fixture.load.state.reason == "Partial"
    assert "cpu of node a is 57: it must be a share of the node's capacity, from 0 to 1" in fixture.load.state.message
    assert metrics.LOAD_FAILURES.labels("TooLarge")._value.get() == before + 1
    fixture.step(NOW + 1, brought(NOW + 1, -3.0, float("inf")))
    assert (fixture.load.state.available, fixture.load.state.reason) == (False, "Infinite")
    assert fixture.estimated(NOW + 1)[1] == 0.25, "what was measured before still counts"


def test_only_what_changes_is_told_anew() -> None:
    fixture = Fixture()
    fixture.step(NOW, brought(NOW, 57.0, 0.25))
    first = fixture.load.state
    fixture.step(NOW + 1, brought(NOW + 1, 58.0, 0.25))
    assert fixture.load.state is first, "another wrong figure is no news"
    problem = LoadError("WrongShape", "query disk: gives a scalar")
    fixture.step(NOW + 2, brought(NOW + 2, 0.5, 0.25, problems=(problem,)))
    assert fixture.load.state.message == "measured of 2 nodes: cpu of 2; query disk: gives a scalar"
    fixture.step(NOW + 3, brought(NOW + 3, 0.5))
    assert fixture.load.state.message == "measured of 2 nodes: cpu of 1"


def pod(node: str, started: str, phase: str = "Running") -> wire.Pod:
    name = names.pod_name("g", "u", "t", 0, 1)
    labels = {"bayplan.dev/task": "t", "bayplan.dev/shard": "0", "bayplan.dev/incarnation": "1"}
    owner = {"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "bayplan.dev/v1alpha1", "controller": True}
    raw = {
        "metadata": {
            "name": name, "namespace": "ns", "resourceVersion": "5", "labels": labels, "ownerReferences": [owner]
        },
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"cpu": "4"}}}]},
        "status": {"phase": phase, "startTime": started},
    }  # fmt: skip
    return msgspec.convert(raw, wire.Pod, strict=False)


@pytest.mark.parametrize(
    ("started", "expected"),
    [("2027-01-15T07:59:59Z", 0.2 + 0.5), ("2027-01-15T07:00:00Z", 0.2)],
    ids=["a moment ago", "long ago"],
)
def test_a_restarted_operator_knows_what_was_placed_a_moment_ago(started: str, expected: float) -> None:
    fixture = Fixture()
    fixture.pods.apply(pod("a", started))
    fixture.step(NOW, brought(NOW, 0.2, 0.2))
    assert fixture.estimated(NOW) == [pytest.approx(expected, abs=0.02), 0.2]


def test_what_is_placed_between_two_polls_counts_at_once() -> None:
    fixture = Fixture()
    fixture.step(NOW, brought(NOW, 0.2, 0.2))
    fixture.cluster.occupy("p", "b", {"cpu": 2000})
    fixture.step(NOW + 1)
    assert fixture.estimated(NOW + 1) == [0.2, 0.45]


def test_an_error_in_what_is_worked_out_is_told_and_the_tick_goes_on() -> None:
    fixture = Fixture()
    fixture.step(NOW, brought(NOW, 0.5, 0.25))
    fixture.load._tracker._recent = None
    fixture.step(NOW + 1)
    assert (fixture.load.state.available, fixture.load.state.reason) == (False, "Internal")
    assert fixture.load.estimate(fixture.cluster, NOW + 1) is None
    fixture.step(NOW + 2, brought(NOW + 2, 0.5, 0.25))
    assert fixture.load.state.available
    assert fixture.estimated(NOW + 2) == [0.5, 0.25]


def test_a_file_of_queries_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(QueriesError):
        Load(PrometheusSettings("http://prometheus.example:9090", queries=tmp_path / "none"))


# What policies say


def told(writer: Written, kind: str) -> dict[str, Any] | None:
    conditions = writer.statuses[-1]["conditions"]
    return next((each for each in conditions if each["type"] == kind), None)


GOES_BY_LOAD = [{"scorers": [{"name": "LeastMeasuredLoad"}]}, {"load": {"hot": [{"resource": "cpu", "share": "90%"}]}}]


@pytest.mark.parametrize("spec", GOES_BY_LOAD)
def test_a_policy_that_goes_by_load_says_whether_there_is_any(spec: dict[str, Any]) -> None:
    writer, fixture = Written(), Fixture(None)
    policies = Policies(writer)
    policies.note_load(fixture.load.state, NOW)
    raw = {"metadata": {"name": "p", "uid": "u", "generation": 3, "resourceVersion": "1"}, "spec": spec}
    policies.take(("", "p"), raw, NOW)
    policies.step(tick(0.0, ()))
    condition = told(writer, "LoadAvailable")
    assert condition is not None
    assert (condition["status"], condition["reason"], condition["observedGeneration"]) == ("False", "NotConfigured", 3)
    policies.take(("", "p"), {**raw, "spec": {}, "status": writer.statuses[-1]}, NOW)
    policies.step(tick(0.0, ()))
    assert told(writer, "LoadAvailable") is None, "it does not go by load any more"


def test_the_condition_follows_the_polls_and_is_written_only_when_it_changes() -> None:
    writer, fixture = Written(), Fixture()
    policies = Policies(writer)
    raw = {"metadata": {"name": "p", "uid": "u", "generation": 1, "resourceVersion": "1"}, "spec": {"preset": "LoadAware"}}
    policies.take(("", "p"), raw, NOW)
    for at, outcome in enumerate(
        [brought(NOW, 0.5, 0.5), brought(NOW + 1, 0.6, 0.5), failed(), failed(), brought(NOW + 4, 0.1)]
    ):
        fixture.step(NOW + at, outcome)
        policies.note_load(fixture.load.state, NOW + at)
        policies.step(tick(0.0, ()))
    assert [(told_ := status["conditions"][-1]) and told_["status"] for status in writer.statuses] == ["True", "False", "True"]


def test_a_threshold_on_what_nothing_measures_is_told() -> None:
    writer, fixture = Written(), Fixture()
    policies = Policies(writer)
    hot = [{"resource": "CPU", "share": "90%"}, {"resource": "cpu", "share": "90%"}]
    policies.take(
        ("", "p"), {"metadata": {"name": "p", "uid": "u", "resourceVersion": "1"}, "spec": {"load": {"hot": hot}}}, NOW
    )
    fixture.step(NOW, brought(NOW, 0.5, 0.5))
    policies.note_load(fixture.load.state, NOW)
    policies.step(tick(0.0, ()))
    condition = told(writer, "LoadAvailable")
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("True", "Partial")
    assert condition["message"].endswith("; spec.load.hot names CPU, which nothing measures: no node is hot by that")


def test_a_policy_that_goes_by_requests_says_nothing_of_load() -> None:
    writer, fixture = Written(), Fixture()
    policies = Policies(writer)
    policies.take(("", "p"), {"metadata": {"name": "p", "uid": "u", "resourceVersion": "1"}, "spec": {}}, NOW)
    policies.note_load(fixture.load.state, NOW)
    policies.step(tick(0.0, ()))
    assert [each["type"] for status in writer.statuses for each in status["conditions"]] == ["Accepted"]
