from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bayplan.lifecycle import Phase
from bayplan_operator.kube import wire
from bayplan_operator.translate.attempt import attempt
from bayplan_operator.translate.own_pod import OwnPod, graph_uid_of, identity_of, is_stuck


def pod(status: dict[str, Any], spec: dict[str, Any] | None = None, **metadata: Any) -> wire.Pod:
    raw = {
        "metadata": {
            "name": "p", "namespace": "ns", "resourceVersion": "5", "finalizers": ["bayplan.dev/outcome"],
            "labels": {"bayplan.dev/task": "a", "bayplan.dev/shard": "1", "bayplan.dev/incarnation": "2"},
            "annotations": {"bayplan.dev/node": "n1"},
            "ownerReferences": [
                {"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "bayplan.dev/v1alpha1", "controller": True}
            ],
            **metadata,
        },
        "spec": {"nodeName": "n1", **(spec or {})},
        "status": status,
    }  # fmt: skip
    return msgspec.json.decode(msgspec.json.encode(raw), type=wire.Pod)


def seen(pod_: wire.Pod, stuck_since: float | None = None) -> Any:
    identity = identity_of(pod_)
    assert identity is not None
    return attempt(OwnPod(pod_, graph_uid_of(pod_), identity, 5, stuck_since), unit=4)


def ended(code: int, **terminated: Any) -> dict[str, Any]:
    end = {"exitCode": code, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:03Z", **terminated}
    return {"containerStatuses": [{"name": "main", "state": {"terminated": end}}]}


def test_a_failure_brings_exit_code_reason_and_message() -> None:
    found = seen(pod({"phase": "Failed", **ended(3, reason="Error", message="no such\n file")}))
    assert (found.phase, found.exit_code, found.cause, found.message) == (Phase.FAILED, 3, "Error", "no such file")
    assert found.finished - found.started == 3.0
    assert (found.unit, found.incarnation, found.key, found.held) == (4, 2, ("ns", "p"), True)


def test_run_time_begins_with_the_first_container_and_not_with_the_pulling_of_images() -> None:
    taken = {"startTime": "2026-01-01T00:00:00Z"}
    creating = {"name": "main", "state": {"waiting": {"reason": "ContainerCreating"}}}
    assert seen(pod({"phase": "Pending", **taken, "containerStatuses": [creating]})).started is None
    running = {"name": "main", "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}}
    begun = seen(pod({"phase": "Running", **taken, "containerStatuses": [creating, running]}))
    assert begun.started == datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC).timestamp()
    assert seen(pod({"phase": "Running", **taken})).started == begun.started - 5.0, "better than nothing"


def test_the_container_that_failed_speaks_and_not_the_first() -> None:
    ends = [
        {"name": n, "state": {"terminated": {"exitCode": c, "reason": r}}}
        for n, c, r in (("x", 0, "Completed"), ("y", 137, "OOMKilled"))
    ]
    assert seen(pod({"phase": "Failed", "containerStatuses": ends})).cause == "OOMKilled"


@pytest.mark.parametrize("reason", ["OutOfcpu", "OutOfnvidia.com/gpu", "NodeShutdown", "UnexpectedAdmissionError"])
def test_what_the_node_did_is_a_disruption(reason: str) -> None:
    assert seen(pod({"phase": "Failed", "reason": reason})).disrupted


LIMIT = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "
LOW = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
TARGET = {"type": "DisruptionTarget", "status": "True"}


@pytest.mark.parametrize(
    ("status", "disrupted"),
    [
        ({"message": LIMIT}, False),
        ({"message": 'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". '}, False),
        ({"message": LIMIT, "conditions": [{**TARGET, "status": "False"}]}, False),
        ({"message": LOW, "conditions": [{**TARGET, "reason": "TerminationByKubelet", "message": LOW}]}, True),
        ({"message": LOW}, True),
    ],
    ids=["own limit", "own volume", "no target", "node pressure", "node pressure, an old kubelet"],
)
def test_an_eviction_for_the_pods_own_limit_is_its_own_failure(status: dict[str, Any], disrupted: bool) -> None:
    found = seen(pod({"phase": "Failed", "reason": "Evicted", **status}))
    assert (found.disrupted, found.cause, found.message) == (disrupted, "Evicted", " ".join(status["message"].split()))


TAINTED = {**TARGET, "reason": "DeletionByTaintManager", "message": "Taint manager: deleting due to NoExecute taint"}


def test_an_eviction_is_told_as_such_and_not_by_what_the_containers_made_of_it() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}
    found = seen(pod({"phase": "Failed", "conditions": [TAINTED], **ended(143, reason="Error")}, **going))
    assert (found.cause, found.message) == ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
    assert found.exit_code == 143
    running = seen(pod({"phase": "Running", "conditions": [TAINTED]}, **going))
    assert (running.disrupted, running.cause) == (True, "DeletionByTaintManager")
    assert not seen(pod({"phase": "Succeeded", "conditions": [TAINTED], **ended(0)})).disrupted, "it succeeded all the same"


def test_an_eviction_by_the_api_is_a_disruption_and_the_pods_own_failure_is_none() -> None:
    assert seen(
        pod({"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True"}], **ended(143)})
    ).disrupted
    assert not seen(pod({"phase": "Failed", **ended(1)})).disrupted
    assert not seen(pod({"phase": "Failed", "reason": "DeadlineExceeded"})).disrupted


def test_a_pod_that_was_never_bound_has_ended_once_it_is_terminating() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert seen(pod({"phase": "Pending"}, {"nodeName": ""}, **going)).ended
    assert not seen(pod({"phase": "Running"}, **going, deletionGracePeriodSeconds=30)).ended
    assert seen(pod({"phase": "Running"}, **going, deletionGracePeriodSeconds=0)).ended


def test_kube_schedulers_words_are_kept() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: ports"}
    found = seen(pod({"phase": "Pending", "conditions": [condition]}, {"nodeName": ""}))
    assert found.unschedulable == "0/1 nodes: ports"
    assert found.node == "n1"
    assert not found.bound


def test_an_image_that_cannot_be_pulled_is_stuck() -> None:
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}}]}
    one = pod({"phase": "Pending", **waiting})
    assert is_stuck(one)
    found = seen(one, stuck_since=12.0)
    assert (found.stuck, found.stuck_since, found.cause, found.message) == (
        "ImagePullBackOff",
        12.0,
        "ImagePullBackOff",
        "not found",
    )
    creating = {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}
    assert not is_stuck(pod({"phase": "Pending", **creating}))


def test_labels_alone_prove_nothing() -> None:
    foreign = pod({"phase": "Running"}, ownerReferences=[], finalizers=[])
    assert graph_uid_of(foreign) == ""
    other_kind = [{"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "other.dev/v1", "controller": True}]
    assert graph_uid_of(pod({}, ownerReferences=other_kind, finalizers=[])) == ""
    not_controller = [{"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "bayplan.dev/v1alpha1"}]
    assert graph_uid_of(pod({}, ownerReferences=not_controller, finalizers=[])) == ""


def test_our_finalizer_without_an_owner_is_ours_to_remove() -> None:
    orphan = pod({"phase": "Running"}, ownerReferences=[], labels={})
    assert graph_uid_of(orphan) == "unknown"
    assert identity_of(orphan) is not None
