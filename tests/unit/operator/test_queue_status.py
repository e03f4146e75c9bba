"""What the status of a queue says."""

from __future__ import annotations

from typing import Any

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo
from bayplan_operator.conductor.queueing.figures import QueueSums
from bayplan_operator.conductor.queueing.holdings import Held, Holdings, on_ready_nodes
from bayplan_operator.conductor.queueing.queues import Queues, Standing
from bayplan_operator.conductor.queueing.seen import seen
from bayplan_operator.conductor.queueing.status import differs, status
from bayplan_operator.conductor.record.conditions import find

READY = Standing(True, "Ready", "graphs of the queue may start pods")
NOW = 1_800_000_000.0


def raw(name: str = "q", **parts: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": "u", "resourceVersion": "5", "generation": 2, **parts.pop("metadata", {})}
    return {"metadata": metadata, "spec": {}, **parts}


def said(held: list[Held], sums: QueueSums, **parts: Any) -> dict[str, Any]:
    return status(seen(raw(**parts)), READY, held, sums, 0, NOW)


def test_queues_above_hold_what_those_below_hold() -> None:
    cpu = QuotaKey("cpu")
    cluster = Cluster()
    cluster.set_node(NodeInfo("n", {"cpu": 64_000, "pods": 99}))
    queues = [
        Queue("top", quotas=(QuotaRow(cpu, 2000),)),
        Queue("left", "top", (QuotaRow(cpu, 4000, lending_limit=0),)),
        Queue("right", "top", (QuotaRow(cpu, 1000),)),
    ]
    cluster.set_quotas(tree_of(queues).limits())
    for number, queue in enumerate(["left"] * 3 + ["right"] * 2):
        cluster.occupy(number, "n", {"cpu": 1000}, None, Tenant(queue=queue))
    holdings = Holdings(cluster.quotas)
    found = {name: next(holdings.of(name)) for name in ("top", "left", "right")}
    assert {name: (each.used, each.nominal, each.borrowed, each.most) for name, each in found.items()} == {
        "top": (5000, 7000, 0, 3000), "left": (3000, 4000, 0, 7000), "right": (2000, 1000, 1000, 3000),
    }  # fmt: skip
    assert list(holdings.of("unknown")) == []


def test_only_what_other_nodes_cannot_take_is_called_too_much() -> None:
    everywhere = Held(QuotaKey("cpu"), 0, 1000, 0, 1000)
    some = Held(QuotaKey("cpu", (("zone", "a"),)), 0, 1000, 0, 1000)
    asking = QueueSums(graphs=1, pending=1, smallest={"cpu": 2000})
    elsewhere = QueueSums(graphs=1, pending=1, smallest={"cpu": 2000}, elsewhere={"cpu"})
    assert find(said([everywhere], elsewhere)["conditions"], "Sufficient") is not None
    assert find(said([some], elsewhere)["conditions"], "Sufficient") is None, "it may go to a node in another zone"
    found = find(said([some], asking)["conditions"], "Sufficient")
    assert found is not None
    assert found["message"] == (
        "cpu on nodes with zone=a: the smallest request that waits asks for 2, and the queue may never hold more than 1"
    )


def test_a_condition_keeps_the_instant_of_its_last_change() -> None:
    cpu = Held(QuotaKey("cpu"), 0, 1000, 0, 1000)
    asking = QueueSums(graphs=1, pending=1, smallest={"cpu": 2000})
    first = said([cpu], asking)
    later = status(seen(raw(status=first)), READY, [cpu], asking, 0, NOW + 60)
    assert not differs(later, first)
    over = status(seen(raw(status=first)), READY, [cpu], QueueSums(), 0, NOW + 60)
    assert differs(over, first)
    assert [each["type"] for each in over["conditions"]] == ["Ready"]


def test_only_the_first_quotas_are_named_in_short() -> None:
    held = [Held(QuotaKey(name), 2, 1, 1, 9) for name in ("a.example/x", "b.example/x", "c.example/x", "d.example/x")]
    found = said(held, QueueSums())
    assert found["usage"] == "a.example/x 2/1, b.example/x 2/1, c.example/x 2/1"
    assert found["borrowed"] == "a.example/x 1, b.example/x 1, c.example/x 1"
    assert len(found["quotas"]) == 4


def test_the_echo_of_a_status_is_no_reason_to_look_at_graphs() -> None:
    queues = Queues()
    assert queues.take("q", raw())
    assert not queues.take("q", raw(metadata={"resourceVersion": "6"}, status={"pending": 1}))
    assert not queues.take("q", raw(metadata={"resourceVersion": "7", "finalizers": ["bayplan.dev/in-use"]}))
    assert queues.take("q", raw(metadata={"resourceVersion": "8", "generation": 3}))
    assert queues.take(
        "q", raw(metadata={"resourceVersion": "9", "generation": 3, "deletionTimestamp": "2027-01-15T08:00:00Z"})
    )
    assert queues.take("q", None)
    assert not queues.take("q", None)


def test_what_ready_nodes_do_not_have_is_said() -> None:
    cpu = QuotaKey("cpu")
    cluster = Cluster()
    cluster.set_node(NodeInfo("n", {"cpu": 4000, "pods": 99}))
    cluster.set_node(NodeInfo("away", {"cpu": 64_000, "pods": 99}, ready=False))
    cluster.set_quotas(tree_of([Queue("q", quotas=(QuotaRow(cpu, 3000),)), Queue("r", quotas=(QuotaRow(cpu, 2000),))]).limits())
    held = list(Holdings(cluster.quotas, on_ready_nodes(cluster)).of("q"))
    found = find(said(held, QueueSums())["conditions"], "Sufficient")
    assert found is not None
    assert found["reason"] == "NodesTooFew"
    assert found["message"] == "cpu: ready nodes have 4, and 5 is guaranteed to all queues together"
    cluster.set_node(NodeInfo("more", {"cpu": 1000, "pods": 99}))
    held = list(Holdings(cluster.quotas, on_ready_nodes(cluster)).of("q"))
    assert find(said(held, QueueSums())["conditions"], "Sufficient") is None
