"""Which queue a pod holds: its graph says so, else its label."""

from __future__ import annotations

from typing import Any

import msgspec

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.own_pod import Identity, Pending
from bayplan_operator.view import PodStore

NAME = names.pod_name("g", "u", "a", 0, 1)
KEY = "ns", NAME


class Fixture:
    """Two queues with quotas of one core, on one node."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cluster.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
        row = QuotaRow(QuotaKey("cpu"), 1000)
        self.cluster.set_quotas(tree_of([Queue("default", quotas=(row,)), Queue("other", quotas=(row,))]).limits())
        self.store = PodStore(self.cluster, lambda: 100.0, lambda: None)

    def see(self, version: int, queue: str | None, phase: str = "Running", own: bool = True) -> None:
        labels = {"bayplan.dev/task": "a", "bayplan.dev/shard": "0", "bayplan.dev/incarnation": "1"}
        owner = {"kind": "TaskGraph", "name": "g", "uid": "u", "apiVersion": "bayplan.dev/v1alpha1", "controller": True}
        raw: dict[str, Any] = {
            "metadata": {
                "name": NAME, "namespace": "ns", "resourceVersion": str(version), "ownerReferences": [owner] if own else [],
                "labels": labels if queue is None else {**labels, "bayplan.dev/queue": queue},
            },
            "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": "1"}}}]},
            "status": {"phase": phase},
        }  # fmt: skip
        self.store.apply(msgspec.convert(raw, wire.Pod, strict=False))

    def held(self) -> dict[str, int]:
        """By queue, pods; the sums of the quota say the same."""
        numbers = self.cluster.quotas.limits.numbers
        used = self.cluster.quotas.rows[0].used
        found = dict(self.store.holding.pods)
        assert {name: 1000 * found.get(name, 0) for name in numbers} == {name: used[number] for name, number in numbers.items()}
        return found


def test_the_label_counts_until_the_graph_is_known() -> None:
    fixture = Fixture()
    fixture.see(5, "other")
    assert fixture.held() == {"other": 1}
    fixture.store.name_queue("u", "default")
    assert fixture.held() == {"default": 1}
    fixture.see(6, "other")
    assert fixture.held() == {"default": 1}, "the label was edited"
    fixture.store.holding.forget("u")
    fixture.see(7, "other")
    assert fixture.held() == {"other": 1}, "the graph is gone"


def test_a_pod_without_the_label_is_of_the_default_queue() -> None:
    fixture = Fixture()
    fixture.see(5, None)
    assert fixture.held() == {"default": 1}


def test_pods_of_others_hold_no_queue_whatever_they_say() -> None:
    fixture = Fixture()
    fixture.see(5, "other", own=False)
    assert fixture.held() == {}


def test_a_creation_holds_at_once_until_it_has_come_to_nothing() -> None:
    fixture = Fixture()
    pending = Pending("u", Identity("a", 0, 1), "n", {"cpu": 1000, "pods": 1}, queue="other")
    fixture.store.assume(KEY, pending)
    assert fixture.held() == {"other": 1}
    assert fixture.cluster.quotas.rows[0].holders(fixture.cluster.quotas.limits.numbers["other"]) == {"ns": 1000}
    fixture.store.renounce(KEY)
    assert fixture.held() == {}


def test_what_has_ended_holds_nothing() -> None:
    fixture = Fixture()
    fixture.see(5, "other")
    fixture.see(6, "other", phase="Succeeded")
    assert fixture.held() == {}
