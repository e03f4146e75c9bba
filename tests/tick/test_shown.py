"""What `bayplan show` makes of graphs that gates, conditions and rounds have led through the operator."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.changes import changes
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.kube import wire
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.views.graphs import build
from bayplan_operator.views.graphs.build import Seen
from bayplan_operator.views.model.graph import LiveGraph
from tests.cluster.kube import task
from tests.tick.api.kinds import POD, QUEUE, TASK_GRAPH
from tests.tick.machinery.pods import phase
from tests.tick.seen import label
from tests.tick.test_flow import saying
from tests.tick.test_rounds import env, federated, said
from tests.tick.world import World


def shown(world: World, name: str = "g") -> LiveGraph:
    """As a user sees it who asks now."""
    raw = world.graph(name)
    pods = [msgspec.convert(pod, wire.Pod, strict=False) for pod in world.pods(name)]
    return build.report(Seen(raw, prepare({**raw, "status": {}}), pods, None, world.loop.clock()))


def states(report: LiveGraph) -> dict[str, str]:
    return {each.name: each.state for each in report.tasks}


def reasons(report: LiveGraph) -> dict[str, str]:
    return {each.name: each.skipped for each in report.tasks if each.skipped}


def full(report: LiveGraph) -> str:
    return text.full(report, Screen(200))


def test_what_is_charged_for_all_of_a_graph_is_shown(world: World) -> None:
    rows = {"resource": "cpu", "nominal": 6}, {"resource": "memory", "nodeSelector": {"pool": "none"}, "nominal": "1Gi"}
    world.create_queue("q", *rows)
    world.create("g", task("t", seconds=60), task("u", seconds=60, cpu="2"), queueName="q", admission="Graph")
    world.create("other", task("t", seconds=60), queueName="q")
    world.wait_running("g", count=2)
    world.wait_running("other")
    world.until(lambda: world.status("g").get("charged"))
    assert shown(world).charged.split(", ")[0] == "cpu 3"
    assert "Charged to queue q for all of the graph: cpu 3" in full(shown(world))
    assert shown(world, "other").charged == ""
    assert "Charged" not in full(shown(world, "other"))


def test_an_evicted_attempt_is_shown_as_preempted(world: World) -> None:
    world.create_queue("q")
    world.create("g", task("t", seconds=60), queueName="q")
    world.wait_running("g")
    world.patch(QUEUE, "q", {"spec": {"stopPolicy": "HoldAndDrain"}})
    world.until(lambda: world.status("g").get("evictions"))
    pod = next(item for _, kind, _, item in reversed(world.store.history) if kind == POD and phase(item) == "Failed")
    raw = world.graph("g")
    seen = Seen(raw, prepare({**raw, "status": {}}), [msgspec.convert(pod, wire.Pod, strict=False)], None, world.loop.clock())
    report = build.report(seen)
    assert [each.outcome for each in report.attempts] == ["Preempted"]
    assert "attempt 1 preempted on cpu-large-" in full(report)
    assert "since the stopPolicy of queue q is HoldAndDrain (Preempted)" in full(report)
    assert "0 failures, 0 retries" in full(report)


def test_a_branch_that_is_not_taken_says_why(world: World) -> None:
    world.create(
        "g",
        saying("evaluate", says={"accuracy": 0.93, "note": "fine"}, outputs=["note"]),
        saying("good", "evaluate", when="evaluate.accuracy >= 0.9"),
        saying("bad", "evaluate", when="evaluate.accuracy < 0.9"),
        saying("retrain", "bad"),
        saying("either", "bad", "retrain", gate="Any"),
        saying("publish", "good", "retrain", gate="Any"),
    )
    world.wait_condition("g", "Complete")
    report = shown(world)
    assert states(report) == {
        "evaluate": "Succeeded", "good": "Succeeded", "bad": "Skipped", "retrain": "Skipped", "either": "Skipped",
        "publish": "Succeeded",
    }  # fmt: skip
    assert reasons(report) == {
        "bad": "its condition does not hold: evaluate.accuracy < 0.9",
        "retrain": "a task before it was skipped: bad",
        "either": "no task before it has succeeded",
    }
    lines = full(report).splitlines()
    assert "Succeeded · 6/6 tasks · " in lines[0]
    assert " · 3 skipped " in lines[0]
    assert any(
        line.startswith("bad") and line.endswith("its condition does not hold: evaluate.accuracy < 0.9") for line in lines
    )
    assert "evaluate: note fine, accuracy 0.93" in lines
    assert "retrain: skipped (a task before it was skipped: bad)" in "\n".join(changes(None, report))
    assert report.tasks[0].shards[0].results == {"accuracy": 0.93, "note": "fine"}


def test_while_it_runs_a_task_says_what_it_waits_for(world: World) -> None:
    world.create(
        "g",
        saying("a", seconds=50), saying("b", seconds=50),
        saying("any", "a", "b", gate="Any"), saying("all", "a", "b"),
        saying("best", "a", "b", gate="BestOf", bestBy={"metric": "x"}),
        saying("clean-up", gate="Always"),
    )  # fmt: skip
    world.wait_running("g", count=2)
    world.run(3.0)
    waits = {each.name: each.waiting for each in shown(world).tasks}
    assert waits == {
        "a": "", "b": "",
        "any": "DependencyPending: after one of a, b", "all": "DependencyPending: after a, b",
        "best": "DependencyPending: after a, b", "clean-up": "DependencyPending: after a, b, any and 2 more",
    }  # fmt: skip


def test_of_a_graph_that_has_failed_each_task_says_its_own_reason(world: World) -> None:
    world.create(
        "g",
        saying("evaluate", says={"accuracy": 0.5}),
        saying("branch", "evaluate", when="evaluate.accuracy >= 0.9"),
        saying("leaf", "branch"),
        saying("extra", exit_code=3, optional=True),
        saying("after-extra", "extra"),
        saying("broken", "evaluate", exit_code=1, seconds=3),
        saying("late", "broken"),
        saying("latest", "late"),
        saying("clean-up", gate="Always"),
    )
    world.wait_condition("g", "Failed")
    report = shown(world)
    assert reasons(report) == {
        "branch": "its condition does not hold: evaluate.accuracy >= 0.9",
        "leaf": "a task before it was skipped: branch",
        "after-extra": "a task before it has failed: extra",
        "late": "the graph has failed",
        "latest": "the graph has failed",
    }
    assert states(report)["clean-up"] == "Succeeded"
    assert states(report)["extra"] == "Failed"


def test_a_condition_that_cannot_be_decided_is_told(world: World) -> None:
    world.create(
        "g", saying("a", says={"x": "high"}), saying("b", "a", when="a.x > 1"), saying("extra", exit_code=1, optional=True),
        saying("c", "extra", gate="Always", when="extra.y > 1"),
    )  # fmt: skip
    world.until(lambda: world.condition("g", "Complete") or world.condition("g", "Failed"), "it ends")
    found = reasons(shown(world))
    assert found["b"].startswith("its condition cannot be decided: a.x")
    assert found["c"].startswith("its condition cannot be decided: extra has no result")


def test_rounds_with_figures_and_with_who_was_left_behind(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(
        label(pod, "bayplan.dev/task") == "local"
        and env(pod)["JOB_COMPLETION_INDEX"] == "1"
        and env(pod)["BAYPLAN_ROUND"] == "2"
    )
    federated(world, until="evaluate.accuracy >= 0.8", minimum=2)
    world.patch(TASK_GRAPH, "fl", {"spec": {"retry": {"limit": 0}}})
    world.until(lambda: world.status("fl").get("rounds", {}).get("number") == 3, "the third round is recorded")
    during = shown(world, "fl")
    assert during.rounds
    assert (during.rounds.number, during.rounds.max, during.rounds.over) == (3, 10, "")
    assert [each.without for each in during.rounds.history] == [None, ("local/1",)]
    waits = {each.name: each.waiting for each in during.tasks}
    assert waits["deploy"] == "DependencyPending: after the last round of evaluate"
    world.wait_condition("fl", "Complete")
    after = shown(world, "fl")
    lines = full(after).splitlines()
    begin = lines.index("Rounds")
    assert lines[begin + 1 : begin + 6] == [
        "Over after 3 rounds of at most 10, until evaluate.accuracy >= 0.8: round 3: evaluate.accuracy >= 0.8 holds",
        "ROUND  SUCCEEDED  DURATION  evaluate.accuracy  WITHOUT",
        "1      5/5        5s        0.6",
        "2      4/5        5s        0.7                local/1",
        "3      5/5        5s        0.8",
    ]
    assert "4/4 tasks, round 3/10" in lines[0]
    assert {each.name: each.retries for each in after.tasks} == {"local": 0, "aggregate": 0, "evaluate": 0, "deploy": 0}
    assert (after.bound, after.retries) == (None, 0)
    told = "\n".join(changes(during, after))
    assert "round 3: 5/5 succeeded, 5s, evaluate.accuracy 0.8" in told
    assert "no further round: round 3: evaluate.accuracy >= 0.8 holds" in told
    assert "[4/4 tasks, round 3/10]" in told


def test_a_late_client_is_named_and_its_task_has_succeeded(world: World) -> None:
    world.kubelets.seconds = lambda pod: (
        "500" if env(pod).get("JOB_COMPLETION_INDEX") == "2" and label(pod, "bayplan.dev/task") == "local" else "2"
    )
    federated(world, max=1, minimum=2, timeout="30s")
    world.until(lambda: world.condition("fl", "Complete", "True"), "the round goes on", patience=100)
    report = shown(world, "fl")
    assert report.rounds
    assert report.rounds.without == ("local/2",)
    local = report.tasks[0]
    assert (text.state_words(local), bool(local.skipped)) == ("Succeeded 2/3", False)


def test_who_was_not_drawn_is_named_and_is_no_retry(world: World) -> None:
    federated(world, shards=6, max=3, sample={"clients": 2, "floor": "0.1"})
    world.wait_condition("fl", "Complete")
    report = shown(world, "fl")
    assert report.rounds
    assert (len(report.rounds.without), len(report.rounds.history[1].without or ())) == (4, 4)
    assert [(each.succeeded, each.taking_part) for each in report.rounds.history] == [(4, 4)] * 3
    assert text.state_words(report.tasks[0]) == "Succeeded 2/6"
    assert report.retries == 0


def test_what_the_terms_of_a_joint_loss_count_is_told(world: World) -> None:
    world.kubelets.message = lambda pod: json.dumps({"loss": 0.9 if label(pod, "bayplan.dev/task") == "intent" else 0.1})
    terms = [{"name": name, "loss": f"{name}.loss"} for name in ("intent", "response")]
    world.create(
        "g", task("intent"), task("response", "intent"),
        rounds={"tasks": ["intent", "response"], "max": 3, "joint": {"terms": terms, "bound": "0.5", "otherwise": "Reweigh"}},
    )  # fmt: skip
    world.until(lambda: world.status("g").get("rounds", {}).get("number") == 2, "the second round is recorded")
    report = shown(world)
    assert report.rounds
    assert report.rounds.joint["intent"] > 1 > report.rounds.joint["response"]
    assert any(line.startswith("Weights of the joint loss: intent 1.") for line in full(report).splitlines())


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_for_programs(world: World, form: str) -> None:
    world.kubelets.message = said
    federated(world, max=2)
    world.wait_condition("fl", "Complete")
    found: Any = msgspec.json.decode(msgspec.json.encode(shown(world, "fl")))
    if form == "yaml":
        found = msgspec.yaml.decode(msgspec.yaml.encode(shown(world, "fl")))
    assert found["rounds"]["history"][1] == {
        "number": 2, "succeeded": 5, "takingPart": 5, "seconds": 5.0, "figure": None, "without": [],
    }  # fmt: skip
    assert found["rounds"]["over"] == "round 2 is the last"
    assert found["tasks"][0]["shards"][1]["results"] == {"samples": 101}
    assert found["tasks"][0]["rounds"] == 2


def test_of_a_plain_graph_nothing_is_added(world: World) -> None:
    world.create("g", task("a"), task("b", "a", shards=2))
    world.wait_condition("g", "Complete")
    found = json.loads(msgspec.json.encode(shown(world)))
    assert "rounds" not in found
    assert not {"skipped", "rounds"} & found["tasks"][0].keys()
    assert "results" not in found["tasks"][0]["shards"][0]
