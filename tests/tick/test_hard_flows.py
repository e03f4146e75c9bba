"""Backups, gangs and rounds together, and what happens to them at the worst of times."""

from __future__ import annotations

import json

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import POD, SERVICE, TASK_GRAPH
from tests.tick.machinery.pods import deleting
from tests.tick.seen import NAMESPACE, label
from tests.tick.world import World


def env(pod: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0].get("env", ())}


def of(world: World, name: str) -> list[Object]:
    return [pod for pod in world.created("g") if label(pod, "bayplan.dev/task") == name]


def shards(pods: list[Object]) -> list[str]:
    return [label(pod, "bayplan.dev/shard") for pod in pods]


def history(world: World) -> list[str]:
    return [" ".join(line.split()[:2]) for line in world.status("g")["rounds"]["history"]]


MOUNTED: Object = {
    "volumes": [{"name": "workspace", "emptyDir": {}}],
    "containers": [{"image": "none", "volumeMounts": [{"name": "workspace", "mountPath": "/w"}]}],
}


# Backups


def test_what_follows_a_task_starts_though_the_task_itself_has_failed_for_good_before_its_backup_ends(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == "work")
    world.kubelets.seconds = lambda pod: "2" if label(pod, "bayplan.dev/task") == "work" else "10"
    world.create("g", task("work", backups={"count": 1}), task("after", "work"), retry={"limit": 0})
    world.wait_condition("g", "Complete")
    assert len(of(world, "after")) == 1
    assert world.lines("g")["after"].startswith("Succeeded")


def test_the_folder_of_a_backup_is_handed_on_long_after_it_has_won(world: World) -> None:
    world.kubelets.seconds = lambda pod: {"work": "1000", "other": "30"}.get(label(pod, "bayplan.dev/task"), "5")
    world.create("g", task("work", backups={"count": 1}), task("other"), task("after", "work", "other", pod=MOUNTED))
    world.wait_condition("g", "Complete")
    (after,) = of(world, "after")
    assert json.loads(env(after)["BAYPLAN_INPUTS"])["work"] == {"round": 0, "attempts": [10001]}


def test_a_late_shard_and_its_backup_are_left_behind_together(world: World) -> None:
    def takes(pod: Object) -> str:
        return "1000" if label(pod, "bayplan.dev/shard") == "2" and "local" in label(pod, "bayplan.dev/task") else "2"

    world.kubelets.seconds = takes
    rounds = {"tasks": ["local", "join"], "max": 2, "minimum": 2, "timeout": "20s"}
    world.create("g", task("local", shards=3, backups={"count": 1}), task("join", "local"), rounds=rounds)
    world.until(lambda: world.condition("g", "Complete", "True"), "rounds go on", patience=150)
    assert len(of(world, "join")) == 2
    world.until(lambda: not world.running("g"), "what was left behind is stopped", patience=60)


def test_the_failure_of_a_graph_and_the_success_of_a_backup_at_once(world: World) -> None:
    world.kubelets.seconds = lambda pod: "1000" if label(pod, "bayplan.dev/task") == "work" else "5"
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == "bad")
    world.create("g", task("work", backups={"count": 1}), task("bad"), retry={"limit": 0})
    assert "bad" in world.wait_condition("g", "Failed")["message"]


def test_the_next_round_is_told_the_folder_of_the_backup_that_won(world: World) -> None:
    world.kubelets.seconds = lambda pod: {"work": "1000", "slow": "20"}.get(label(pod, "bayplan.dev/task"), "5")
    rounds = {"tasks": ["work", "slow"], "max": 2}
    world.create("g", task("work", backups={"count": 1}, pod=MOUNTED), task("slow", pod=MOUNTED), rounds=rounds)
    world.wait_condition("g", "Complete")
    second = of(world, "slow")[1]
    assert json.loads(env(second)["BAYPLAN_PREVIOUS"])["work"] == {"round": 1, "attempts": [10001]}


# Gangs


def test_a_member_that_was_ended_has_those_that_had_succeeded_run_again(world: World) -> None:
    world.kubelets.seconds = lambda pod: "20" if env(pod).get("RANK") == "1" else "3"
    world.create("g", task("train", shards=3, gang={}), task("after", "train", seconds=1))
    world.run(8)
    (late,) = world.running("g")
    world.delete(POD, late["metadata"]["name"])
    world.wait_condition("g", "Complete")
    assert sorted(shards(of(world, "train"))) == ["0", "0", "1", "1", "2", "2"]
    assert len(of(world, "after")) == 1


def test_stages_of_which_one_has_failed_for_good_do_not_start_without_it(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(env(pod).get("BAYPLAN_STAGE") == "encoder")
    world.kubelets.seconds = lambda pod: "2" if env(pod).get("BAYPLAN_STAGE") == "encoder" else "50"
    stages = [{"name": "encoder"}, {"name": "decoder", "shards": 2}]
    world.create("g", task("train", stages=stages, optional=True), task("main", seconds=5), retry={"limit": 0})
    world.wait_condition("g", "Complete")
    assert len(of(world, "train")) + len(of(world, "train.decoder")) == 3


def test_the_minimum_of_rounds_is_none_of_a_gang(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(env(pod).get("RANK") == "1")
    rounds = {"tasks": ["local", "train"], "max": 3, "minimum": 2}
    tasks = [task("local", shards=3, seconds=1), task("train", "local", shards=3, seconds=2, gang={})]
    world.create("g", *tasks, rounds=rounds, retry={"limit": 1})
    assert "train" in world.wait_condition("g", "Failed")["message"]
    assert len(of(world, "train")) == 6


def test_lots_are_drawn_of_clients_and_not_of_the_members_of_a_gang(world: World) -> None:
    rounds = {"tasks": ["local", "train"], "max": 2, "sample": {"clients": 2, "floor": "0.1"}}
    world.create("g", task("local", shards=4, seconds=2), task("train", "local", shards=4, seconds=2, gang={}), rounds=rounds)
    world.wait_condition("g", "Complete")
    assert (len(of(world, "local")), len(of(world, "train"))) == (4, 8)


def test_a_service_that_was_deleted_is_there_again_before_the_gang_starts_again(world: World) -> None:
    world.create("g", task("train", shards=2, seconds=20, gang={}))
    pods = world.wait_running("g", count=2)
    (service,) = world.store.all(SERVICE, NAMESPACE)
    world.store.delete(SERVICE, NAMESPACE, service["metadata"]["name"])
    world.delete(POD, pods[0]["metadata"]["name"])
    world.wait_condition("g", "Complete")
    assert len(world.store.all(SERVICE, NAMESPACE)) == 1


@pytest.mark.parametrize("moment", [round(0.9 * step, 2) for step in range(1, 14)])
def test_a_gang_in_a_round_goes_on_after_an_operator_was_killed(world: World, moment: float) -> None:
    world.create(
        "g",
        task("train", shards=3, seconds=3, gang={}),
        task("check", "train", seconds=1),
        rounds={"tasks": ["train", "check"], "max": 3},
    )
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert history(world) == ["1 4/4", "2 4/4", "3 4/4"]
    assert len(of(world, "train")) == 9


# Rounds


@pytest.mark.parametrize("depends", [(), ("local",)])
def test_what_always_runs_does_so_after_a_round_that_failed(world: World, depends: tuple[str, ...]) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == "join" and env(pod)["BAYPLAN_ROUND"] == "2")
    tasks = [task("local", shards=2, seconds=2), task("join", "local", seconds=3)]
    rounds = {"tasks": ["local", "join"], "max": 5}
    world.create("g", *tasks, task("clean-up", *depends, seconds=1, gate="Always"), rounds=rounds, retry={"limit": 0})
    world.wait_condition("g", "Failed")
    assert len(of(world, "clean-up")) == 1
    assert world.lines("g")["clean-up"].startswith("Succeeded")


@pytest.mark.parametrize("moment", [1.0, 3.0, 5.2, 6.0, 9.0])
def test_suspended_and_resumed_in_mid_round(world: World, moment: float) -> None:
    world.create(
        "g", task("local", shards=3, seconds=2), task("join", "local", seconds=3), rounds={"tasks": ["local", "join"], "max": 3}
    )
    world.run(moment)
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.run(60)
    assert not world.running("g")
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": False}})
    world.wait_condition("g", "Complete")
    assert history(world) == ["1 4/4", "2 4/4", "3 4/4"]


def test_while_a_graph_is_suspended_no_shard_is_late(world: World) -> None:
    world.kubelets.seconds = lambda pod: "10" if label(pod, "bayplan.dev/shard") == "2" else "2"
    rounds = {"tasks": ["local"], "max": 1, "minimum": 2, "timeout": "30s"}
    world.create("g", task("local", shards=3), rounds=rounds)
    world.run(5)
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.run(120)
    assert world.condition("g", "Complete", "True") is None
    assert not world.lines("g")["local"].endswith("Skipped 1/0")


def suspended(world: World, resumed: float, operator: str) -> None:
    """Two shards have succeeded, and the third is stopped for two minutes; its round has a time-out of 30 s."""
    world.kubelets.seconds = lambda pod: "10" if label(pod, "bayplan.dev/shard") == "2" else "2"
    rounds = {"tasks": ["local"], "max": 1, "minimum": 2, "timeout": "30s"}
    world.create("g", task("local", shards=3), rounds=rounds)
    world.run(5)
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.run(120)
    if operator == "killed while suspended":
        world.operator.restart()
        world.run(5)
    elif operator == "killed before it is resumed":
        world.operator.kill()
    world.kubelets.seconds = lambda pod: str(resumed)
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": False}})
    world.run(2)
    if not world.operator.alive:
        world.operator.start()
    elif operator == "killed after it is resumed":
        world.operator.restart()
    elif operator == "told of another change":
        world.patch(TASK_GRAPH, "g", {"spec": {"ttlAfterFinished": "1h"}})


KILLED = ["killed while suspended", "killed before it is resumed", "killed after it is resumed"]


@pytest.mark.parametrize("operator", ["alive", "told of another change", *KILLED])
def test_the_time_for_which_a_graph_was_suspended_does_not_count(world: World, operator: str) -> None:
    suspended(world, 20, operator)
    world.wait_condition("g", "Complete")
    assert history(world) == ["1 3/3"]


@pytest.mark.parametrize("operator", ["alive", "told of another change", *KILLED])
def test_what_is_late_after_a_suspension_is_left_behind(world: World, operator: str) -> None:
    suspended(world, 500, operator)
    begin = world.loop.passed
    world.until(lambda: world.condition("g", "Complete", "True"), "the round goes on", patience=100)
    assert 25 <= world.loop.passed - begin <= 40
    assert history(world) == ["1 2/3"]


@pytest.mark.parametrize("moment", [1.0, 3.0, 5.0, 5.1, 6.0])
def test_deleted_in_mid_round_it_leaves_nothing(world: World, moment: float) -> None:
    world.create(
        "g", task("local", shards=3, seconds=2), task("join", "local", seconds=3), rounds={"tasks": ["local", "join"], "max": 9}
    )
    world.run(moment)
    world.delete(TASK_GRAPH, "g", "Background")
    world.until(lambda: not world.pods("g"), "all pods are gone", patience=120)
    assert world.held() == []


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("moment", [6.0, 8.0, 10.1, 11.0, 12.5, 14.9, 15.05])
def test_a_status_that_is_emptied_in_mid_round_begins_no_round_anew(world: World, moment: float, alive: bool) -> None:
    world.kubelets.message = lambda pod: json.dumps({"x": int(env(pod).get("BAYPLAN_ROUND", "0"))})
    rounds = {"tasks": ["local", "join"], "max": 4, "metric": "join.x"}
    world.create("g", task("local", shards=3, seconds=2), task("join", "local", seconds=3, pod=MOUNTED), rounds=rounds)
    world.run(moment)
    if not alive:
        world.operator.kill()
    before = world.status("g")
    world.store.change(TASK_GRAPH, NAMESPACE, "g", lambda old: {**old, "status": {}}, "status")
    if not alive:
        world.operator.start()
    world.wait_condition("g", "Complete")
    ran = [
        (label(pod, "bayplan.dev/task"), env(pod)["BAYPLAN_ROUND"], label(pod, "bayplan.dev/shard"))
        for pod in world.created("g")
    ]
    assert len(ran) == len(set(ran)), (before, ran)
    assert len(ran) == 16
    assert world.status("g")["rounds"]["over"] == "round 4 is the last"
    if not alive:
        assert world.events("RoundsRecalled", "g")
        joins = of(world, "join")
        previous = [json.loads(env(pod)["BAYPLAN_PREVIOUS"])["join"]["attempts"] for pod in joins[1:]]
        assert previous == [[1], [2], [3]]
    assert not [pod for pod in world.pods("g") if deleting(pod)]


def test_rounds_in_which_nothing_can_run_are_over_at_once(world: World) -> None:
    world.kubelets.message = lambda pod: '{"x": 1}'
    world.create(
        "g", task("first", seconds=1), task("local", "first", shards=2, when="first.x > 2"), task("after", "first"),
        rounds={"tasks": ["local"], "max": 1000},
    )  # fmt: skip
    world.until(lambda: world.condition("g", "Complete", "True"), "it ends", patience=30)
    assert "round 1: none of its tasks ran" in world.status("g")["rounds"]["over"]


def test_until_that_stays_undecided_fails_the_graph_after_three_rounds(world: World) -> None:
    world.kubelets.message = lambda pod: '{"x": 1}'
    world.create(
        "g", task("local", seconds=1), task("check", "local", seconds=1, when="local.x > 2"),
        rounds={"tasks": ["local", "check"], "max": 50, "until": "check.x > 5"},
    )  # fmt: skip
    assert "undecided 3 times in a row" in world.wait_condition("g", "Failed")["message"]
    assert len(of(world, "local")) == 3


def test_a_round_without_its_figure_is_one_without_progress(world: World) -> None:
    world.kubelets.message = lambda pod: json.dumps({"x": int(env(pod)["BAYPLAN_ROUND"])})
    rounds = {"tasks": ["local", "check"], "max": 50, "patience": 2, "metric": "check.x"}
    world.create("g", task("local", seconds=1), task("check", "local", seconds=1, when="local.x < 3"), rounds=rounds)
    world.wait_condition("g", "Complete")
    assert world.status("g")["rounds"]["over"].startswith("round 4: no progress")


def test_a_round_that_is_written_into_the_status_by_hand_does_not_begin_before_the_one_before_is_over(world: World) -> None:
    world.create("g", task("local", shards=2, seconds=5), rounds={"tasks": ["local"], "max": 3})
    world.run(2)
    world.operator.kill()
    world.patch(TASK_GRAPH, "g", {"status": {"rounds": {"next": 2}}}, "status")
    world.operator.start()
    world.run(1)
    assert not [pod for pod in world.pods("g") if deleting(pod)]
    world.wait_condition("g", "Complete")
    assert history(world) == ["1 2/2", "2 2/2", "3 2/2"]
    assert len(of(world, "local")) == 6


def test_shards_that_are_left_to_bayplan_in_a_round(world: World) -> None:
    world.create(
        "g",
        task("local", shards="Auto", seconds=5, expectedDuration="10m", autoShards={"startup": "20s"}),
        task("join", "local", seconds=2),
        rounds={"tasks": ["local", "join"], "max": 2},
    )
    world.wait_condition("g", "Complete")
    counts = [env(pod)["BAYPLAN_SHARDS"] for pod in of(world, "local")]
    assert len(set(counts)) == 1
    assert len(counts) == 2 * int(counts[0])
