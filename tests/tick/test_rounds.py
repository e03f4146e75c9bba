"""Tasks that repeat: until a condition, a maximum, or no progress; and what an operator that is killed leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.machinery.pods import node_of
from tests.tick.seen import label
from tests.tick.world import World


def env(pod: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0].get("env", ())}


def said(pod: Object) -> str:
    """Accuracy grows with the round; each client has so many samples as its shard says."""
    told = env(pod)
    number = int(told.get("BAYPLAN_ROUND", "0"))
    if label(pod, "bayplan.dev/task") == "evaluate":
        return json.dumps({"accuracy": 0.5 + 0.1 * number})
    return json.dumps({"samples": 100 + int(told["JOB_COMPLETION_INDEX"])})


def federated(world: World, name: str = "fl", *, shards: int = 3, seconds: float = 2.0, **rounds: Any) -> None:
    world.kubelets.message = said
    workspace: dict[str, Any] = {
        "spec": {
            "volumes": [{"name": "workspace", "hostPath": {"path": "/data"}}],
            "containers": [{"image": "program", "volumeMounts": [{"name": "workspace", "mountPath": "/work"}]}],
        }
    }
    annotations = {"sim.bayplan.dev/seconds": str(seconds)}
    local = task("local", seconds=seconds, shards=shards, cpu="1")
    resources = {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]}
    fuse = {
        "name": "aggregate",
        "dependsOn": [{"task": "local"}],
        "fuse": {"method": "FedAvg", "weightBy": "samples"},
        "template": {"metadata": {"annotations": annotations}, "spec": resources},
    }
    evaluate = task("evaluate", "aggregate", seconds=1, cpu="1")
    after = task(
        "deploy", "evaluate", seconds=1, cpu="1", env=[{"name": "ACCURACY", "value": "$(tasks.evaluate.outputs.accuracy)"}]
    )
    plan = {"tasks": ["local", "aggregate", "evaluate"], "max": 10, **rounds}
    world.create(name, local, fuse, evaluate, after, template=workspace, rounds=plan)


def attempts(world: World, name: str, graph: str = "fl") -> list[Object]:
    return [pod for pod in world.created(graph) if label(pod, "bayplan.dev/task") == name]


def test_rounds_go_on_until_the_condition_holds(world: World) -> None:
    federated(world, until="evaluate.accuracy >= 0.8")
    world.wait_condition("fl", "Complete")
    rounds = world.status("fl")["rounds"]
    assert rounds["over"] == "round 3: evaluate.accuracy >= 0.8 holds"
    assert rounds["history"] == [
        "1 5/5 5.0s evaluate.accuracy=0.6", "2 5/5 5.0s evaluate.accuracy=0.7", "3 5/5 5.0s evaluate.accuracy=0.8",
    ]  # fmt: skip
    assert [env(pod)["BAYPLAN_ROUND"] for pod in attempts(world, "evaluate")] == ["1", "2", "3"]
    assert len(attempts(world, "local")) == 9
    (deploy,) = attempts(world, "deploy")
    assert env(deploy)["ACCURACY"] == "0.8"
    assert "BAYPLAN_ROUND" not in env(deploy)


def test_each_attempt_has_a_folder_of_its_own_and_is_told_those_of_the_attempts_before(world: World) -> None:
    federated(world, max=2)
    world.wait_condition("fl", "Complete")
    uid = world.graph("fl")["metadata"]["uid"]
    first, second = attempts(world, "aggregate")
    assert env(first)["BAYPLAN_OUTPUT"] == f"/work/{uid}/aggregate/1/0/1"
    assert env(second)["BAYPLAN_OUTPUT"] == f"/work/{uid}/aggregate/2/0/2"
    assert json.loads(env(first)["BAYPLAN_INPUTS"]) == {"local": {"round": 1, "attempts": [1, 1, 1]}}
    assert json.loads(env(second)["BAYPLAN_INPUTS"]) == {"local": {"round": 2, "attempts": [2, 2, 2]}}
    assert "BAYPLAN_PREVIOUS" not in env(first)
    assert json.loads(env(second)["BAYPLAN_PREVIOUS"])["aggregate"] == {"round": 1, "attempts": [1]}
    fuse = json.loads(env(second)["BAYPLAN_FUSE"])
    assert (fuse["method"], fuse["weights"]) == ("FedAvg", {"local": [100, 101, 102]})
    (deploy,) = attempts(world, "deploy")
    assert json.loads(env(deploy)["BAYPLAN_INPUTS"]) == {"evaluate": {"round": 2, "attempts": [2]}}


def test_no_progress_ends_the_rounds(world: World) -> None:
    federated(world, patience=2, metric="evaluate.accuracy", goal="Minimize")
    world.wait_condition("fl", "Complete")
    rounds = world.status("fl")["rounds"]
    assert len(rounds["history"]) == 3
    assert rounds["over"] == "round 3: no progress of evaluate.accuracy in 2 rounds, its best is 0.6"


def test_a_round_goes_on_without_a_lost_client_and_the_next_has_it_again(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(
        label(pod, "bayplan.dev/task") == "local"
        and env(pod)["JOB_COMPLETION_INDEX"] == "1"
        and env(pod)["BAYPLAN_ROUND"] == "1"
    )
    federated(world, max=2, minimum=2)
    world.patch(TASK_GRAPH, "fl", {"spec": {"retry": {"limit": 0}}})
    world.wait_condition("fl", "Complete")
    first, second = attempts(world, "aggregate")
    assert json.loads(env(first)["BAYPLAN_INPUTS"])["local"]["attempts"] == [1, 0, 1]
    assert json.loads(env(first)["BAYPLAN_FUSE"])["weights"] == {"local": [100, 0, 102]}
    assert json.loads(env(second)["BAYPLAN_INPUTS"])["local"]["attempts"] == [2, 2, 2]
    assert [line.split()[1] for line in world.status("fl")["rounds"]["history"]] == ["4/5", "5/5"]


def test_fewer_clients_than_the_minimum_fail_the_graph(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == "local")
    federated(world, max=2, minimum=2)
    world.patch(TASK_GRAPH, "fl", {"spec": {"retry": {"limit": 0}}})
    assert "task local" in world.wait_condition("fl", "Failed")["message"]


def test_a_late_client_is_left_behind_once_the_minimum_has_ended(world: World) -> None:
    world.kubelets.seconds = lambda pod: (
        "500" if env(pod).get("JOB_COMPLETION_INDEX") == "2" and label(pod, "bayplan.dev/task") == "local" else "2"
    )
    federated(world, max=1, minimum=2, timeout="30s")
    world.until(lambda: world.condition("fl", "Complete", "True"), "the round goes on", patience=100)
    (aggregate,) = attempts(world, "aggregate")
    assert json.loads(env(aggregate)["BAYPLAN_INPUTS"])["local"]["attempts"] == [1, 1, 0]
    world.until(lambda: not world.running("fl"), "the late client is stopped", patience=60)


@pytest.mark.parametrize("moment", [round(0.35 * step, 2) for step in range(1, 30)])
def test_an_operator_that_is_killed_at_any_instant_goes_on_with_the_same_round(world: World, moment: float) -> None:
    federated(world, until="evaluate.accuracy >= 0.8")
    world.run(moment)
    world.operator.restart()
    world.wait_condition("fl", "Complete")
    assert [line.split()[0] for line in world.status("fl")["rounds"]["history"]] == ["1", "2", "3"]
    assert max(world.made().values()) == 1
    ran = [
        (label(pod, "bayplan.dev/task"), env(pod).get("BAYPLAN_ROUND"), label(pod, "bayplan.dev/shard"))
        for pod in world.created("fl")
    ]
    assert len(ran) == len(set(ran)), "no unit runs twice in a round"


def test_data_keep_a_shard_where_its_data_may_be(world: World) -> None:
    world.kubelets.message = said
    nodes = ["cpu-large-0", "cpu-large-1"]
    rules = {"nodeSelectorPerShard": [{"kubernetes.io/hostname": nodes[1]}, {"kubernetes.io/hostname": nodes[0]}]}
    world.create("g", task("local", seconds=1, shards=2, cpu="1", data=rules))
    world.wait_condition("g", "Complete")
    assert [node_of(pod) for pod in sorted(world.pods("g"), key=lambda pod: label(pod, "bayplan.dev/shard"))] == [
        nodes[1],
        nodes[0],
    ]


def test_lots_are_drawn_for_each_round_and_recorded_before_its_pods(world: World) -> None:
    federated(world, shards=6, max=3, sample={"clients": 2, "floor": "0.1"})
    world.wait_condition("fl", "Complete")
    assert [line.split()[1] for line in world.status("fl")["rounds"]["history"]] == ["4/4"] * 3
    of_round: dict[str, set[str]] = {}
    for pod in attempts(world, "local"):
        of_round.setdefault(env(pod)["BAYPLAN_ROUND"], set()).add(env(pod)["JOB_COMPLETION_INDEX"])
    assert [len(shards) for shards in of_round.values()] == [2, 2, 2]
    for pod in attempts(world, "aggregate"):
        weights = json.loads(env(pod)["BAYPLAN_FUSE"])["weights"]["local"]
        counted = {str(shard) for shard, weight in enumerate(weights) if weight}
        assert counted == of_round[env(pod)["BAYPLAN_ROUND"]]
        assert all(weight == pytest.approx(3 * (100 + shard)) for shard, weight in enumerate(weights) if weight)


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.3, 1.0, 2.1, 3.0, 4.0, 5.0, 5.05, 5.5, 7.0])
def test_the_lots_are_the_same_after_an_operator_was_killed(world: World, moment: float) -> None:
    federated(world, shards=6, max=2, sample={"clients": 3})
    world.run(moment)
    world.operator.restart()
    world.wait_condition("fl", "Complete")
    assert len(attempts(world, "local")) == 6
    assert max(world.made().values()) == 1


def test_a_joint_loss_that_is_too_large_weighs_anew_and_ends_the_rounds_once_it_is_small(world: World) -> None:
    losses = {"intent": 0.9, "response": 0.3}

    def says(pod: Object) -> str:
        return json.dumps({"loss": losses[label(pod, "bayplan.dev/task")] / int(env(pod)["BAYPLAN_ROUND"])})

    world.kubelets.message = says
    terms = [{"name": name, "loss": f"{name}.loss"} for name in losses]
    joint = {"terms": terms, "bound": "0.5", "otherwise": "Reweigh"}
    rounds = {"tasks": ["intent", "response"], "max": 10, "joint": joint}
    world.create("g", task("intent", seconds=1), task("response", "intent", seconds=1), rounds=rounds)
    world.wait_condition("g", "Complete")
    weights = [json.loads(env(pod)["BAYPLAN_WEIGHTS"]) for pod in attempts(world, "intent", "g")]
    assert weights[0] == {"intent": 1.0, "response": 1.0}
    assert weights[1]["intent"] > 1 > weights[1]["response"]
    assert "joint loss" in world.status("g")["rounds"]["over"]


def test_a_joint_loss_that_never_gets_small_fails_the_graph(world: World) -> None:
    world.kubelets.message = lambda pod: '{"loss": 1}'
    joint = {"terms": [{"name": "a", "loss": "a.loss"}], "bound": "0.5", "limit": 2}
    world.create("g", task("a", seconds=1), task("after", "a"), rounds={"tasks": ["a"], "max": 10, "joint": joint})
    assert "after 2 attempts" in world.wait_condition("g", "Failed")["message"]
    assert len(attempts(world, "a", "g")) == 3
    assert not attempts(world, "after", "g")


@pytest.mark.parametrize(
    ("rounds", "words"),
    [
        ({"tasks": ["b"], "max": 2}, "which is unknown: there are a"),
        ({"tasks": ["a"], "max": 2, "until": "c.x > 1"}, "spec.rounds.until"),
        ({"tasks": ["a"], "max": 2, "patience": 1}, "does not know what progress is"),
        ({"tasks": ["a"], "max": 2, "minimum": 9}, "spec.rounds.minimum is 9"),
        ({"tasks": ["a"], "max": 2, "sample": {"clients": 4}}, "at most 3"),
        ({"tasks": ["a"], "max": 2, "sample": {"clients": 1, "floor": "0.9"}}, "at most 0.3333"),
        ({"tasks": ["a"], "max": 2, "until": "mean(a.x) > 2 and mean(a.x) < 1"}, "can never hold"),
    ],
)
def test_rounds_that_cannot_be_are_refused_by_name(world: World, rounds: dict[str, Any], words: str) -> None:
    world.create("g", task("a", shards=3), rounds=rounds)
    message = world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")["message"]
    assert words in message, message


def test_p95_is_what_was_learned_of_the_task(world: World) -> None:
    federated(world, "first", shards=4, max=6)
    world.wait_condition("first", "Complete")
    world.run(120)
    world.kubelets.seconds = lambda pod: (
        "500" if env(pod)["JOB_COMPLETION_INDEX"] == "2" and label(pod, "bayplan.dev/task") == "local" else "2"
    )
    federated(world, "second", shards=4, max=1, minimum=3, timeout="p95")
    world.patch(TASK_GRAPH, "second", {"spec": {"profile": "first"}})
    world.until(lambda: world.condition("second", "Complete", "True"), "the round goes on", patience=120)
    (aggregate,) = attempts(world, "aggregate", "second")
    assert json.loads(env(aggregate)["BAYPLAN_INPUTS"])["local"]["attempts"] == [1, 1, 0, 1]


def test_what_always_runs_follows_a_round_that_fails(world: World) -> None:
    world.kubelets.message = said
    world.kubelets.exit_code = lambda pod: int(label(pod, "bayplan.dev/task") == "train" and env(pod)["BAYPLAN_ROUND"] == "2")
    tasks = [task("train", seconds=1), task("test", "train", seconds=1), task("tidy", "train", seconds=1, gate="Always")]
    world.create("g", *tasks, rounds={"tasks": ["train", "test"], "max": 3}, retry={"limit": 0})
    world.wait_condition("g", "Failed")
    assert [label(pod, "bayplan.dev/task") for pod in world.created("g")] == ["train", "test", "train", "tidy"]


def test_the_first_model_is_a_reference_and_no_input(world: World) -> None:
    world.kubelets.message = said
    workspace: dict[str, Any] = {"spec": {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "i"}]}}
    fuse = {"method": "FedAvgM", "weightBy": "samples", "reference": "init"}
    aggregate = {"name": "aggregate", "dependsOn": [{"task": "init"}, {"task": "local"}], "fuse": fuse}
    seconds = {"metadata": {"annotations": {"sim.bayplan.dev/seconds": "1"}}}
    tasks = [task("init"), task("local", "init", shards=2), {**aggregate, "template": seconds}]
    world.create("g", *tasks, template=workspace, rounds={"tasks": ["local", "aggregate"], "max": 1})
    world.wait_condition("g", "Complete")
    (pod,) = attempts(world, "aggregate", "g")
    settings = json.loads(env(pod)["BAYPLAN_FUSE"])
    assert (settings["reference"], settings["weights"]) == ("init", {"local": [100, 101]})


def test_a_client_whose_nodes_are_busy_takes_part_seldom(world: World) -> None:
    node = {"nodeSelector": {"kubernetes.io/hostname": "cpu-large-0"}}
    world.create("blocker", task("work", seconds=None, cpu="60", pod=node))
    world.wait_running("blocker")
    world.kubelets.message = said
    rules = {"nodeSelectorPerShard": [{"kubernetes.io/hostname": f"cpu-large-{number}"} for number in (0, 1)]}
    rounds = {"tasks": ["local"], "max": 1, "sample": {"clients": 1, "floor": "0.1"}}
    world.create("g", task("local", shards=2, cpu="8", data=rules), rounds=rounds)
    drawn = world.until(lambda: world.status("g").get("rounds", {}).get("weights"), "the lots are drawn")
    (line,) = drawn
    shard, _, weight = line.removeprefix("local ").partition("=")
    assert float(weight) == pytest.approx({"0": 1 / 0.1, "1": 1 / 0.9}[shard])
