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


EVICTED = {"deletionTimestamp": "2026-01-01T00:00:40Z", "deletionGracePeriodSeconds": 30}


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("ns/b/train", "evicted from node n1 so that task train of graph b can start"),
        ("a graph of another namespace", "evicted from node n1 so that a graph of another namespace can start"),
        ("queue lab", "evicted from node n1 since the stopPolicy of queue lab is HoldAndDrain"),
    ],
)
def test_a_marked_pod_that_is_deleted_was_preempted(mark: str, words: str) -> None:
    said = {"annotations": {"bayplan.dev/node": "n1", "bayplan.dev/preempted-by": mark}}
    found = seen(pod({"phase": "Failed", **ended(143)}, **said, **EVICTED))
    assert (found.preempted, found.disrupted, found.cause, found.message) == (True, False, "Preempted", words)
    assert found.preempted_at == datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC).timestamp()
    assert found.words == f"{words} (Preempted)"


def test_a_mark_alone_and_a_success_within_the_grace_are_no_preemption() -> None:
    said = {"annotations": {"bayplan.dev/preempted-by": "ns/b/train"}}
    own = seen(pod({"phase": "Failed", **ended(3, reason="Error")}, **said))
    assert (own.preempted, own.cause) == (False, "Error"), "it has failed by itself before it was deleted"
    assert not seen(pod({"phase": "Succeeded"}, **said, **EVICTED)).preempted
    assert not seen(pod({"phase": "Failed", **ended(143)}, **EVICTED)).preempted


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
    assert found.disrupted == disrupted
    assert found.message.endswith(" ".join(status["message"].split()))
    if not disrupted:
        assert found.words == f"Evicted, {' '.join(status['message'].split())}"


TAINTED = {**TARGET, "reason": "DeletionByTaintManager", "message": "Taint manager: deleting due to NoExecute taint"}
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("DeletionByTaintManager", "evicted from node n1 by a NoExecute taint (DeletionByTaintManager)"),
        ("EvictionByEvictionAPI", "evicted from node n1 by the Eviction API, as a drain does (EvictionByEvictionAPI)"),
        (
            "PreemptionByScheduler",
            "pre-empted by kube-scheduler for a pod of higher priority on node n1 (PreemptionByScheduler)",
        ),
        ("TerminationByKubelet", f"evicted by the kubelet of node n1: {LOW.strip()} (TerminationByKubelet)"),
        ("DeletionByPodGC", "deleted by the pod garbage collector: node n1 is gone, or was out of service (DeletionByPodGC)"),
        ("DeletionByTomorrow", f"{LOW.strip()} (DeletionByTomorrow)"),
    ],
)
def test_what_the_cluster_ended_is_told_in_plain_words_and_not_by_what_the_containers_made_of_it(
    reason: str, words: str
) -> None:
    condition = {**TARGET, "reason": reason, "message": LOW}
    found = seen(pod({"phase": "Failed", "conditions": [condition], **ended(143, reason="Error")}, **GOING))
    assert (found.disrupted, found.cause, found.words) == (True, reason, words)
    still = seen(pod({"phase": "Running", "conditions": [condition]}, **GOING))
    assert (still.disrupted, still.words) == (True, words)


def test_what_succeeded_all_the_same_was_not_disrupted() -> None:
    assert not seen(pod({"phase": "Succeeded", "conditions": [TAINTED], **ended(0)})).disrupted


def test_an_eviction_by_the_api_is_a_disruption_and_the_pods_own_failure_is_none() -> None:
    assert seen(
        pod({"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True"}], **ended(143)})
    ).disrupted
    assert not seen(pod({"phase": "Failed", **ended(1)})).disrupted
    assert not seen(pod({"phase": "Failed", "reason": "DeadlineExceeded"})).disrupted


# Several containers

PROXY = {"name": "proxy", "restartPolicy": "Always"}


def over(name: str, code: int, begin: int, end: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    """A container that ran between two seconds of a minute."""
    at = [f"2026-01-01T00:00:{second:02d}Z" for second in (begin, end)]
    said = {"exitCode": code, "reason": reason, "message": message, "startedAt": at[0], "finishedAt": at[1]}
    return {"name": name, "state": {"terminated": said}}


def waits(name: str, reason: str, message: str = "") -> dict[str, Any]:
    return {"name": name, "state": {"waiting": {"reason": reason, "message": message}}}


def of(phase: str, inits: list[Any], mains: list[Any], **status: Any) -> wire.Pod:
    """A pod with a sidecar named proxy; its other init containers are ordinary ones."""
    spec = {
        "containers": [{"name": each["name"]} for each in mains],
        "initContainers": [PROXY if each["name"] == "proxy" else {"name": each["name"]} for each in inits],
    }
    return pod({"phase": phase, "initContainerStatuses": inits, "containerStatuses": mains, **status}, spec)


def test_a_sidecar_that_is_stopped_at_the_end_is_neither_the_failure_nor_run_time() -> None:
    failed = seen(of("Failed", [over("proxy", 143, 0, 50)], [over("main", 3, 5, 35, message="input is missing")]))
    assert (failed.exit_code, failed.cause, failed.message) == (3, "Error", "input is missing")
    assert failed.finished - failed.started == 30.0
    done = seen(of("Succeeded", [over("proxy", 137, 0, 50)], [over("main", 0, 5, 35, "Completed")]))
    assert (done.exit_code, done.finished - done.started) == (None, 30.0)


def test_a_sidecar_alone_is_no_failure_of_a_container() -> None:
    found = seen(of("Failed", [over("proxy", 143, 0, 50)], [over("main", 0, 5, 35, "Completed")], message="who knows"))
    assert (found.exit_code, found.cause, found.message) == (None, "Failed", "who knows")


def test_an_init_container_that_failed_is_told_though_a_sidecar_ended_before_it() -> None:
    inits = [over("proxy", 143, 0, 9), over("fetch", 7, 2, 6, message="no such object")]
    found = seen(of("Failed", inits, [waits("main", "PodInitializing")]))
    assert (found.exit_code, found.cause, found.message) == (7, "Error", "init container fetch: no such object")
    assert found.finished == datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC).timestamp()


def test_of_several_main_containers_the_first_to_fail_is_told_and_the_run_is_that_of_all() -> None:
    mains = [
        over("helper", 1, 2, 40, message="peer is gone"),
        over("train", 3, 4, 30, message="loss is nan"),
        over("x", 0, 9, 50),
    ]
    found = seen(of("Failed", [over("proxy", 0, 0, 55, "Completed")], mains))
    assert (found.exit_code, found.message) == (3, "container train: loss is nan")
    assert found.finished - found.started == 48.0


def test_a_failed_pod_without_any_container_status_still_says_something() -> None:
    assert seen(pod({"phase": "Failed"})).words == "Failed"
    assert (
        seen(pod({"phase": "Failed", "reason": "DeadlineExceeded", "message": "too long"})).words
        == "DeadlineExceeded, too long"
    )
    assert seen(pod({"phase": "Failed"})).finished is None


def test_a_sidecar_that_keeps_crashing_before_the_main_container_starts_is_stuck() -> None:
    mains, words = [waits("main", "PodInitializing")], "back-off 40s restarting failed container=proxy"
    one = of("Pending", [waits("proxy", "CrashLoopBackOff", words)], mains)
    assert is_stuck(one)
    assert seen(one, 5.0).words == f"CrashLoopBackOff, {words}"
    beside = of("Running", [waits("proxy", "CrashLoopBackOff")], [{"name": "main", "state": {"running": {}}}])
    assert not is_stuck(beside), "the main container runs"
    restarted = of("Pending", [waits("fetch", "CrashLoopBackOff")], mains)
    assert not is_stuck(restarted), "with OnFailure it is the kubelet that counts"


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
