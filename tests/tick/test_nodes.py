"""Nodes that die, go, or are drained: their tasks run elsewhere."""

from __future__ import annotations

import pytest

from tests.cluster.kube import task
from tests.testbed.nodes import CPU_LARGE, NodeKind
from tests.tick.api.kinds import NODE, POD
from tests.tick.machinery.pods import deleting, node_of
from tests.tick.seen import label
from tests.tick.world import World


@pytest.fixture
def quick(world: World) -> World:
    """With a policy that gives lost nodes ten seconds, and a cluster that notices after ten."""
    world.create_policy("quick", nodeLossGrace="10s")
    world.controllers.noticing = 10.0
    return world


def begun(world: World, graph: str, incarnation: int) -> float:
    """When that attempt was created, in seconds after the begin."""
    (pod,) = [pod for pod in world.created(graph) if label(pod, "bayplan.dev/incarnation") == str(incarnation)]
    return world.seconds(pod["metadata"]["creationTimestamp"])


def test_what_runs_on_a_node_that_is_lost_runs_elsewhere(quick: World) -> None:
    quick.create("g", task("a", seconds=None), task("b", "a"), policyName="quick", retry={"limit": 0})
    (pod,) = quick.wait_running("g")
    dead = node_of(pod)
    killed = quick.loop.passed
    quick.controllers.kill(dead)
    quick.finish(quick.wait_attempt("g", 2))
    quick.wait_condition("g", "Complete")
    assert begun(quick, "g", 2) - killed == pytest.approx(20, abs=1.5), "noticed after 10 s, lost after 10 more"
    assert quick.lines("g")["a"].startswith("Succeeded 2/0")
    assert dead not in quick.lines("g")["a"]


def test_a_node_that_is_back_in_time_keeps_its_pods(quick: World) -> None:
    quick.create("g", task("a", seconds=None), policyName="quick")
    (pod,) = quick.wait_running("g")
    quick.controllers.kill(node_of(pod))
    quick.run(15)
    quick.controllers.revive(node_of(pod))
    quick.run(30)
    quick.finish(pod)
    quick.wait_condition("g", "Complete")
    assert len(quick.created("g")) == 1


def test_what_a_lost_node_says_later_is_ignored(quick: World) -> None:
    quick.create("g", task("a", seconds=None), policyName="quick")
    (first,) = quick.wait_running("g")
    quick.controllers.kill(node_of(first))
    second = quick.wait_attempt("g", 2)
    quick.kubelets.silent.discard(node_of(first))
    quick.finish(first)  # it had succeeded before it could be told to stop
    quick.run(5)
    assert quick.lines("g")["a"].startswith("Running 2/0")
    quick.until(lambda: quick.store.find(POD, "test", first["metadata"]["name"]) is None, "the attempt given up is gone")
    quick.finish(second)
    quick.wait_condition("g", "Complete")
    assert quick.lines("g")["a"].startswith("Succeeded 2/0")


def test_a_node_that_is_deleted_loses_its_tasks_at_once(world: World) -> None:
    world.create("g", task("a", seconds=None))
    (pod,) = world.wait_running("g")
    at = world.loop.passed
    world.delete(NODE, node_of(pod))
    world.finish(world.wait_attempt("g", 2))
    world.wait_condition("g", "Complete")
    assert begun(world, "g", 2) - at < 1.5
    assert node_of(pod) not in world.lines("g")["a"]


def test_cordon_and_drain(world: World) -> None:
    world.create("g", task("a", seconds=None, shards=3), retry={"limit": 0})
    pods = world.wait_running("g", count=3)
    (drained,) = {node_of(pod) for pod in pods}
    world.patch(NODE, drained, {"spec": {"unschedulable": True}})
    for pod in pods:
        world.delete(POD, pod["metadata"]["name"])
    world.finish(*world.until(lambda: found if len(found := [p for p in world.running("g") if not deleting(p)]) == 3 else None))
    world.wait_condition("g", "Complete")
    entries = world.lines("g")["a"].split(" | ")
    assert all(entry.startswith("Succeeded 2/0") and drained not in entry for entry in entries)


def test_a_node_that_comes_is_used_at_once(world: World) -> None:
    world.create("g", task("a", pod={"nodeSelector": {"test": "late"}}))
    assert world.wait_condition("g", "Waiting")["reason"] == "NoSuchNode"
    world.run(100)
    at = world.loop.passed
    (name,) = world.add_nodes(NodeKind("late", 4, "16Gi", labels={"test": "late"}), 1)
    world.wait_running("g")
    assert world.loop.passed - at < 1
    world.wait_condition("g", "Complete")
    assert name in world.lines("g")["a"]


def test_failures_of_nodes_count_in_estimates_also_those_that_an_operator_before_has_seen(quick: World) -> None:
    def basis(name: str) -> str:
        found = quick.until(lambda: quick.status(name).get("estimateBasis"), "what the estimate is based on")
        return str(found)

    def long() -> dict[str, object]:
        return task("a", seconds=None, expectedDuration="10m")

    quick.create("before", long(), policyName="quick")
    assert basis("before") == "from hints only"
    (pod,) = quick.wait_running("before")
    victim = next(node["metadata"]["name"] for node in quick.store.all(NODE) if node["metadata"]["name"] != node_of(pod))
    quick.controllers.kill(victim)
    quick.run(700)  # how nodes hold out is recorded every ten minutes
    words = f"from hints only; failures of nodes of class {CPU_LARGE.prefix} are counted"
    quick.create("after", long(), policyName="quick")
    assert basis("after") == words
    quick.operator.restart()
    quick.create("again", long(), policyName="quick")
    assert basis("again") == words
