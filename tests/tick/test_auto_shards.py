"""shards: Auto: the number fits the cluster, is recorded before any pod, and stays."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import PLACEMENT_POLICY, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.operator import Operator
from tests.tick.world import World


@pytest.fixture
def pool(empty: World) -> World:
    """No nodes yet."""
    empty.operator.start()
    return empty


def add(world: World, count: int) -> None:
    """Nodes of 8 cores, two places for a shard each."""
    world.add_nodes(NodeKind("n", 8, "32Gi"), count)


def divisible(name: str = "train", seconds: float | None = 1.0, **bounds: Any) -> Object:
    """10 minutes of work with 20 s of start-up, 4 cores a shard."""
    fields = {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"startup": "20s", **bounds}}
    return task(name, cpu="4", seconds=seconds, **fields)


def decided(world: World, name: str) -> dict[str, int]:
    """The numbers in the status, once they are there."""
    lines: list[str] = world.until(lambda: world.status(name).get("shards"), f"{name}: status.shards")
    return {task: int(number) for task, number in (line.split("=") for line in lines)}


def told(pod: Object) -> tuple[str, str]:
    """How many shards there are, and which one this is, as the container is told."""
    env = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    return env["BAYPLAN_SHARDS"], env["JOB_COMPLETION_INDEX"]


# 20 s + 10 min / n: of 16 places, 15 shards take 60 s, within 5 % of the 57.5 s of 16
@pytest.mark.parametrize(("nodes", "shards", "sentence"), [
    (2, 4, "task train: 4 shards, 2m50s: 10m of work, 20s start-up, 4 places; more would not be faster"),
    (8, 15, "task train: 15 shards, 1m: 10m of work, 20s start-up, 16 places; more would save less than 5 %"),
])  # fmt: skip
def test_the_number_fits_the_cluster_and_is_explained(pool: World, nodes: int, shards: int, sentence: str) -> None:
    add(pool, nodes)
    pool.create("g", divisible(), task("after", "train"))
    pool.wait_condition("g", "Complete")
    assert pool.status("g")["shards"] == [f"train={shards}"]
    pods = pool.pods("g", "train")
    assert sorted(map(told, pods)) == sorted((str(shards), str(number)) for number in range(shards))
    assert {pod["metadata"]["annotations"]["bayplan.dev/shards"] for pod in pods} == {str(shards)}
    condition: Any = pool.condition("g", "ShardsDecided")
    assert condition["message"] == sentence
    assert [event["message"] for event in pool.events("ShardsDecided")] == [sentence]


def test_what_runs_at_this_instant_does_not_count(pool: World) -> None:
    add(pool, 2)
    pool.create("others", *(task(f"t{number}", cpu="4", seconds=None) for number in range(3)))
    pool.wait_running("others", count=3)
    pool.create("g", divisible(seconds=None))
    assert decided(pool, "g") == {"train": 4}


@pytest.mark.parametrize(("bounds", "shards"), [({"max": 3}, 3), ({"min": 30}, 30), ({"min": 5, "max": 5}, 5)])
def test_bounds_hold(pool: World, bounds: Object, shards: int) -> None:
    add(pool, 2)
    pool.create("g", divisible(seconds=None, **bounds))
    assert decided(pool, "g") == {"train": shards}


def test_what_is_beside_a_longer_chain_is_not_cut_finer_than_that_needs(pool: World) -> None:
    add(pool, 20)
    pool.create("g", task("long", cpu="4", seconds=None, expectedDuration="3m"), divisible(seconds=None))
    assert decided(pool, "g") == {"train": 4}  # 20 s + 600 s / 4 = 170 s
    condition: Any = pool.condition("g", "ShardsDecided")
    assert "it would be faster, but not the graph as a whole" in condition["message"]


def test_where_no_node_is_yet_only_start_up_and_bounds_count(pool: World) -> None:
    pool.create("g", divisible(max=8))
    assert decided(pool, "g") == {"train": 8}
    assert pool.wait_condition("g", "Waiting")["reason"] == "NoSuchNode"


def test_the_policy_says_which_nodes_count_so_it_is_waited_for(pool: World) -> None:
    add(pool, 2)
    pool.add_nodes(NodeKind("other", 8, "32Gi"), 8)
    pool.create("g", divisible(), policyName="p")
    assert pool.wait_condition("g", "Accepted", "False")["reason"] == "PolicyNotFound"
    assert "shards" not in pool.status("g")
    pool.create_policy("p", nodeSelector={"kubernetes.io/hostname": "n-0"})
    assert decided(pool, "g") == {"train": 2}
    pool.wait_condition("g", "Complete")
    pool.delete(PLACEMENT_POLICY, "p")


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_instant_while_the_cluster_grows_a_run_has_one_number(pool: World, seed: int) -> None:
    """The cluster is larger at each start of the operator: a second decision would come to another number."""
    lots = random.Random(seed)
    pool.api.latency = 0.04
    pool.loop.takes[forecast] = 60.0  # estimates are not what this is about
    add(pool, 1)
    names = [f"g{number}" for number in range(6)]
    for name in names:
        pool.create(name, divisible(seconds=2.0), task("after", "train", seconds=0.2))
        pool.run(lots.uniform(0.0, 0.6))
        if name == names[0]:
            decided(pool, name)  # one at least is decided while the cluster is small
        pool.operator.kill()
        add(pool, 1)
        pool.operator.start()
    for name in names:
        pool.wait_condition(name, "Complete")
        said = {
            tuple(item["status"]["shards"])
            for _, kind, _, item in pool.store.history
            if kind == TASK_GRAPH and item["metadata"]["name"] == name and item.get("status", {}).get("shards")
        }
        number = decided(pool, name)["train"]
        assert said == {(f"train={number}",)}
        made = [told(pod) for pod in pool.created(name) if pod["metadata"]["labels"]["bayplan.dev/task"] == "train"]
        assert sorted(made) == sorted((str(number), str(shard)) for shard in range(number))
    assert len({decided(pool, name)["train"] for name in names}) > 1, "no graph met a larger cluster: this shows nothing"


def test_no_pod_before_the_number_is_recorded(pool: World) -> None:
    add(pool, 2)
    pool.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(403, "Forbidden", "no right"), times=1000)
    pool.create("g", divisible())
    pool.create("plain", task("a"))
    pool.wait_condition("plain", "Complete")
    pool.run(60)
    assert pool.created("g") == []
    pool.api.trouble.forget()
    pool.wait_condition("g", "Complete")
    assert decided(pool, "g") == {"train": 4}


def test_pods_bear_out_the_number_when_the_record_is_lost(pool: World) -> None:
    add(pool, 2)
    pool.create("g", divisible(seconds=None))
    pool.wait_running("g", count=4)
    pool.run(3)
    pool.operator.kill()
    add(pool, 6)
    pool.patch(TASK_GRAPH, "g", {"status": {"shards": None, "tasks": None, "conditions": None}}, "status")
    pool.operator.start()
    assert decided(pool, "g") == {"train": 4}
    pool.until(lambda: pool.status("g").get("active") == 4, "its pods are known again")
    assert len(pool.created("g")) == 4


def test_an_operator_that_was_held_up_does_not_overwrite_the_number_of_its_successor(pool: World) -> None:
    """It would try its write again when the other one, which knows of more nodes, has decided."""
    add(pool, 1)
    pool.run(1)
    pool.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(429, "TooManyRequests", "later", retry_after=30))
    pool.create("g", divisible(seconds=None))
    pool.run(5)
    assert pool.status("g") == {}
    pool.api.watches.paused.add(TASK_GRAPH)  # it hears of nothing
    add(pool, 7)
    pool.operator.leading = False
    successor = Operator(pool.loop, pool.api, pool.operator.settings)
    successor.start()
    assert decided(pool, "g") == {"train": 15}
    pool.run(60)
    assert pool.operator.late == []
    assert decided(pool, "g") == {"train": 15}
    assert len(pool.created("g")) == 15
    successor.kill()
