"""How many shards a graph's tasks have that leave it open: decided, recorded, kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.conductor.graphs import intake, reporting, splitting
from bayplan_operator.conductor.record.admission import Admission
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.kube import wire
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.translate.splitting import read_numbers
from bayplan_operator.translate.task_graph import InvalidGraph, prepare, with_shards
from bayplan_operator.view import PodStore

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW
POLICY = compile_policy({"metadata": {"name": "p"}, "spec": {}})


def raw(status: dict[str, Any] | None = None, **bounds: Any) -> dict[str, Any]:
    """Ten minutes of work with 20 s of start-up, 4 cores a shard, and a task after it."""
    pod = {"template": {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": "4"}}}]}}}
    auto = {"name": "train", "shards": "Auto", "expectedDuration": "10m", "autoShards": {"startup": "20s", **bounds}, **pod}
    return {
        "metadata": {
            "namespace": "ns", "name": "g", "uid": "u", "creationTimestamp": STAMP, "generation": 1, "resourceVersion": "5"
        },
        "spec": {"tasks": [auto, {"name": "after", "dependsOn": [{"task": "train"}], **pod}]},
        "status": status or {},
    }  # fmt: skip


def cluster(nodes: int) -> Cluster:
    made = Cluster()
    for number in range(nodes):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 110}))
    return made


def settled(on: Cluster, status: dict[str, Any] | None = None, pods: list[wire.Pod] | None = None, **bounds: Any) -> GraphRun:
    graph = intake.new_graph(raw(status, **bounds), NOW, intake.IntakeTerms())
    graph.known.policy = POLICY
    store = PodStore(on, lambda: NOW, lambda: None)
    for pod in pods or ():
        store.apply(pod)
    splitting.decide_shards(graph, on, store)
    intake.begin(graph, NOW)
    return graph


def pod(shard: int, said: str | None) -> wire.Pod:
    name = names.pod_name("g", "u", "train", shard, 1)
    metadata = {
        "name": name, "namespace": "ns", "uid": name, "resourceVersion": "7", "finalizers": [names.FINALIZER],
        "labels": {
            names.LABEL_GRAPH_UID: "u", names.LABEL_TASK: "train", names.LABEL_SHARD: str(shard), names.LABEL_INCARNATION: "1"
        },
        "annotations": {} if said is None else {names.ANNOTATION_SHARDS: said},
    }  # fmt: skip
    return msgspec.convert({"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}, wire.Pod, strict=False)


def test_nothing_starts_before_the_number_is_in_the_api_server() -> None:
    graph = settled(cluster(2))
    assert graph.decided.shards.value == {"train": 4}
    assert reporting.status(graph)["shards"] == ["train=4"]
    assert graph.running is None, "its shape is not settled"
    assert graph.admission is Admission.UNRECORDED
    assert reporting.status(graph)["progress"] == "0/2"
    assert reporting.status(graph)["summary"] == "Waiting"
    recorded(graph)
    assert graph.admission is Admission.ADMITTED
    assert graph.running is not None
    assert graph.startable
    assert graph.running.prepared.graph.tasks[0].shards == 4
    assert graph.running.prepared.graph.tasks[0].duration == 20 + 600 / 4


def recorded(graph: GraphRun) -> None:
    """Its status is in the API server."""
    graph.stands(reporting.status(graph))
    intake.begin(graph, NOW)


def test_what_is_recorded_is_kept_whatever_the_cluster_has_become() -> None:
    graph = settled(
        cluster(9), {"acceptedAt": STAMP, "shards": ["train=4"], "tasks": ["train Pending | Pending | Pending | Ready"]}
    )
    assert graph.decided.shards.value == {"train": 4}
    assert graph.startable
    assert graph.decided.shards.why == "", "why it was is in the conditions"


@pytest.mark.parametrize("line", ["train=x", "train", "train=0", "train=65", "train=٣", "other=3", 5, None, "train=-1"])
def test_a_record_that_cannot_be_true_counts_as_not_written(line: object) -> None:
    assert settled(cluster(2), {"shards": [line]}).decided.shards.value == {"train": 4}
    assert settled(cluster(2), {"shards": line}).decided.shards.value == {"train": 4}


def test_pods_bear_out_the_number_where_the_status_is_empty() -> None:
    on = cluster(9)
    graph = settled(on, None, [pod(3, "6")])
    assert graph.decided.shards.value == {"train": 6}
    assert not graph.decided.settled
    assert settled(on, {"shards": ["train=9"]}, [pod(3, "6")]).decided.shards.value == {"train": 9}, (
        "an annotation can be edited"
    )
    assert settled(on, None, [pod(0, None)]).decided.shards.value == {"train": 1}, "a pod of one shard does not say so"
    assert settled(on, None, [pod(3, "junk")]).decided.shards.value == {"train": 17}
    assert settled(on, None, [pod(3, "2")]).decided.shards.value == {"train": 17}, "its own shard is beyond what it says"


def test_it_is_decided_once() -> None:
    on = cluster(2)
    graph = settled(on)
    for number in range(2, 20):
        on.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 110}))
    store = PodStore(on, lambda: NOW, lambda: None)
    splitting.decide_shards(graph, on, store)
    recorded(graph)
    changed = raw()
    changed["metadata"]["generation"] = 2
    changed["spec"]["priority"] = 9
    intake.refresh(graph, changed, NOW, intake.IntakeTerms())
    splitting.decide_shards(graph, on, store)
    assert graph.known.invalid is None
    assert graph.decided.shards.value == {"train": 4}
    assert graph.running is not None
    assert graph.running.prepared.spec.priority == 9
    assert graph.running.prepared.graph.tasks[0].shards == 4


def test_without_its_policy_nothing_is_decided() -> None:
    on = cluster(2)
    graph = intake.new_graph(raw(), NOW, intake.IntakeTerms())
    splitting.decide_shards(graph, on, PodStore(on, lambda: NOW, lambda: None))
    assert graph.decided.shards.value is None
    assert not graph.startable
    assert "shards" not in reporting.status(graph)


def test_numbers_are_read_only_of_tasks_that_leave_it_open() -> None:
    prepared = prepare(raw())
    assert read_numbers(prepared.divisible, {"shards": ["train=7", "after=3"]}) == {"train": 7}


def test_whoever_reads_the_spec_finds_plain_numbers() -> None:
    train, after = with_shards(prepare(raw(min=2)), {"train": 7}).spec.tasks
    assert (train.shards, train.expected_duration) == (7, 20 + 600 / 7)
    assert (after.shards, after.expected_duration) == (1, None)
    undecided = prepare(raw(min=2)).spec.tasks[0]
    assert (undecided.shards, undecided.expected_duration) == (2, 20 + 600 / 2)
    again = with_shards(with_shards(prepare(raw()), {"train": 7}), {"train": 3}).spec.tasks[0]
    assert (again.shards, again.expected_duration) == (3, 20 + 600 / 3)


def test_too_many_pods_are_refused_whatever_would_be_decided() -> None:
    many = raw()
    task = many["spec"]["tasks"][0]
    many["spec"]["tasks"] = [{**task, "name": f"t{number}"} for number in range(400)]
    with pytest.raises(
        InvalidGraph, match=r"may add up to 25600 pods, at most 20000 are allowed: lower autoShards.max, or split"
    ):
        prepare(many)


def test_many_tasks_are_told_in_short() -> None:
    many = raw(max=2)
    task = many["spec"]["tasks"][0]
    many["spec"]["tasks"] = [{**task, "name": f"t{number}"} for number in range(30)]
    graph = intake.new_graph(many, NOW, intake.IntakeTerms())
    graph.known.policy = POLICY
    on = cluster(50)
    splitting.decide_shards(graph, on, PodStore(on, lambda: NOW, lambda: None))
    assert graph.decided.shards.value is not None
    assert len(graph.decided.shards.value) == 30
    assert graph.decided.shards.why.startswith(
        "task t0: 2 shards, 5m20s: 10m of work, 20s start-up, 100 places; more are not allowed; "
    )
    assert graph.decided.shards.why.endswith("; and 10 more tasks: see status.shards")
