"""Tasks that fail: tried again with back-off, and at last in words; and pods that cannot be made, or cannot start."""

from __future__ import annotations

import pytest

from tests.cluster.kube import task
from tests.tick.api.kinds import POD
from tests.tick.api.refusal import Refusal
from tests.tick.machinery.pods import node_of
from tests.tick.seen import label
from tests.tick.world import World

FAILS = {"sim.bayplan.dev/exit-code": "3", "sim.bayplan.dev/message": "no such file"}


def begun(world: World, graph: str) -> list[float]:
    """When each pod of a graph was created, in seconds after the begin."""
    return [world.seconds(pod["metadata"]["creationTimestamp"]) for pod in world.created(graph)]


def test_a_failed_pod_is_tried_again_later_and_later(world: World) -> None:
    thrice = {**FAILS, "sim.bayplan.dev/fail-incarnations": "1,2,3"}
    retry = {"limit": 3, "backoff": {"initial": "10s", "factor": 3, "cap": "25s"}}
    world.create("g", task("a", seconds=1, annotations=thrice), task("b", "a"), retry=retry)
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 4/3")
    first, second, third, fourth, _ = begun(world, "g")
    assert [second - first, third - second, fourth - third] == [pytest.approx(1 + wait, abs=1) for wait in (10, 25, 25)]
    told = [event["message"] for event in world.events("AttemptEnded")]
    assert len(told) == 3
    assert all("task a" in message and "exit code 3" in message and "no such file" in message for message in told)


def test_a_task_that_fails_for_good_fails_the_graph_and_stops_the_rest(world: World) -> None:
    bad = task("bad", seconds=0.5, annotations=FAILS, retry={"limit": 1, "backoff": {"initial": "100ms"}})
    world.create("g", bad, task("long", seconds=None), task("after", "bad"))
    failed = world.wait_condition("g", "Failed")
    (where,) = [node_of(pod) for pod in world.pods("g", "bad") if label(pod, "bayplan.dev/incarnation") == "2"]
    assert failed["message"] == (
        f"task bad failed on node {where} with exit code 3, after 2 failed attempts: Error: no such file"
    )
    assert world.status("g")["summary"] == "Failed"
    assert world.lines("g")["after"] == "Skipped"
    assert world.created("g")[-1]["metadata"]["labels"]["bayplan.dev/task"] == "bad"
    world.until(lambda: not world.pods("g", "long"), "the long task's pod is gone")


def test_a_pod_that_is_deleted_is_replaced_without_a_retry(world: World) -> None:
    world.create("g", task("a", seconds=None), retry={"limit": 0})
    (pod,) = world.wait_running("g")
    world.delete(POD, pod["metadata"]["name"])
    world.finish(world.wait_attempt("g", 2))
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 2/0")


def test_what_the_api_server_refuses_for_good_is_a_failure_with_its_words(world: World) -> None:
    world.api.trouble.order("POST", "/pods$", Refusal(422, "Invalid", "spec.containers[0].imagePullPolicy: Unsupported value"))
    world.create("g", task("a"))
    assert "imagePullPolicy: Unsupported value" in world.wait_condition("g", "Failed")["message"]
    assert world.created("g") == []


DENIED = {
    "webhook": Refusal(400, "BadRequest", 'admission webhook "rules.test" denied the request: no more than two'),
    "policy": Refusal(422, "Invalid", "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no more than two"),
}


@pytest.mark.parametrize("what", DENIED)
def test_what_denies_a_pod_may_think_otherwise_later(world: World, what: str) -> None:
    world.api.trouble.order("POST", "/pods$", DENIED[what], times=2)
    world.create("g", task("a"))
    assert "no more than two" in world.wait_condition("g", "Waiting")["message"]
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].split()[1].endswith("/0")


def test_a_quota_is_waited_for_and_costs_no_retry(world: World) -> None:
    quota = 'pods "x" is forbidden: exceeded quota: small, requested: requests.cpu=2, used: 0, limited: 1'
    world.api.trouble.order("POST", "/pods$", Refusal(403, "Forbidden", quota), times=1000)
    world.create("g", task("a", cpu="2", seconds=0.5), retry={"limit": 0})
    waiting = world.wait_condition("g", "Waiting")
    assert waiting["reason"] == "ResourceQuotaExceeded"
    assert "exceeded quota: small" in waiting["message"]
    world.run(600)
    asked = world.api.trouble.met
    assert 5 < asked < 60, "it backs off, and does not give up"
    world.api.trouble.forget()
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].split()[1].endswith("/0")


def test_a_busy_api_server_is_asked_again_as_it_says(world: World) -> None:
    busy = Refusal(429, "TooManyRequests", "later", retry_after=7)
    world.api.trouble.order("POST", "/pods$", busy)
    world.create("g", task("a"))
    (pod,) = world.wait_running("g")
    assert world.seconds(pod["metadata"]["creationTimestamp"]) + 1 >= 7 * 0.7
    assert world.loop.passed < 7 * 1.3 + 1
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")


def test_containers_that_cannot_start_are_a_failure_after_a_while(world: World) -> None:
    world.kubelets.stuck = "ImagePullBackOff"
    world.create("g", task("a"), retry={"limit": 1, "backoff": {"initial": "1s"}})
    failed = world.wait_condition("g", "Failed")
    assert "ImagePullBackOff" in failed["message"]
    first, second = begun(world, "g")
    assert second - first == pytest.approx(5 + 1, abs=1.5), "the tests' operator is told 5 s"


def test_containers_that_start_in_time_are_no_failure(world: World) -> None:
    world.kubelets.stuck = "ImagePullBackOff"
    world.create("g", task("a"))
    world.until(lambda: world.pods("g") and world.pods("g")[0]["status"].get("containerStatuses"))
    world.run(3)
    world.kubelets.stuck = ""
    world.kubelets.look_after(node_of(world.pods("g")[0]))
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")
