from typing import Any

import msgspec

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import Gpus
from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.own_pod import Identity, Pending
from bayplan_operator.view import PodStore

OWNER = {"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "bayplan.dev/v1alpha1", "controller": True}


P = names.pod_name("g", "u", "a", 0, 1)


def pod(name: str, version: int, node: str = "n", phase: str = "Running", own: bool = True, **status: Any) -> wire.Pod:
    labels = {"bayplan.dev/task": "a", "bayplan.dev/shard": "0", "bayplan.dev/incarnation": "1"}
    raw = {
        "metadata": {
            "name": name, "namespace": "ns", "resourceVersion": str(version), "labels": labels,
            "ownerReferences": [OWNER] if own else [],
        },
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": phase, **status},
    }  # fmt: skip
    return msgspec.convert(raw, wire.Pod, strict=False)


class Fixture:
    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cluster.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
        self.now = 100.0
        self.store = PodStore(self.cluster, lambda: self.now, lambda: None)

    def used(self) -> int:
        return int(self.cluster.used[self.cluster.row("n"), self.cluster.resources.index("cpu")])


def assume(fixture: Fixture, name: str = P) -> None:
    fixture.store.assume(("ns", name), Pending("u", Identity("a", 0, 1), "n", {"cpu": 1000, "pods": 1}))


def test_a_creation_counts_from_the_moment_it_is_asked_for_and_only_once() -> None:
    fixture = Fixture()
    assume(fixture)
    assert fixture.used() == 1000
    assert fixture.store.pending("u", ("ns", P)) is not None
    fixture.store.apply(pod(P, 5))
    assert fixture.used() == 1000
    assert fixture.store.pending("u", ("ns", P)) is None
    assert [own.key for own in fixture.store.own("u")] == [("ns", P)]


def test_a_creation_that_came_to_nothing_frees_its_place() -> None:
    fixture = Fixture()
    assume(fixture)
    fixture.store.take_changed()
    fixture.store.renounce(("ns", P))
    assert fixture.used() == 0
    assert fixture.store.take_changed() == {"u": {("ns", P): None}}


def test_older_news_never_overwrite_newer_ones() -> None:
    fixture = Fixture()
    fixture.store.apply(pod(P, 9, phase="Succeeded"))
    fixture.store.apply(pod(P, 5))
    (own,) = fixture.store.own("u")
    assert own.terminal
    assert fixture.used() == 0


def test_a_late_answer_does_not_bring_a_deleted_pod_back() -> None:
    fixture = Fixture()
    fixture.store.apply(pod(P, 5))
    fixture.store.remove(pod(P, 8))
    fixture.store.apply(pod(P, 7))
    assert list(fixture.store.own("u")) == []
    assert fixture.used() == 0
    fixture.store.apply(pod(P, 12))  # made anew under the same name
    assert fixture.used() == 1000


def test_a_list_drops_what_went_unseen_and_keeps_what_is_newer_than_it() -> None:
    fixture = Fixture()
    fixture.store.apply(pod("old", 5))
    fixture.store.apply(pod("own-write", 30))
    fixture.store.replace([pod("listed", 7, own=False)], version=20)
    assert {own.key[1] for own in fixture.store.own("u")} == {"own-write"}
    assert fixture.used() == 2000


def test_pods_of_others_count_bound_or_nominated() -> None:
    fixture = Fixture()
    fixture.store.apply(pod("bound", 5, own=False))
    fixture.store.apply(pod("nominated", 6, node="", phase="Pending", own=False, nominatedNodeName="n"))
    fixture.store.apply(pod("waiting", 7, node="", phase="Pending", own=False))
    assert fixture.used() == 2000
    assert list(fixture.store.graphs_with_pods()) == []


def test_nobody_else_can_book_room_with_our_annotation() -> None:
    fixture = Fixture()
    raw = {
        "metadata": {"name": "x", "namespace": "ns", "resourceVersion": "5", "annotations": {"bayplan.dev/node": "n"}},
        "spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": "Pending"},
    }
    fixture.store.apply(msgspec.convert(raw, wire.Pod, strict=False))
    assert fixture.used() == 0


def test_what_is_larger_than_any_column_fills_the_node_and_brings_nobody_down() -> None:
    fixture = Fixture()
    raw = {
        "metadata": {"name": "x", "namespace": "ns", "resourceVersion": "5"},
        "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": "10P", "memory": "100E"}}}]},
        "status": {"phase": "Pending"},
    }
    fixture.store.apply(msgspec.convert(raw, wire.Pod, strict=False))
    assert fixture.used() >= 8000


def test_since_when_a_pod_is_stuck_outlasts_its_changes_and_ends_when_it_runs() -> None:
    fixture = Fixture()
    waiting = [{"state": {"waiting": {"reason": "ErrImagePull"}}}]
    fixture.store.apply(pod(P, 5, phase="Pending", containerStatuses=waiting))
    fixture.now = 130.0
    again = [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]
    fixture.store.apply(pod(P, 6, phase="Pending", containerStatuses=again))
    own = fixture.store.own_pod(("ns", P))
    assert own is not None
    assert own.stuck_since == 100.0
    fixture.store.apply(pod(P, 7))
    own = fixture.store.own_pod(("ns", P))
    assert own is not None
    assert own.stuck_since is None


def gpu_pod(name: str, version: int, said: str | None, milli: str = "600", own: bool = True) -> wire.Pod:
    annotations = {} if said is None else {"bayplan.dev/gpus": said}
    raw = {
        "metadata": {
            "name": name, "namespace": "ns", "resourceVersion": str(version), "annotations": annotations,
            "ownerReferences": [OWNER] if own else [],
        },
        "spec": {"nodeName": "g", "containers": [{"resources": {"limits": {"bayplan.dev/gpu-milli": milli}}}]},
        "status": {"phase": "Running"},
    }  # fmt: skip
    return msgspec.convert(raw, wire.Pod, strict=False)


def with_gpus() -> Fixture:
    """With a node "g" that shares four GPUs."""
    fixture = Fixture()
    fixture.cluster.set_node(NodeInfo("g", {"bayplan.dev/gpu-milli": 4000, "pods": 10}, gpus=Gpus(4)))
    return fixture


def free(fixture: Fixture) -> list[int]:
    return [device.free for device in fixture.cluster.gpus("g")]


def test_a_pod_is_charged_to_the_gpus_that_it_says_and_others_to_the_first_that_fit() -> None:
    fixture = with_gpus()
    fixture.store.apply(gpu_pod("ours", 5, "2"))
    fixture.store.apply(gpu_pod("foreign", 6, "3", own=False))  # not ours: what it says books nothing
    assert free(fixture) == [400, 1000, 400, 1000]


def test_an_assumed_pod_takes_its_gpu_before_anybody_has_seen_it() -> None:
    fixture = with_gpus()
    resources = {"bayplan.dev/gpu-milli": 600, "pods": 1}
    fixture.store.assume(("ns", P), Pending("u", Identity("a", 0, 1), "g", resources, (2,)))
    assert free(fixture) == [1000, 1000, 400, 1000]
    version = fixture.cluster.version
    fixture.store.apply(gpu_pod(P, 5, "2"))
    assert free(fixture) == [1000, 1000, 400, 1000]
    assert fixture.cluster.version == version, "the server's answer changes nothing"


def test_after_a_restart_those_that_know_their_gpus_come_first() -> None:
    fixture = with_gpus()
    fixture.store.replace([gpu_pod("unknown", 5, None), gpu_pod("ours", 6, "0")], version=9)
    assert free(fixture) == [400, 400, 1000, 1000]


# Gates


def held_back(pod_: wire.Pod) -> wire.Pod:
    """As it was created, with a gate of another program."""
    spec = msgspec.structs.replace(pod_.spec, node_name="", scheduling_gates=[wire.SchedulingGate("queue.example/admission")])
    annotations = {"bayplan.dev/node": pod_.spec.node_name, **pod_.metadata.annotations}
    metadata = msgspec.structs.replace(pod_.metadata, annotations=annotations)
    return msgspec.structs.replace(pod_, spec=spec, metadata=metadata, status=wire.PodStatus())


def test_a_gated_pod_holds_room_for_ten_seconds_and_again_once_it_is_let_go() -> None:
    fixture = Fixture()
    fixture.store.apply(held_back(pod(P, 5)))
    assert (fixture.used(), fixture.store.gated.next_at) == (1000, 110.0)
    fixture.now = 109.9
    fixture.store.give_back_gated(fixture.now)
    fixture.store.apply(held_back(pod(P, 6)))
    assert fixture.used() == 1000
    fixture.now = 110.0
    fixture.store.give_back_gated(fixture.now)
    assert (fixture.used(), fixture.store.gated.next_at) == (0, None)
    fixture.store.apply(held_back(pod(P, 7)))
    assert fixture.used() == 0, "news of it do not begin another grace"
    fixture.store.apply(pod(P, 8))
    assert fixture.used() == 1000


def test_a_gated_pod_that_is_gone_leaves_nothing_behind() -> None:
    fixture = Fixture()
    fixture.store.apply(held_back(pod(P, 5)))
    fixture.store.remove(held_back(pod(P, 6)))
    assert fixture.used() == 0
    fixture.now = 105.0
    fixture.store.apply(held_back(pod(P, 7)))
    fixture.now = 114.0
    fixture.store.give_back_gated(fixture.now)
    assert fixture.used() == 1000, "one of the same name begins its own grace"


def test_a_gated_share_of_a_gpu_keeps_its_gpu() -> None:
    fixture = with_gpus()
    fixture.store.apply(held_back(gpu_pod("ours", 5, "2")))
    before, fixture.now = free(fixture), 1000.0
    fixture.store.give_back_gated(fixture.now)
    fixture.store.apply(held_back(gpu_pod("ours", 6, "2")))
    assert free(fixture) == before
