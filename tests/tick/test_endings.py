"""How attempts end that have more than one container, or that the cluster ends: what is told, and what is learned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import POD
from tests.tick.machinery.pods import key, write_status
from tests.tick.test_profiles import figures, learned
from tests.tick.world import World

PROXY = {"name": "proxy", "image": "none", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}}


def ends(world: World, pod: Object, phase: str, main: Object, ran: tuple[float, float]) -> None:
    """As its kubelet tells it: the main container ended, then the sidecar was stopped. `ran`: seconds before now."""
    states: dict[str, Any] = {
        "main": {**main, "startedAt": world.store.stamp(-ran[0]), "finishedAt": world.store.stamp(-ran[1])},
        "proxy": {
            "exitCode": 143, "reason": "Error", "startedAt": world.store.stamp(-ran[0] - 10), "finishedAt": world.store.stamp(),
        },
    }  # fmt: skip
    told = {name: [{"name": name, "state": {"terminated": state}}] for name, state in states.items()}
    write_status(world.store, pod, phase=phase, containerStatuses=told["main"], initContainerStatuses=told["proxy"])


def test_the_failure_that_is_told_is_the_main_containers_and_not_that_of_the_stopped_sidecar(world: World) -> None:
    world.create("g", task("work", seconds=None, pod={"initContainers": [PROXY]}), retry={"limit": 0})
    (pod,) = world.wait_running("g")
    world.run(100)
    ends(world, pod, "Failed", {"exitCode": 3, "reason": "Error", "message": "input is missing"}, (80, 30))
    failed = world.wait_condition("g", "Failed")
    assert failed["message"] == f"task work failed on node {pod['spec']['nodeName']} with exit code 3: Error: input is missing"


def test_the_run_that_is_learned_is_the_main_containers(world: World) -> None:
    world.create("nightly-1", task("work", seconds=None, pod={"initContainers": [PROXY]}), profile="nightly")
    (pod,) = world.wait_running("nightly-1")
    world.run(100)
    ends(world, pod, "Succeeded", {"exitCode": 0, "reason": "Completed"}, (100, 30))
    world.wait_condition("nightly-1", "Complete")
    assert float(figures(learned(world, "nightly/work", 1))["run"]["mean"]) == pytest.approx(70, abs=1)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("EvictionByEvictionAPI", "by the Eviction API, as a drain does"),
        ("DeletionByTaintManager", "by a NoExecute taint"),
    ],
)
def test_an_eviction_is_told_in_plain_words(world: World, reason: str, words: str) -> None:
    world.create("g", task("a", seconds=None), retry={"limit": 0})
    (pod,) = world.wait_running("g")
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "as Kubernetes has it"}
    write_status(world.store, pod, conditions=[condition])
    world.delete(POD, key(pod)[1])
    world.wait_attempt("g", 2)
    (told,) = [event["message"] for event in world.events("AttemptEnded")]
    assert told == f"task a: evicted from node {pod['spec']['nodeName']} {words} ({reason})"


def test_what_a_person_deletes_is_told_as_deleted(world: World) -> None:
    world.create("g", task("a", seconds=None), retry={"limit": 0})
    (pod,) = world.wait_running("g")
    world.delete(POD, key(pod)[1])
    world.wait_attempt("g", 2)
    (told,) = [event["message"] for event in world.events("AttemptEnded")]
    assert told == f"task a: it was deleted on node {pod['spec']['nodeName']} (Error, exit code 143)"
