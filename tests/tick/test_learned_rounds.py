"""How many rounds graphs took is learned, once of each, and the next graph is expected to take as many."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.seen import label
from tests.tick.test_rounds import env
from tests.tick.world import World

UNTIL = "evaluate.accuracy >= 0.8"


def said(pod: Object) -> str:
    """0.6 in the first round, and 0.1 more in each."""
    return json.dumps({"accuracy": 0.5 + 0.1 * int(env(pod).get("BAYPLAN_ROUND", "0"))})


def training(world: World, name: str, *, seconds: float = 2.0, most: int = 30, **rounds: Any) -> None:
    world.kubelets.message = said
    tasks = [task("local", seconds=seconds, shards=2), task("evaluate", "local", seconds=1), task("deploy", "evaluate")]
    plan = {"tasks": ["evaluate", "local"], "max": most, **rounds}
    world.create(name, *tasks, profile="training", rounds=plan)


def rounds_of(world: World, name: str = "training/local") -> list[str] | None:
    found: list[str] | None = world.profiles().get(name, {}).get("status", {}).get("rounds")
    return found


def learned(world: World, *counts: str) -> None:
    world.until(lambda: rounds_of(world) == list(counts), f"{counts} in the profile", patience=60)


def round_begins(world: World, name: str, number: int) -> None:
    world.until(lambda: world.status(name).get("rounds", {}).get("number") == number, f"round {number}", patience=1000)


def left(world: World, name: str) -> float:
    """Seconds until the end that the status expects."""
    return world.seconds(world.status(name)["estimatedCompletion"]) - world.loop.passed


def remaining(world: World, name: str) -> float:
    """Seconds that the status expects from the graph's creation on."""
    status = world.until(lambda: world.status(name).get("estimatedCompletion") and world.status(name), "an estimate")
    return world.seconds(status["estimatedCompletion"]) - world.seconds(world.graph(name)["metadata"]["creationTimestamp"])


def test_the_next_graph_is_expected_to_take_as_many_rounds(world: World) -> None:
    training(world, "first", until=UNTIL)
    world.wait_condition("first", "Complete")
    assert world.status("first")["rounds"]["reason"] == "ConditionHolds"
    learned(world, "3")
    assert not rounds_of(world, "training/evaluate"), "one task keeps it"
    took = world.seconds(world.status("first")["completionTime"])
    training(world, "second", until=UNTIL)
    assert remaining(world, "second") < 3 * took, "30 rounds would take ten times as long"
    assert world.status("second")["estimateBasis"].endswith("; rounds as learned: 3 in 1 graph")
    world.wait_condition("second", "Complete")
    learned(world, "3", "3")


def test_a_graph_that_goes_on_beyond_what_was_learned_never_expects_an_end_that_is_past(world: World) -> None:
    training(world, "first", until="evaluate.accuracy >= 0.7", seconds=200.0)
    world.wait_condition("first", "Complete")
    learned(world, "2")
    training(world, "second", until="evaluate.accuracy >= 1.3", seconds=200.0)
    for number in (3, 4, 5):
        round_begins(world, "second", number)
        world.until(lambda: left(world, "second") >= 100, "the rest of the round is expected, at least", patience=100)


def test_rounds_that_end_by_their_maximum_are_at_least_so_many(world: World) -> None:
    training(world, "first", until="evaluate.accuracy >= 2", most=2)
    world.wait_condition("first", "Complete")
    assert world.status("first")["rounds"]["reason"] == "Maximum"
    learned(world, "2+")
    training(world, "second", until=UNTIL)
    world.until(lambda: world.status("second").get("estimateBasis"), "an estimate")
    assert world.status("second")["estimateBasis"].endswith("if all 30 rounds are run")


def test_rounds_without_progress_are_learned(world: World) -> None:
    training(world, "first", metric="evaluate.accuracy", goal="Minimize", patience=2)
    world.wait_condition("first", "Complete")
    assert world.status("first")["rounds"]["reason"] == "NoProgress"
    learned(world, "3")


def test_rounds_that_nothing_may_end_early_teach_nothing(world: World) -> None:
    training(world, "first", most=2)
    world.wait_condition("first", "Complete")
    world.run(10)
    assert rounds_of(world) == []


def test_rounds_that_fail_teach_nothing(world: World) -> None:
    training(world, "first", until="evaluate.missing >= 0.8")
    world.wait_condition("first", "Failed")
    assert "reason" not in world.status("first")["rounds"]
    world.run(10)
    assert rounds_of(world) == []


def test_a_graph_that_is_deleted_between_its_rounds_teaches_nothing(world: World) -> None:
    training(world, "first", until=UNTIL)
    round_begins(world, "first", 2)
    world.delete(TASK_GRAPH, "first")
    world.until(lambda: not world.pods("first"), "it is gone")
    world.run(10)
    assert rounds_of(world) == []


@pytest.mark.parametrize("moment", [round(8.6 + 0.3 * step, 2) for step in range(12)])
def test_an_operator_that_is_killed_at_any_instant_counts_them_once(world: World, moment: float) -> None:
    training(world, "first", until=UNTIL)
    world.run(moment)
    world.operator.restart()
    world.wait_condition("first", "Complete")
    learned(world, "3")
    world.run(10)
    world.operator.restart()
    world.run(10)
    assert rounds_of(world) == ["3"]


def test_an_operator_that_is_killed_before_the_profile_is_written_leaves_it_to_its_successor(world: World) -> None:
    training(world, "first", until=UNTIL)
    world.until(lambda: world.status("first").get("rounds", {}).get("over"), "the rounds are over")
    assert not rounds_of(world)
    world.operator.restart()
    learned(world, "3")
    world.wait_condition("first", "Complete")
    world.run(10)
    assert rounds_of(world) == ["3"]


def test_the_seconds_that_pods_take_to_start_count_in_every_round(world: World) -> None:
    world.kubelets.delay = 3.0
    training(world, "first", most=10)
    world.until(lambda: world.condition("first", "Complete", "True"), "it has ended", patience=300)
    world.run(10)
    training(world, "second", most=10)
    expected = remaining(world, "second")
    world.until(lambda: world.condition("second", "Complete", "True"), "it has ended", patience=300)
    status = world.status("second")
    took = world.seconds(status["completionTime"]) - world.seconds(status["startTime"])
    assert took > 10 * (2 + 1 + 2 * 3), "most of a round is starting"
    assert expected == pytest.approx(took, rel=0.1)


def test_the_expected_end_counts_rounds_that_go_on_without_late_shards(world: World) -> None:
    def seconds(pod: Object) -> str:
        late = label(pod, "bayplan.dev/task") == "local" and env(pod)["JOB_COMPLETION_INDEX"] == "1"
        return "100" if late else "10"

    world.kubelets.seconds = seconds
    training(world, "first", most=4)
    world.until(lambda: world.condition("first", "Complete", "True"), "it has ended", patience=1000)
    world.run(10)
    training(world, "patient", most=4)
    training(world, "hasty", most=4, minimum=1, timeout="15s")
    assert remaining(world, "hasty") < 0.7 * remaining(world, "patient")
    world.until(lambda: world.condition("hasty", "Complete", "True"), "it has ended", patience=200)
