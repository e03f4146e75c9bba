"""Backups: the same work at two places, of which the first to finish counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.seen import label
from tests.tick.world import World


def env(pod: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0].get("env", ())}


def backed_up(world: World, *, shards: int = 1, mounted: bool = False, **backups: Any) -> None:
    pod: Object = {}
    if mounted:
        mounts = [{"name": "workspace", "mountPath": "/w"}]
        pod = {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "none", "volumeMounts": mounts}]}
    world.create("g", task("work", seconds=10, shards=shards, backups=backups, pod=pod), task("after", "work", pod=pod))


def of(world: World, name: str) -> list[Object]:
    return [pod for pod in world.created("g") if label(pod, "bayplan.dev/task") == name]


def asked(pod: Object) -> str:
    """The node that it was made for."""
    return str(pod["metadata"]["annotations"]["bayplan.dev/node"])


def slow_first(pod: Object) -> str:
    return "1000" if label(pod, "bayplan.dev/task") == "work" else "10"


def test_the_first_to_finish_counts_and_the_other_is_stopped(world: World) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world, mounted=True)
    world.wait_condition("g", "Complete")
    (one,), (other,), (after,) = of(world, "work"), of(world, "work.backup-1"), of(world, "after")
    assert world.seconds(world.status("g")["completionTime"]) < 60
    assert env(one)["BAYPLAN_OUTPUT"].endswith("/work/0/0/1")
    assert env(other)["BAYPLAN_OUTPUT"].endswith("/work/0/0/10001")
    assert (env(other)["BAYPLAN_TASK"], env(other)["JOB_COMPLETION_INDEX"]) == ("work", "0")
    assert json.loads(env(after)["BAYPLAN_INPUTS"]) == {"work": {"round": 0, "attempts": [10001]}}
    world.until(lambda: not world.running("g"), "the other is stopped")


def test_the_two_are_on_different_nodes(world: World) -> None:
    backed_up(world, shards=3)
    world.wait_condition("g", "Complete")
    for shard in "012":
        both = [*of(world, "work"), *of(world, "work.backup-1")]
        nodes = {asked(pod) for pod in both if label(pod, "bayplan.dev/shard") == shard}
        assert len(nodes) == 2


def test_a_backup_comes_once_a_pod_runs_for_long(world: World) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world, after="30s")
    world.wait_running("g")
    world.run(25)
    assert not of(world, "work.backup-1")
    world.wait_condition("g", "Complete")
    assert 40 <= world.seconds(world.status("g")["completionTime"]) <= 50


def test_what_ends_in_time_gets_no_backup(world: World) -> None:
    backed_up(world, after="30s")
    world.wait_condition("g", "Complete")
    assert not of(world, "work.backup-1")


def test_the_budget_bounds_how_many_there_are_at_once(world: World) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world, shards=4, budget="50%")
    world.wait_running("g", count=6)
    world.run(5)
    assert len(of(world, "work.backup-1")) == 2
    world.wait_condition("g", "Complete")
    assert len(of(world, "work.backup-1")) == 4


@pytest.mark.parametrize("which", ["work", "work.backup-1"])
def test_one_that_fails_for_good_leaves_it_to_the_other(world: World, which: str) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == which)
    world.kubelets.seconds = lambda pod: "2" if label(pod, "bayplan.dev/task") == which else "10"
    world.create("g", task("work", backups={"count": 1}), task("after", "work"), retry={"limit": 0})
    world.wait_condition("g", "Complete")


def test_the_graph_fails_once_all_have_failed(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int("work" in label(pod, "bayplan.dev/task"))
    world.create("g", task("work", backups={"count": 2}), task("after", "work"), retry={"limit": 0})
    assert "work" in world.wait_condition("g", "Failed")["message"]
    assert len(world.created("g")) <= 3


@pytest.mark.parametrize("moment", [0.0, 1.0, 5.0, 9.9, 10.0, 10.05, 10.2, 11.0])
def test_an_operator_that_is_killed_hands_on_the_same_attempt(world: World, moment: float) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world, mounted=True)
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    (after,) = of(world, "after")
    assert json.loads(env(after)["BAYPLAN_INPUTS"]) == {"work": {"round": 0, "attempts": [10001]}}
    assert max(world.made().values()) == 1


def test_runs_of_backups_are_learned_as_those_of_the_task(world: World) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world)
    world.wait_condition("g", "Complete")
    world.run(120)
    assert set(world.profiles()) == {"g/work", "g/after"}
    assert world.profiles()["g/work"]["status"]["runs"] == 1


def test_a_pod_is_late_by_what_other_graphs_teach_though_nothing_happens_to_its_own(world: World) -> None:
    world.kubelets.seconds = slow_first
    backed_up(world, after="p95")
    world.wait_running("g")
    world.run(30)
    assert not of(world, "work.backup-1"), "nothing is known yet"
    world.kubelets.seconds = lambda pod: "10"
    for number in range(3):
        world.create(f"g{number}", task("work", seconds=10), profile="g")
    world.until(lambda: of(world, "work.backup-1"), "it has a backup", patience=30)


def test_p95_is_what_was_learned_of_the_task(world: World) -> None:
    for number in range(6):
        world.create(f"g{number}", task("work", seconds=10), profile="g")
        world.wait_condition(f"g{number}", "Complete")
    world.run(120)
    world.kubelets.seconds = slow_first
    backed_up(world, after="p95")
    world.patch(TASK_GRAPH, "g", {"spec": {"profile": "g"}})
    world.wait_running("g")
    world.run(9)
    assert not of(world, "work.backup-1")
    world.until(lambda: of(world, "work.backup-1"), "it has a backup", patience=60)
    world.wait_condition("g", "Complete")


def saying(**results: Any) -> Object:
    return {"annotations": {"sim.bayplan.dev/message": json.dumps(results)}}


@pytest.mark.parametrize("first", ["work", "work.backup-1"])
@pytest.mark.parametrize("moment", [0.0, 10.0, 10.05, 10.2, 11.0])
def test_what_the_first_says_is_what_the_task_has_said(world: World, first: str, moment: float) -> None:
    world.kubelets.seconds = lambda pod: "10" if label(pod, "bayplan.dev/task") in (first, "after", "told") else "1000"
    world.create(
        "g",
        task("work", backups={"count": 1}, **saying(loss=0.5)),
        task("after", "work", when="work.loss < 1"),
        task("told", "work", args=["$(tasks.work.outputs.loss)"]),
    )
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert world.status("g")["results"] == ['work {"loss":0.5}'], "once, whoever said it"
    assert len(of(world, "after")) == 1
    assert of(world, "told")[0]["spec"]["containers"][0]["args"] == ["0.5"]


def test_a_backup_that_does_not_say_what_is_needed_has_failed(world: World) -> None:
    world.kubelets.seconds = slow_first
    world.kubelets.message = lambda pod: "{}" if label(pod, "bayplan.dev/task") == "work.backup-1" else '{"loss": 0.5}'
    world.create("g", task("work", backups={"count": 1}), task("after", "work", when="work.loss < 1"), retry={"limit": 0})
    world.until(lambda: "Failed" in world.lines("g").get("work.backup-1", ""), "the backup has failed")
    assert world.lines("g")["work"].startswith("Running")


def fails(*names: str) -> Any:
    return lambda pod: int(label(pod, "bayplan.dev/task") in names)


@pytest.mark.parametrize("after", ["1h", "p95"])
def test_what_has_failed_for_good_gets_its_backup_at_once(world: World, after: str) -> None:
    """Before it would be late, and before anything is learned."""
    world.kubelets.exit_code = fails("work")
    world.create("g", task("work", seconds=2, backups={"after": after}), task("after", "work"), retry={"limit": 1})
    world.wait_condition("g", "Complete")
    assert [len(of(world, name)) for name in ("work", "work.backup-1", "after")] == [2, 1, 1], "after its retries"
    assert world.seconds(world.status("g")["completionTime"]) < 15


def test_what_has_failed_for_good_waits_for_the_budget(world: World) -> None:
    world.kubelets.exit_code = fails("work")
    world.create("g", task("work", seconds=5, shards=4, backups={"after": "1h", "budget": "25%"}), retry={"limit": 0})
    world.until(lambda: of(world, "work.backup-1"), "the first begins")
    world.run(2)
    assert len(of(world, "work.backup-1")) == 1
    world.wait_condition("g", "Complete")
    assert len(of(world, "work.backup-1")) == 4


def test_the_budget_goes_to_what_has_failed_before_what_is_late(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/shard") == "2" and fails("work")(pod))
    world.kubelets.seconds = lambda pod: {"0": "100", "1": "12"}.get(label(pod, "bayplan.dev/shard"), "10")
    world.create("g", task("work", shards=3, backups={"after": "10s", "budget": "10%"}), retry={"limit": 0})
    world.wait_condition("g", "Complete")
    assert label(of(world, "work.backup-1")[0], "bayplan.dev/shard") == "2"


def test_a_graph_fails_once_a_backup_of_what_has_failed_has_failed_too(world: World) -> None:
    world.kubelets.exit_code = fails("work", "work.backup-1")
    world.create("g", task("work", seconds=2, backups={"after": "1h"}), task("after", "work"), retry={"limit": 0})
    assert "task work.backup-1 failed" in world.wait_condition("g", "Failed")["message"]


@pytest.mark.parametrize("moment", [2.0, 2.02, 2.05, 2.1, 2.5, 3.0, 4.1])
def test_an_operator_that_is_killed_as_a_pod_fails_goes_on_with_its_backup(world: World, moment: float) -> None:
    world.kubelets.exit_code = fails("work")
    world.create("g", task("work", seconds=2, backups={"after": "1h"}), task("after", "work"), retry={"limit": 0})
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert max(world.made().values()) == 1


def test_a_round_waits_no_longer_for_the_backup_of_what_has_failed(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/shard") == "2" and fails("work")(pod))
    world.kubelets.seconds = lambda pod: "1000" if label(pod, "bayplan.dev/task") == "work.backup-1" else "2"
    rounds = {"tasks": ["work", "join"], "max": 2, "minimum": 2, "timeout": "20s"}
    tasks = [task("work", shards=3, backups={"after": "1h"}), task("join", "work")]
    world.create("g", *tasks, rounds=rounds, retry={"limit": 0})
    world.until(lambda: world.condition("g", "Complete", "True"), "rounds go on", patience=100)
    assert [line.split()[1] for line in world.status("g")["rounds"]["history"]] == ["3/5", "3/5"]
    world.until(lambda: not world.running("g"), "what was left behind is stopped", patience=60)
