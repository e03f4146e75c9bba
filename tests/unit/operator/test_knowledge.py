"""What is learned from runs: each counts once, survives the operator bit by bit, and is bounded in size and writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bayplan.knowledge.run_times import RunTime, TaskRun, Unknown, expectations
from bayplan.lifecycle import UnitState
from bayplan.model.workload import Request, RequestClass
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.knowledge import expectations as renewals
from tests.unit.operator.knowing import NOW, Fixture, Object, edited, run
from tests.unit.operator.timing import tick


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "PAUSE", 0.0)
    monkeypatch.setattr(renewals, "_PAUSES", 0.0)


def test_with_no_data_it_says_so() -> None:
    fixture = Fixture()
    graph = fixture.graph("g", {"name": "a"}, {"name": "b", "expectedDuration": "5m"}, profile="f")
    assert graph.running is not None
    assert graph.running.foreseen.seconds is not None
    assert isinstance(fixture.knowledge.run_times.predict(fixture.knowledge.run(graph, 0)), Unknown)
    assert np.isnan(graph.running.foreseen.seconds[0])
    assert graph.running.foreseen.seconds[1] == 300.0
    asked = [Request(unit, RequestClass((("cpu", 1),)), graph=graph.ref.uid, unit=unit) for unit in (0, 1)]
    assert np.isnan(fixture.knowledge.forecast.log_expected(asked, NOW)).tolist() == [True, False]


def test_what_was_learned_replaces_the_hint() -> None:
    fixture = Fixture()
    hinted = {"name": "a", "expectedDuration": "10m"}
    first, second = (fixture.graph(name, hinted, {"name": "b", "dependsOn": [{"task": "a"}]}, profile="f") for name in "gh")
    assert second.running is not None
    assert second.running.foreseen.critical_path[0] == 660.0
    for _ in range(5):
        fixture.end(first, 20.0)
        fixture.pass_time(0.25)
    assert second.running.foreseen.seconds is not None
    assert second.running.foreseen.seconds[0] == pytest.approx(20.0, rel=0.3)
    assert second.running.foreseen.critical_path[0] == pytest.approx(
        second.running.foreseen.seconds[0] + second.running.foreseen.seconds[1]
    )
    assert second.running.foreseen.seconds[1] == pytest.approx(20.0, rel=1.0), (
        "a new task of a known family is expected like it"
    )


def test_a_graph_that_changes_its_family_is_expected_like_the_other() -> None:
    fixture = Fixture()
    fixture.end(fixture.graph("g", profile="f"), 20.0)
    fixture.pass_time(3)
    other = fixture.graph("h", profile="elsewhere")
    assert other.running is not None
    fixture.pass_time(1)
    assert other.running.foreseen.seconds is not None
    assert np.isnan(other.running.foreseen.seconds[0])
    tasks = [{"name": "a", "template": {"spec": {"containers": [{"name": "main", "image": "i"}]}}}]
    raw = {
        "metadata": {"namespace": "ns", "name": "h", "uid": "h", "generation": 7, "resourceVersion": "9"},
        "spec": {"tasks": tasks, "profile": "f"},
    }
    intake.refresh(other, raw, fixture.now, intake.IntakeTerms())
    fixture.pass_time(0.25)
    assert other.running.foreseen.seconds[0] == pytest.approx(20.0, rel=0.5)


@pytest.mark.parametrize(
    ("metadata", "spec", "family"),
    [
        ({}, {"profile": "mine"}, "ns/mine"),
        ({"generateName": "train-"}, {}, "ns/train"),
        ({"generateName": "train-"}, {"profile": "mine"}, "ns/mine"),
        ({}, {}, "ns/g"),
    ],
)
def test_what_a_task_is_across_graphs(metadata: Object, spec: Object, family: str) -> None:
    tasks = ({"name": "a"}, {"name": "b", "profile": "same", "inputSize": "2Ki"})
    graph = Fixture().graph("g", *tasks, metadata=metadata, **spec)
    assert graph.running is not None
    assert graph.running.prepared.runs == (TaskRun("a", family), TaskRun("same", family, size=2048.0))


def test_an_operator_started_anew_predicts_the_same_to_the_last_bit() -> None:
    fixture = Fixture()
    rng = np.random.default_rng(4)
    sizes = ["1Gi", "3Gi", "700Mi"]
    for number in range(12):
        tasks = [{"name": name, "inputSize": sizes[number % 3]} if name == "b" else {"name": name} for name in "abc"]
        graph = fixture.graph(f"g{number}", *tasks, profile="f")
        for unit in range(3):
            fixture.end(graph, float(rng.lognormal(3 + unit)), unit, node="nm"[number % 2], succeeded=number % 5 != 4)
        fixture.pass_time(7)
    fixture.pass_time(20)
    anew = Fixture(fixture.server)
    assert anew.knowledge.run_times.as_plain()["tasks"][0]["nodeClasses"]
    for task in "abc":
        for node_class in ("slow", "fast", "unheard-of", ""):
            asked = TaskRun(task, "ns/f", node_class, size=1e9)
            before, after = (each.knowledge.run_times.predict(asked) for each in (fixture, anew))
            assert isinstance(before, RunTime)
            assert isinstance(after, RunTime)
            assert (before.locations == after.locations).all()
            assert (before.scales == after.scales).all()
            assert before.quantile(0.95) == after.quantile(0.95)
    for each in (fixture, anew):
        each.graph("last", profile="f")
        each.pass_time(1)
    assert anew.graphs[-1].running is not None
    assert fixture.graphs[-1].running is not None
    assert (anew.graphs[-1].running.foreseen.seconds == fixture.graphs[-1].running.foreseen.seconds).all()
    writes = fixture.server.writes
    anew.pass_time(30)
    assert fixture.server.writes == writes, "nothing was learned, so nothing is written"


def test_a_run_that_a_profile_does_not_know_yet_is_counted_by_the_next_operator_and_only_once() -> None:
    fixture = Fixture()
    fixture.end(fixture.graph("known", profile="f"), 5.0)
    fixture.pass_time(10)
    fixture.end(fixture.graph("lost", profile="f"), 7.0)  # and killed before it is written
    assert fixture.profile()["status"]["runs"] == 1
    at = f"{fixture.now - NOW - 7:.2f}".rstrip("0").rstrip(".")
    records = {"known": "a Succeeded 1/0 n 0+5", "lost": f"a Succeeded 1/0 n {at}+7"}
    counts = []
    for _ in range(3):
        anew = Fixture(fixture.server)
        anew.now = fixture.now + 60
        for name, line in records.items():
            anew.graph(name, lines=(line,), profile="f")
        anew.pass_time(10)
        counts.append(fixture.profile()["status"]["runs"])
    assert counts == [2, 2, 2]


def test_what_graphs_that_have_ended_say_is_counted_where_it_was_not() -> None:
    fixture = Fixture()
    over = {"conditions": [{"type": "Complete", "status": "True"}], "completionTime": "2027-01-15T08:00:30Z"}
    old = {**over, "completionTime": "2027-01-15T06:00:00Z"}
    whole = {"name": "b", "shards": "Auto", "autoShards": {"max": 9}, "expectedDuration": "30s"}
    for _ in range(2):
        fixture = Fixture(fixture.server)
        fixture.now += 60
        fixture.graph("one", lines=("a Succeeded 1/0 n 3+12",), status=over, profile="f")
        line = "b " + " | ".join(["Succeeded 1/0 m 3+4"] * 3)
        fixture.graph("split", whole, lines=(line,), status={**over, "shards": ["b=3"]}, profile="f")
        fixture.graph("old", {"name": "c"}, lines=("c Succeeded 1/0 n -9000+12",), status=old, profile="f")
        fixture.pass_time(10)
    assert {each["spec"]["task"]: each["status"]["runs"] for each in fixture.server.profiles.values()} == {"a": 1, "b": 3}
    assert float(fixture.profile("b")["status"]["nodeClasses"][0]["sums"]["sized"]) > 2


def test_failures_count_once_and_tell_no_run_time() -> None:
    fixture = Fixture()
    graph = fixture.graph("g", profile="f")
    fixture.end(graph, 3.0, succeeded=False)
    fixture.pass_time(0.25)
    fixture.end(graph, 4.0)
    fixture.pass_time(8)
    status = fixture.profile()["status"]
    assert (status["runs"], status["failures"], status["successRate"]) == (1, 1, "0.5")
    assert float(status["nodeClasses"][0]["sums"]["runs"]) == 1.0


def test_attempts_that_were_lost_say_nothing() -> None:
    fixture = Fixture()
    graph = fixture.graph("g", profile="f")
    assert graph.running is not None
    before, after = graph.running.run, graph.running.run.copy()
    after.incarnation[0] = after.settled[0] = 1
    after.node[0], after.finished[0], after.state[0] = "n", fixture.now, UnitState.READY
    graph.running.run = after
    fixture.knowledge.advanced(graph, before, fixture.now)
    fixture.pass_time(5)
    assert fixture.server.profiles == {}


def test_old_runs_are_forgotten_by_name_and_still_counted() -> None:
    fixture = Fixture()
    graph = fixture.graph("g", {"name": "a", "shards": 300}, profile="f")
    for unit in range(300):
        fixture.now += 0.01
        fixture.end(graph, 2.0, unit)
    fixture.pass_time(8)
    status = fixture.profile()["status"]
    assert status["runs"] == 300
    assert len(status["counted"]) == 256
    assert len(json.dumps(status)) < 9000
    anew = Fixture(fixture.server)
    lines = " | ".join(f"Succeeded 1/0 n {0.01 * (unit + 1) - 2:.2f}+2" for unit in range(300))
    anew.graph("g", {"name": "a", "shards": 300}, lines=(f"a {lines}",), profile="f")
    anew.pass_time(8)
    assert fixture.profile()["status"]["runs"] == 300


def test_the_oldest_profiles_are_dropped() -> None:
    fixture = Fixture(profiles=3)
    for number in range(5):
        fixture.end(fixture.graph(f"g{number}", {"name": f"t{number}"}, profile="f"), 2.0)
        fixture.pass_time(3)
    fixture.pass_time(10)
    assert {each["spec"]["task"] for each in fixture.server.profiles.values()} == {"t2", "t3", "t4"}
    assert isinstance(Fixture(fixture.server).knowledge.run_times.predict(run("t4")), RunTime)
    known = fixture.knowledge.run_times.as_plain()
    assert [each["task"] for each in known["tasks"]] == ["t2", "t3", "t4"]
    assert known["merged"] == []


def test_writes_are_bounded() -> None:
    fixture = Fixture(profile_interval=5.0, profile_writes=2.0)
    many = fixture.graph("many", *({"name": f"t{n}"} for n in range(30)), profile="f")
    for unit in range(30):
        fixture.end(many, 2.0, unit)
    fixture.pass_time(10)
    assert 15 <= fixture.server.writes <= 23
    fixture.pass_time(10)
    assert len(fixture.server.profiles) == 30
    before = fixture.server.writes
    busy = fixture.graph("busy", {"name": "t0", "shards": 40}, profile="f")
    for unit in range(40):
        fixture.end(busy, 2.0, unit)
        fixture.pass_time(0.5)
    fixture.pass_time(6)
    assert fixture.server.writes - before <= 20 / 5 + 2
    assert fixture.profile("t0")["status"]["runs"] == 41


def test_a_deleted_profile_is_forgotten() -> None:
    fixture = Fixture()
    fixture.end(fixture.graph("g", profile="f"), 5.0)
    fixture.pass_time(10)
    key = ("ns", fixture.profile()["metadata"]["name"])
    del fixture.server.profiles[key]
    fixture.knowledge.take([(key, None)], fixture.now)
    fixture.pass_time(10)
    assert fixture.server.profiles == {}
    assert isinstance(fixture.knowledge.run_times.predict(run()), Unknown)
    assert fixture.knowledge.efficiency is None
    fixture.end(fixture.graph("h", profile="f"), 9.0)
    fixture.pass_time(3)
    status = fixture.profile()["status"]
    figures = {each["name"]: each for each in status["nodeClasses"][0]["figures"]}
    assert (status["runs"], figures["run"]["count"]) == (1, 1)


def test_where_a_task_achieves_most_is_learned_from_what_it_reports() -> None:
    fixture = Fixture()
    for number, (node, seconds) in enumerate((("n", 10.0), ("m", 5.0), ("n", 10.0))):
        fixture.end(fixture.graph(f"g{number}", profile="f"), seconds, node=node)
        fixture.pass_time(7)
    found = fixture.knowledge.efficiency
    assert found is not None
    assert found.of("ns/f/a", "slow") == pytest.approx(360.0)
    assert found.of("ns/f/a", "fast") == pytest.approx(720.0)
    # A metric that nobody reports: where the task achieves most is not known.
    raw = edited(fixture.profile())
    raw["spec"] = {**raw["spec"], "metric": "accuracy"}
    fixture.knowledge.take([(("ns", raw["metadata"]["name"]), raw)], fixture.now)
    fixture.pass_time(5)
    assert fixture.knowledge.efficiency is None


def test_nodes_are_looked_at_again_although_nothing_happens() -> None:
    fixture = Fixture()
    fixture.knowledge.step(tick(NOW, ()))
    assert fixture.knowledge.next_time(NOW) is None
    fixture.knowledge.step(tick(NOW + 0.5, ()))
    assert fixture.knowledge.next_time(NOW + 0.5) == NOW + 1.0, "too soon after the last look to see what a node did since"
