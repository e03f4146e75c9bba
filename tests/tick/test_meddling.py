"""People and programs that change what is not theirs to change: the graph beside it goes on, and this one ends right."""

from __future__ import annotations

import pytest

from tests.cluster.kube import Object, task
from tests.cluster.test_meddling import GARBAGE
from tests.tick.api.kinds import PLACEMENT_POLICY, POD, TASK_GRAPH
from tests.tick.seen import find
from tests.tick.world import World


def three_tasks(world: World, name: str) -> None:
    """The first of which runs until the test ends it."""
    world.create(name, task("a", seconds=None), task("b", "a", seconds=0.2), task("c", "b", seconds=0.2))


def ended_right(world: World, name: str) -> None:
    world.wait_condition(name, "Complete")
    status = world.status(name)
    assert status["progress"] == "3/3"
    assert status["summary"] == "Succeeded"
    assert [line.split()[1:3] for line in status["tasks"]] == [["Succeeded", "1/0"]] * 3
    assert find(status, "Accepted", "True")


def words(world: World, name: str) -> Object:
    return {field: world.status(name).get(field) for field in GARBAGE}


def test_a_status_edited_under_the_running_operator_is_written_again(world: World) -> None:
    three_tasks(world, "g")
    (running,) = world.wait_running("g", "a")
    world.run(10)
    said = words(world, "g")
    for edit in (GARBAGE, {"tasks": None, "acceptedAt": None, "conditions": None}):
        world.patch(TASK_GRAPH, "g", {"status": edit}, "status")
        assert words(world, "g") != said
        world.run(3)
        assert words(world, "g") == said, "our words are back"
    world.finish(running)
    ended_right(world, "g")


EDITS: dict[str, Object] = {
    "garbage": GARBAGE,
    # What a clock that was wrong might have left behind, in the right words.
    "future": {"acceptedAt": "2199-01-01T00:00:00.000000Z", "tasks": ["b Ready 1/1 >9.5", "c Ready"]},
    "empty": {"tasks": None, "acceptedAt": None, "startTime": None, "conditions": None},
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_status_edited_while_the_operator_is_down(world: World, edit: str) -> None:
    three_tasks(world, "g")
    three_tasks(world, "good")
    running = world.wait_running(count=2)
    world.run(10)
    world.operator.kill()
    world.patch(TASK_GRAPH, "g", {"status": EDITS[edit]}, "status")
    world.operator.start()
    world.run(5)
    world.finish(*running)
    for name in ("g", "good"):
        world.wait_condition(name, "Complete")
        assert [line.split()[1] for line in world.status(name)["tasks"]] == ["Succeeded"] * 3
        assert len(world.created(name)) == 3, "its pod was there all the time"


def test_a_policy_deleted_in_use(world: World) -> None:
    world.create_policy("passing")
    world.create("g", task("a", seconds=None), task("b", "a", seconds=0.2), policyName="passing")
    (running,) = world.wait_running("g", "a")
    world.delete(PLACEMENT_POLICY, "passing")
    accepted = world.wait_condition("g", "Accepted", "False")
    assert accepted["reason"] == "PolicyNotFound"
    assert 'spec.policyName is "passing"' in accepted["message"]
    world.finish(running)
    world.run(30)
    assert world.lines("g")["a"].startswith("Succeeded 1/0")
    assert world.lines("g")["b"] == "Ready"
    assert len(world.created("g")) == 1, "nothing new may start"
    world.create_policy("passing")
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 2


def test_a_priority_changed_in_mid_run_is_taken_in(world: World) -> None:
    world.create("g", task("a", seconds=None), task("b", "a", seconds=0.2))
    (running,) = world.wait_running("g", "a")
    world.patch(TASK_GRAPH, "g", {"spec": {"priority": 7}})
    world.until(lambda: world.status("g").get("observedGeneration") == 2)
    world.finish(running)
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")


def test_labels_edited_on_running_pods_change_nothing(world: World) -> None:
    edits: dict[str, Object] = {
        "other": {"bayplan.dev/task": "b", "bayplan.dev/graph-uid": "x"},
        "absurd": {"bayplan.dev/incarnation": "99999999999999", "bayplan.dev/shard": "77"},
        "bare": dict.fromkeys(f"bayplan.dev/{part}" for part in ("graph-uid", "task", "shard", "incarnation")),
    }
    for name in edits:
        world.create(name, task("a", seconds=None), task("b", "a", seconds=0.2))
    running = {name: world.wait_running(name, "a")[0] for name in edits}
    for name, labels in edits.items():
        world.patch(POD, running[name]["metadata"]["name"], {"metadata": {"labels": labels}})
    world.run(3)
    world.finish(*running.values())
    for name in edits:
        world.wait_condition(name, "Complete")
        assert [line.split()[2] for line in world.status(name)["tasks"]] == ["1/0", "1/0"], name
    world.until(lambda: not world.held(), "the finalizers are gone")


def test_labels_edited_while_the_operator_is_down_cost_an_attempt_and_no_more(world: World) -> None:
    world.create("g", task("a", seconds=None), task("b", "a", seconds=0.2))
    (pod,) = world.wait_running("g", "a")
    world.run(3)
    world.operator.kill()
    world.patch(POD, pod["metadata"]["name"], {"metadata": {"labels": {"bayplan.dev/task": "b"}}})
    world.operator.start()
    world.finish(world.wait_attempt("g", 2, "a"))
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 2/0")
    assert world.lines("g")["b"].startswith("Succeeded 1/0")
    world.until(
        lambda: world.store.find(POD, "test", pod["metadata"]["name"]) is None, "the pod that is no attempt of any task is gone"
    )


def test_our_finalizer_removed_from_a_running_pod(world: World) -> None:
    world.create("g", task("a", seconds=None), task("b", "a", seconds=0.2))
    (pod,) = world.wait_running("g", "a")
    world.patch(POD, pod["metadata"]["name"], {"metadata": {"finalizers": None}})
    world.finish(pod)
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")
    assert world.pods("g", "a")[0]["metadata"].get("finalizers") is None, "it is not put back"
