"""Tasks that repeat: round by round, until a condition, a maximum, or no progress; and what an operator that is killed leaves."""

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
    fuse = {
        "name": "aggregate", "dependsOn": [{"task": "local"}], "fuse": {"method": "FedAvg", "weightBy": "samples"},
        "template": {"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]}},
    }  # fmt: skip
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
    assert rounds["over"] == "until holds: evaluate.accuracy >= 0.8"
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
    assert rounds["over"] == "evaluate.accuracy has not got better for 2 rounds"


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
