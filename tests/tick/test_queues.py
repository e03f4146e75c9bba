"""Queues: what graphs of them may hold together, and who may use them."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_LARGE, manifest
from tests.tick.api.kinds import NAMESPACE as NAMESPACES
from tests.tick.api.kinds import NODE, POD, QUEUE, TASK_GRAPH
from tests.tick.seen import NAMESPACE, find, label
from tests.tick.world import World

WHILE = 20
"""Seconds that a pod runs."""


def cpu(nominal: int | str, **limits: Any) -> Object:
    return {"resource": "cpu", "nominal": nominal, **limits}


def waiting(world: World, name: str, reason: str) -> str:
    """What a graph says of its shards that wait for this reason."""

    def look() -> str | None:
        found = world.condition(name, "Waiting", "True")
        return found["message"] if found is not None and found["reason"] == reason else None

    return world.until(look, f"{name} waits for {reason}")


def ready(world: World, name: str, status: str = "True") -> Object:
    return world.until(lambda: find(world.queue(name).get("status", {}), "Ready", status), f"Ready={status} of queue {name}")


def test_a_quota_keeps_a_second_graph_waiting_until_it_is_free(world: World) -> None:
    world.create_queue("research", cpu(2))
    world.create("first", task("a", seconds=WHILE, cpu="2"), queueName="research")
    world.wait_running("first")
    world.create("second", task("a", seconds=WHILE, cpu="2"), queueName="research")
    world.create("other", task("a", seconds=WHILE, cpu="2"))
    world.wait_running("other")
    said = waiting(world, "second", "QuotaExceeded")
    assert "queue research: cpu: 2 of 2 used, 2 asked, 2 missing; held by namespace test: 2" in said
    assert world.status("second")["waiting"] == "QuotaExceeded 1"
    assert {label(pod, "bayplan.dev/queue") for pod in world.pods("first")} == {"research"}
    world.run(2)
    status = world.queue("research")["status"]
    assert status["quotas"] == [{"resource": "cpu", "used": "2", "nominal": "2", "borrowed": "0"}]
    assert (status["usage"], status["borrowed"], status["pending"], status["admitted"]) == ("cpu 2/2", "", 1, 1)
    world.wait_running("second")
    ended = world.until(lambda: world.status("first").get("completionTime"))
    began = world.pods("second")[0]["status"]["startTime"]
    assert world.seconds(began) - world.seconds(ended) <= 2
    world.wait_condition("second", "Complete")
    world.run(2)
    status = world.queue("research")["status"]
    assert (status["usage"], status["pending"], status["admitted"]) == ("cpu 0/2", 0, 0)


def test_a_raised_quota_is_used_at_once(world: World) -> None:
    world.create_queue("small", cpu(2))
    world.create("g", task("a", seconds=300, shards=4), queueName="small")
    world.wait_running("g", count=2)
    world.run(30)
    assert len(world.running("g")) == 2
    world.patch(QUEUE, "small", {"spec": {"quotas": [cpu(3)]}})
    world.run(2)
    assert len(world.running("g")) == 3


@pytest.mark.parametrize("preset", ["Auto", "Packing", "RoundRobin", "LeastLoaded", "GraphPlan", "Random", "Genetic"])
def test_a_queue_that_is_full_holds_up_no_other_whose_pods_ask_for_the_same(world: World, preset: str) -> None:
    world.create_policy("p", preset=preset)
    world.create_queue("full", cpu(1))
    world.create_queue("free", cpu(4))
    world.create("first", task("a", seconds=600, shards=3), queueName="full", policyName="p")
    world.wait_running("first")
    waiting(world, "first", "QuotaExceeded")
    world.create("second", task("a", seconds=600, shards=4), queueName="free", policyName="p")
    world.run(3)
    assert len(world.running("second")) == 4
    assert len(world.running("first")) == 1


def test_an_unknown_queue_keeps_its_graph_waiting_and_no_other(world: World) -> None:
    world.create_queue("research")
    world.create("lost", task("a"), queueName="reserch")
    world.create("good", task("a"))
    world.wait_condition("good", "Complete")
    said = waiting(world, "lost", "QueueNotFound")
    assert said == ('QueueNotFound: task a: spec.queueName is "reserch": there is no such Queue; did you mean "research"?')
    assert world.condition("lost", "Accepted", "True")
    world.create_queue("reserch")
    world.wait_condition("lost", "Complete")


def test_namespaces_are_chosen_by_their_labels_as_they_are_now(world: World) -> None:
    world.store.create(NAMESPACES, "", {"metadata": {"name": NAMESPACE, "labels": {"team": "text"}}})
    world.create_queue("vision", everyone=False, namespaceSelector={"matchLabels": {"team": "vision"}})
    world.create_queue("closed", everyone=False)
    world.create("g", task("a"), queueName="vision")
    world.create("h", task("a"), queueName="closed")
    said = waiting(world, "g", "QueueNotAllowed")
    assert said.endswith("namespace test may not use queue vision: its namespaceSelector is team=vision")
    said = waiting(world, "h", "QueueNotAllowed")
    assert said.endswith("namespace test may not use queue closed: it has no namespaceSelector, so no namespace may use it")
    world.store.change(
        NAMESPACES, "", NAMESPACE, lambda before: {**before, "metadata": {**before["metadata"], "labels": {"team": "vision"}}}
    )
    world.wait_condition("g", "Complete")
    assert world.created("h") == []


def test_a_cycle_stops_its_members_and_each_names_it(world: World) -> None:
    world.create_queue("a", parentName="b")
    world.create_queue("b", parentName="a")
    world.create_queue("c", parentName="b")
    world.create("g", task("t"), queueName="c")
    world.create("good", task("t"))
    assert "a -> b -> a" in waiting(world, "g", "QueueStopped")
    world.wait_condition("good", "Complete")
    for name in "abc":
        said = ready(world, name, "False")
        assert said["reason"] == "Cycle"
        assert "a -> b -> a" in said["message"]
    world.patch(QUEUE, "a", {"spec": {"parentName": None}})
    world.wait_condition("g", "Complete")
    for name in "abc":
        assert ready(world, name)["reason"] == "Ready"


WRONG: dict[str, tuple[Object, str, str]] = {
    "parent": (
        {"parentName": "nowhere"}, "ParentNotFound", "queue q: parentName is nowhere, and there is no such queue",
    ),
    "limit": (
        {"quotas": [cpu(4, borrowingLimit=0)]}, "LimitWithoutParent",
        "queue q: the quota of cpu has a borrowingLimit, and the queue has no parent: give it a parentName, "
        "or leave the limit out",
    ),
    "twice": (
        {"quotas": [cpu(4), cpu(5)]}, "Invalid",
        "queue q: spec.quotas is [{\"resource\": \"cpu\", \"nominal\": 4}, {\"resource\": \"cpu\", \"nominal\": 5}]: "
        "has two quotas of cpu on the same nodes: there must be one",
    ),
    "stopped": ({"stopPolicy": "Hold"}, "Stopped", "queue q lets nothing start: its stopPolicy is Hold"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_queue_with_a_fault_lets_nothing_start_and_says_why(world: World, what: str) -> None:
    spec, reason, sentence = WRONG[what]
    world.create_queue("q", *spec.get("quotas", ()), **{key: value for key, value in spec.items() if key != "quotas"})
    world.create_queue("below", parentName="q")
    world.create("g", task("a"), queueName="q")
    world.create("h", task("a"), queueName="below")
    world.create("good", task("a"))
    assert waiting(world, "g", "QueueStopped") == f"QueueStopped: task a: {sentence}"
    waiting(world, "h", "QueueStopped")
    world.wait_condition("good", "Complete")
    said = ready(world, "q", "False")
    assert (said["reason"], said["message"]) == (reason, sentence)
    assert ready(world, "below", "False")["reason"] == reason
    world.store.change(QUEUE, "", "q", lambda before: {**before, "spec": {"namespaceSelector": {}}})
    world.wait_condition("g", "Complete")
    world.wait_condition("h", "Complete")


def test_what_runs_goes_on_in_a_queue_that_is_stopped(world: World) -> None:
    world.create_queue("q")
    world.create("g", task("a", seconds=WHILE), task("b", "a"), queueName="q")
    world.wait_running("g", "a")
    world.patch(QUEUE, "q", {"spec": {"stopPolicy": "Hold"}})
    waiting(world, "g", "QueueStopped")
    assert world.lines("g")["a"].startswith("Succeeded")
    assert len(world.created("g")) == 2 - 1
    world.patch(QUEUE, "q", {"spec": {"stopPolicy": "None"}})
    world.wait_condition("g", "Complete")


def test_without_a_default_queue_graphs_run_and_with_one_its_quotas_count(world: World) -> None:
    world.create("early", task("a"))
    world.wait_condition("early", "Complete")
    world.create_queue("default", cpu(1))
    world.run(1)
    world.create("g", task("a", seconds=WHILE, shards=2))
    world.wait_running("g")
    waiting(world, "g", "QuotaExceeded")
    world.delete(QUEUE, "default")
    world.run(1)
    assert world.queue("default")["metadata"]["deletionTimestamp"]
    waiting(world, "g", "QueueStopped")


def test_the_queue_of_a_graph_cannot_change_once_it_has_started(world: World) -> None:
    world.create_queue("one", cpu(0))
    world.create_queue("two", cpu(4))
    world.create("g", task("a", seconds=WHILE), queueName="one")
    waiting(world, "g", "QuotaExceeded")
    world.patch(TASK_GRAPH, "g", {"spec": {"queueName": "two"}})
    world.wait_running("g")
    world.patch(TASK_GRAPH, "g", {"spec": {"queueName": "one"}})
    refused = world.wait_condition("g", "Accepted", "False")
    assert refused["reason"] == "SpecChanged"
    assert "spec.queueName cannot change once the graph has started" in refused["message"]
    assert 'change it back to "two"' in refused["message"]
    world.run(2)
    assert world.queue("two")["status"]["usage"] == "cpu 1/4"
    world.patch(TASK_GRAPH, "g", {"spec": {"queueName": "two"}})
    world.wait_condition("g", "Complete")


def test_queues_of_one_parent_lend_each_other_within_their_limits(world: World) -> None:
    world.create_queue("top", everyone=False)
    world.create_queue("lender", cpu(4, lendingLimit=2), parentName="top")
    world.create_queue("borrower", cpu(2, borrowingLimit=1), parentName="top")
    world.create("b", task("a", seconds=600, shards=6), queueName="borrower")
    world.wait_running("b", count=3)
    world.run(10)
    assert len(world.running("b")) == 3
    world.create("l", task("a", seconds=600, shards=6), queueName="lender")
    world.wait_running("l", count=3)
    world.run(10)
    assert (len(world.running("b")), len(world.running("l"))) == (3, 3)
    status = world.queue("borrower")["status"]
    assert (status["usage"], status["borrowed"], status["pending"], status["admitted"]) == ("cpu 3/2", "cpu 1", 3, 3)
    assert world.queue("lender")["status"]["usage"] == "cpu 3/4"
    assert world.queue("top")["status"]["quotas"] == []


def test_a_gang_counts_as_a_whole(world: World) -> None:
    world.create_queue("q", cpu(2))
    world.create("g", task("a", shards=3, seconds=WHILE, gang={}), queueName="q")
    waiting(world, "g", "QuotaExceeded")
    assert world.created("g") == []
    world.patch(QUEUE, "q", {"spec": {"quotas": [cpu(3)]}})
    assert len(world.wait_running("g", count=3)) == 3


def test_a_request_that_no_quota_allows_is_said_of_the_queue(world: World) -> None:
    world.create_queue("small", cpu("1500m"))
    world.create("g", task("a", cpu="2"), queueName="small")
    assert "the queue may never hold more than 1.5" in waiting(world, "g", "QuotaExceeded")
    said = world.until(lambda: find(world.queue("small").get("status", {}), "Sufficient", "False"))
    assert said["reason"] == "QuotaTooSmall"
    assert said["message"] == "cpu: the smallest request that waits asks for 2, and the queue may never hold more than 1.5"
    world.patch(QUEUE, "small", {"spec": {"quotas": [cpu(2)]}})
    world.wait_condition("g", "Complete")
    world.run(3)
    assert find(world.queue("small")["status"], "Sufficient") is None


def test_a_queue_in_use_is_held_until_nothing_is_of_it(world: World) -> None:
    world.create_queue("q", cpu(1))
    world.run(3)
    assert "finalizers" not in world.queue("q")["metadata"]
    world.create("g", task("a", seconds=WHILE, shards=2), queueName="q")
    world.wait_running("g")
    world.run(2)
    assert world.queue("q")["metadata"]["finalizers"] == ["bayplan.dev/in-use"]
    world.delete(QUEUE, "q")
    said = ready(world, "q", "False")
    assert said["reason"] == "Terminating"
    assert said["message"].endswith("its deletion waits for 1 pod and 1 graph that are of it")
    world.run(2 * WHILE)
    assert len(world.created("g")) == 1, "nothing new starts"
    assert "is being deleted" in waiting(world, "g", "QueueStopped")
    world.delete(TASK_GRAPH, "g")
    world.until(lambda: not world.store.all(QUEUE), "the queue is gone")


def used(world: World, queue: str) -> int:
    """What pods that are not over hold, as the API server has them."""
    held = [pod for pod in world.pods() if label(pod, "bayplan.dev/queue") == queue]
    return sum(pod["status"].get("phase") not in ("Succeeded", "Failed") for pod in held)


@pytest.mark.parametrize("seed", range(2))
def test_the_sums_hold_though_the_operator_is_killed_again_and_again(world: World, seed: int) -> None:
    lots = random.Random(seed)
    world.api.latency = 0.05
    world.scheduler.delay, world.kubelets.delay = 0.1, 0.2
    world.create_queue("top", everyone=False)
    limits = {"a": 5, "b": 3}
    world.create_queue("a", cpu(3), parentName="top")
    world.create_queue("b", cpu(2, borrowingLimit=1), parentName="top")
    most = dict.fromkeys([*limits, "both"], 0)

    def look(_: object = None) -> None:
        holds = {name: used(world, name) for name in limits}
        for name, count in {**holds, "both": sum(holds.values())}.items():
            most[name] = max(most[name], count)

    world.store.listeners.append(look)
    for number in range(6):
        shards, seconds = lots.randint(2, 5), lots.uniform(1, 4)
        world.create(f"g{number}", task("t", shards=shards, seconds=seconds), task("u", "t"), queueName="ab"[number % 2])
        world.run(lots.uniform(0.0, 0.5))
    for _ in range(10):
        world.run(lots.uniform(0.0, 1.0))
        world.operator.restart()
    world.until(lambda: all("completionTime" in graph.get("status", {}) for graph in world.store.all(TASK_GRAPH)))
    world.store.listeners.remove(look)
    assert most["a"] <= limits["a"]
    assert most["b"] <= limits["b"]
    assert most["both"] == 5, "all of it was used, and never more"


def test_pods_whose_graph_is_gone_count_until_they_are(world: World) -> None:
    world.create_queue("q", cpu(1))
    world.create("g", task("a", seconds=600), queueName="q")
    (pod,) = world.wait_running("g")
    world.run(3)
    world.kubelets.silent.add(pod["spec"]["nodeName"])
    world.operator.kill()
    world.delete(TASK_GRAPH, "g")
    world.run(3)
    world.operator.start()
    world.create("h", task("a"), queueName="q")
    assert "cpu: 1 of 1 used" in waiting(world, "h", "QuotaExceeded")
    assert world.store.all(TASK_GRAPH)[0]["metadata"]["name"] == "h"
    world.run(10)
    assert world.created("h") == []
    assert world.queue("q")["status"]["admitted"] == 1
    world.kubelets.silent.clear()
    world.store.delete(POD, NAMESPACE, pod["metadata"]["name"], grace=0)
    world.wait_condition("h", "Complete")


def test_a_status_that_was_edited_is_written_again(world: World) -> None:
    world.create_queue("q", cpu(8))
    ready(world, "q")
    world.patch(QUEUE, "q", {"status": {"pending": 99, "usage": "all mine"}}, "status")
    world.run(3)
    status = world.queue("q")["status"]
    assert (status["pending"], status["usage"]) == (0, "cpu 0/8")


def test_shares_of_gpus_and_whole_ones_count_in_one_row(empty: World) -> None:
    made = manifest(CPU_LARGE, 0)
    made["metadata"]["name"] = made["metadata"]["labels"]["kubernetes.io/hostname"] = "gpu-0"
    made["status"]["allocatable"] |= {"nvidia.com/gpu": "4", "bayplan.dev/gpu-milli": "4000"}
    made["status"]["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": empty.store.stamp()}]
    empty.store.create(NODE, "", made)
    empty.operator.start()
    empty.create_queue("q", {"resource": "nvidia.com/gpu", "nominal": 2})
    empty.create("w", task("a", seconds=600, requests={"nvidia.com/gpu": "1"}), queueName="q")
    empty.create("s", task("a", seconds=600, shards=3, requests={"bayplan.dev/gpu-milli": "500"}), queueName="q")
    empty.wait_running("w")
    empty.wait_running("s", count=2)
    assert "nvidia.com/gpu: 2 of 2 used, 0.5 asked, 0.5 missing" in waiting(empty, "s", "QuotaExceeded")
    empty.run(3)
    assert empty.queue("q")["status"]["usage"] == "nvidia.com/gpu 2/2"


def test_statuses_are_written_at_most_once_a_second_and_not_without_news(world: World) -> None:
    world.create_queue("q", cpu(8))
    for number in range(40):
        world.create(f"g{number:02d}", task("a", seconds=0.3), queueName="q")
    at: list[float] = []
    seen = world.queue("q")["metadata"]["resourceVersion"]

    def look(_: object = None) -> None:
        nonlocal seen
        version = world.queue("q")["metadata"]["resourceVersion"]
        if version != seen:
            at.append(world.loop.time())
            seen = version

    world.store.listeners.append(look)
    world.until(lambda: all("completionTime" in graph.get("status", {}) for graph in world.store.all(TASK_GRAPH)))
    world.run(5)
    assert len(at) >= 3
    assert min(after - before for before, after in itertools.pairwise(at)) >= 0.9
    written = len(at)
    world.run(120)
    world.store.listeners.remove(look)
    assert len(at) == written
    assert world.queue("q")["status"]["usage"] == "cpu 0/8"
