"""People and programs that change what is not theirs to change: the graph beside it goes on, and this one ends right."""

from __future__ import annotations

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bayplan_operator import names
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for, wait_still
from tests.testbed.installation import OperatorProcess


def edit_status(kube: Kube, name: str, status: Object) -> None:
    """Change a graph's status behind the operator's back."""
    kube.custom.patch_namespaced_custom_object_status(GROUP, VERSION, kube.namespace, "taskgraphs", name, {"status": status})


def edit_pod(kube: Kube, name: str, **metadata: object) -> None:
    kube.core.patch_namespaced_pod(name, kube.namespace, {"metadata": metadata})


def test_what_of_the_spec_may_change_in_mid_run(kube: Kube) -> None:
    kube.create("g", task("a", seconds=None), task("b", "a", seconds=0.2))
    (running,) = kube.wait_running("g", "a")
    with pytest.raises(ApiException) as refused:
        kube.patch("g", {"tasks": [task("a", seconds=None), task("b", "a", shards=2)]})
    assert "tasks cannot change once the graph exists: create a graph with another name instead" in str(refused.value.body)
    kube.patch("g", {"priority": 7})
    wait_for(lambda: kube.graph("g").get("status", {}).get("observedGeneration") == 2, "the change is taken in")
    kube.finish(running)
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 1/0")


GARBAGE: Object = {
    "tasks": ["a Succeeded 1/0 somewhere never", "b Skipped", "c Ready 99999999/99999999 >3", "zzz", "", "a"],
    "acceptedAt": "9999-12-31T23:59:59.999999Z",
    "startTime": "0001-01-01T00:00:00Z",
    "progress": "100/3",
    "summary": "Perfect",
    "waiting": "for Godot",
    "conditions": [
        {
            "type": "Accepted",
            "status": "Unknown",
            "reason": "Edited",
            "message": "by hand",
            "lastTransitionTime": "9999-12-31T23:59:59Z",
        }
    ],
}


def ended_right(kube: Kube, name: str) -> None:
    kube.wait_condition(name, "Complete")
    status = kube.graph(name)["status"]
    assert status["progress"] == "3/3"
    assert status["summary"] == "Succeeded"
    assert [line.split()[1] for line in status["tasks"]] == ["Succeeded"] * 3
    assert kube.condition(name, "Accepted")["status"] == "True"  # type: ignore[index]


def three_tasks(kube: Kube, name: str) -> None:
    """The first of which runs until somebody ends it."""
    kube.create(name, task("a", seconds=None), task("b", "a", seconds=0.2), task("c", "b", seconds=0.2))


def test_a_status_edited_under_the_running_operator_is_written_again(kube: Kube, operator: OperatorProcess) -> None:
    before = operator.process
    three_tasks(kube, "g")
    (running,) = kube.wait_running("g", "a")
    wait_for(lambda: kube.lines("g")["a"].startswith("Running 1/0"), "it is known to run")

    def words() -> Object:
        status = kube.graph("g").get("status", {})
        return {field: status.get(field) for field in GARBAGE}

    said = wait_still(words, "what the status says")
    edit_status(kube, "g", GARBAGE)
    wait_for(lambda: words() == said, "our words are back", timeout=30)
    edit_status(kube, "g", {"tasks": None, "acceptedAt": None, "conditions": None})
    wait_for(lambda: words() == said, "our words are back again", timeout=30)
    kube.finish(running)
    ended_right(kube, "g")
    assert [line.split()[2] for line in kube.graph("g")["status"]["tasks"]] == ["1/0"] * 3
    assert operator.process == before
    assert before.alive()


def test_a_status_edited_while_the_operator_is_down(kube: Kube, operator: OperatorProcess) -> None:
    for name in ("garbage", "future", "empty", "good"):
        three_tasks(kube, name)
    running = [pod for name in ("garbage", "future", "empty", "good") for pod in kube.wait_running(name, "a")]
    wait_for(lambda: "acceptedAt" in kube.graph("good").get("status", {}), "it is recorded")
    operator.kill()
    edit_status(kube, "garbage", GARBAGE)
    # What a clock that was wrong might have left behind, in the right words.
    edit_status(kube, "future", {"acceptedAt": "2199-01-01T00:00:00.000000Z", "tasks": ["b Ready 1/1 >9.5", "c Ready"]})
    edit_status(kube, "empty", {"tasks": None, "acceptedAt": None, "startTime": None, "conditions": None})
    operator.restart()
    operator.wait_until_leading()
    process = operator.process
    kube.finish(*running)
    for name in ("garbage", "future", "empty", "good"):
        ended_right(kube, name)
    assert len(kube.pods("good", "a")) == 1
    assert len(kube.pods("garbage", "a")) == 1, "its pod was there all the time"
    assert process.alive()
    assert operator.metric("bayplan_tick_errors_total") == 0


def test_a_foreign_pod_has_the_name_that_ours_would_get(kube: Kube, operator: OperatorProcess) -> None:
    operator.kill()
    uid = kube.create("g", task("a", seconds=0.2))["metadata"]["uid"]
    kube.create("good", task("a", seconds=0.2))
    taken = names.pod_name("g", uid, "a", 0, 1)
    labels = {"bayplan.dev/graph": "g", "bayplan.dev/graph-uid": uid, "bayplan.dev/task": "a", "bayplan.dev/incarnation": "1"}
    foreign = client.V1Pod(
        metadata=client.V1ObjectMeta(name=taken, labels={**labels, "bayplan.dev/shard": "0"}),
        spec=client.V1PodSpec(containers=[client.V1Container(name="c", image="none")]),
    )
    before = kube.core.create_namespaced_pod(kube.namespace, foreign)
    operator.restart()
    kube.wait_condition("good", "Complete")

    def told() -> bool:
        events = kube.core.list_namespaced_event(kube.namespace).items
        said = f"NameTaken: a pod named {taken} exists and was not made for this attempt: delete it"
        return any(said in event.message for event in events)

    wait_for(told, "the taken name is told")
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 2/0"), "a taken name is no failure of the task"
    after = kube.core.read_namespaced_pod(taken, kube.namespace)
    assert after.metadata.uid == before.metadata.uid
    assert after.metadata.deletion_timestamp is None
    kube.core.delete_namespaced_pod(taken, kube.namespace, grace_period_seconds=0)


def test_labels_edited_on_running_pods_change_nothing(kube: Kube, operator: OperatorProcess) -> None:
    for name in ("other", "bare", "absurd"):
        kube.create(name, task("a", seconds=None), task("b", "a", seconds=0.2))
    running = {name: kube.wait_running(name, "a")[0] for name in ("other", "bare", "absurd")}
    pods = {name: pod.metadata.name for name, pod in running.items()}
    edit_pod(kube, pods["other"], labels={"bayplan.dev/task": "b", "bayplan.dev/graph-uid": "x"})
    edit_pod(kube, pods["bare"], labels=none_of_ours())
    edit_pod(kube, pods["absurd"], labels={"bayplan.dev/incarnation": "99999999999999", "bayplan.dev/shard": "77"})
    kube.finish(*running.values())
    for name in pods:
        kube.wait_condition(name, "Complete")
        assert [line.split()[2] for line in kube.graph(name)["status"]["tasks"]] == ["1/0", "1/0"], name
    assert operator.metric("bayplan_tick_errors_total") == 0
    wait_for(
        lambda: not any(kube.core.read_namespaced_pod(pod, kube.namespace).metadata.finalizers for pod in pods.values()),
        "the finalizers are gone",
    )
    for pod in pods.values():
        kube.core.delete_namespaced_pod(pod, kube.namespace, grace_period_seconds=0)


def none_of_ours() -> dict[str, None]:
    return {f"bayplan.dev/{label}": None for label in ("graph", "graph-uid", "task", "shard", "incarnation")}


def test_labels_edited_while_the_operator_is_down(kube: Kube, operator: OperatorProcess) -> None:
    """Which attempt the pod is cannot be told any more: it is ended, and the task runs again."""
    kube.create("g", task("a", seconds=None), task("b", "a", seconds=0.2))
    (pod,) = kube.wait_running("g", "a")
    wait_for(lambda: kube.lines("g")["a"].startswith("Running 1/"), "the attempt is recorded")
    operator.kill()
    edit_pod(kube, pod.metadata.name, labels={"bayplan.dev/task": "b"})
    operator.restart()
    kube.finish(kube.wait_attempt("g", 2, "a"))
    kube.wait_condition("g", "Complete")
    lines = kube.lines("g")
    assert lines["a"].startswith("Succeeded 2/0")
    assert lines["b"].startswith("Succeeded 1/0")

    def gone() -> bool:
        pods = kube.core.list_namespaced_pod(kube.namespace).items
        return pod.metadata.uid not in {each.metadata.uid for each in pods}

    wait_for(gone, "the pod that nobody knows is gone")
