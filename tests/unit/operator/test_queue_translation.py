"""From a Queue to the library's queue: amounts, GPUs, namespaces, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Ageing, QuotaRow, StopPolicy
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan_operator.translate.gpus import gpu_use
from bayplan_operator.translate.queue import (
    CompiledQueue,
    InvalidQueue,
    amount_as_text,
    compile_queue,
    fault_reason,
    quota_key,
    selector_in_words,
)

GPU, MILLI = "nvidia.com/gpu", "bayplan.dev/gpu-milli"


def made(name: str = "q", **spec: Any) -> CompiledQueue:
    return compile_queue({"metadata": {"name": name}, "spec": spec, "status": {"conditions": "edited by hand"}})


def quota(resource: str, nominal: int | str, **more: Any) -> dict[str, Any]:
    return {"resource": resource, "nominal": nominal, **more}


def test_an_empty_queue_has_no_limits_and_is_for_no_namespace() -> None:
    queue = made()
    assert (queue.queue.quotas, queue.queue.parent, queue.queue.weight) == ((), None, 1.0)
    assert (queue.queue.stop, queue.queue.half_life, queue.queue.ageing) == (StopPolicy.NONE, None, None)
    assert queue.queue.preemption == Preemption()
    assert not queue.allows("team", {})


def test_all_fields_are_taken_over() -> None:
    queue = made(
        parentName="research", weight=3, stopPolicy="Hold", fairSharing={"halfLife": "24h"},
        ageing={"perHour": 10, "ceiling": 100}, reserve=2,
        preemption={"reclaim": "Any", "withinQueue": "LowerPriority", "minimumRunTime": "5m", "maxGrace": "90s"},
    ).queue  # fmt: skip
    assert (queue.name, queue.parent, queue.weight) == ("q", "research", 3.0)
    assert (queue.stop, queue.half_life, queue.ageing) == (StopPolicy.HOLD, 86400.0, Ageing(10.0, 100.0))
    assert queue.reserve == 2
    assert queue.preemption == Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY, 300.0, 90.0)


@pytest.mark.parametrize(
    ("resource", "nominal", "amount", "text"),
    [
        ("cpu", 2, 2000, "2"),
        ("cpu", "1500m", 1500, "1500m"),
        ("cpu", "0.5", 500, "500m"),
        ("memory", "64Gi", 64 * 2**30, "64Gi"),
        ("memory", "1500M", 1_500_000_000, "1500000000"),
        ("pods", 110, 110, "110"),
        (GPU, 8, 8000, "8"),
        (GPU, "2500m", 2500, "2500m"),
        (MILLI, 2048, 2048, "2048"),
        ("example.com/mig-1g", "0", 0, "0"),
    ],
)
def test_amounts_are_counted_as_the_requests_of_pods_are(resource: str, nominal: int | str, amount: int, text: str) -> None:
    (row,) = made(quotas=[quota(resource, nominal)]).queue.quotas
    assert row.nominal == amount
    assert amount_as_text(row.key, amount) == text


def test_a_limit_of_zero_is_not_the_same_as_none() -> None:
    selector = {"zone": "a", "gpu": "A100"}
    rows = [quota("cpu", 4, borrowingLimit=0, nodeSelector=selector), quota("cpu", 4, lendingLimit="0"), quota("memory", 1)]
    first, second, third = made(parentName="top", quotas=rows).queue.quotas
    assert first == QuotaRow(QuotaKey("cpu", (("gpu", "A100"), ("zone", "a"))), 4000, 0, None)
    assert (second.borrowing_limit, second.lending_limit) == (None, 0)
    assert (third.borrowing_limit, third.lending_limit) == (None, None)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"quotas": [quota("cpu", 1), quota("cpu", 2)]},
            'spec.quotas is [{"resource": "cpu", "nominal": 1}, {"resource": "cpu", "nominal": 2}]: has two quotas of cpu on '
            "the same nodes: there must be one",
        ),
        (
            {"quotas": [quota("cpu", "-1")]},
            'spec.quotas[0].nominal is "-1": must be a quantity, 0 or above, such as 8, "500m" or "64Gi"',
        ),
        (
            {"quotas": [quota("cpu", 0.5)]},
            'spec.quotas[0].nominal is 0.5: must be a quantity, 0 or above, such as 8, "500m" or "64Gi"',
        ),
        ({"quotas": [{"resource": "cpu"}]}, "spec.quotas[0].nominal is missing: it is required"),
        ({"quotas": 3}, "spec.quotas is 3: must be a list, such as [{resource: nvidia.com/gpu, nominal: 8}]"),
        ({"weight": 0}, "spec.weight is 0: must be at least 1"),
        ({"weight": -2}, "spec.weight is -2: must be at least 1"),
        ({"stopPolicy": "Drain"}, 'spec.stopPolicy is "Drain": must be "None", "Hold" or "HoldAndDrain"'),
        (
            {"fairSharing": {"halfLife": "0s"}},
            'spec.fairSharing.halfLife is "0s": must be longer than zero, such as 90s, 45m, 1h30m or 250ms',
        ),
        ({"preemption": {"reclaim": "all"}}, 'spec.preemption.reclaim is "all": must be "Never", "LowerPriority" or "Any"'),
        ({"preemption": {"withinQueue": "Any"}}, 'spec.preemption.withinQueue is "Any": must be "Never" or "LowerPriority"'),
        (
            {"preemption": {"minimumRunTime": "0s"}},
            'spec.preemption.minimumRunTime is "0s": must be longer than zero, such as 90s, 45m, 1h30m or 250ms',
        ),
        ({"preemption": "Any"}, 'spec.preemption is "Any": must be a map, such as {reclaim: Any, withinQueue: LowerPriority}'),
        ({"ageing": {"perHour": 10}}, "spec.ageing.ceiling is missing: it is required"),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            'spec.namespaceSelector.matchExpressions[0] is {"key": "a", "operator": "In"}: values must be given with In and '
            "NotIn, and left out with Exists and DoesNotExist",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidQueue) as raised:
        made(**spec)
    assert str(raised.value) == sentence


def test_namespaces_are_selected_by_labels() -> None:
    labels = {"a": {"team": "vision", "tier": "1"}, "b": {"team": "text"}, "c": {}}

    def allowed(selector: dict[str, Any]) -> list[str]:
        queue = made(namespaceSelector=selector)
        return [name for name in ("a", "b", "c", "unseen") if queue.allows(name, labels)]

    assert allowed({}) == ["a", "b", "c", "unseen"]
    assert allowed({"matchLabels": {"team": "vision"}}) == ["a"]
    assert allowed({"matchLabels": {"kubernetes.io/metadata.name": "b"}}) == ["b"]
    assert allowed({"matchExpressions": [{"key": "team", "operator": "In", "values": ["vision", "text"]}]}) == ["a", "b"]
    both = [{"key": "team", "operator": "NotIn", "values": ["text"]}, {"key": "tier", "operator": "DoesNotExist"}]
    assert allowed({"matchExpressions": both}) == ["c", "unseen"]


def test_selectors_are_written_as_kubectl_writes_them() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "NotIn", "values": ["c"]},
        {"key": "x", "operator": "Exists"}, {"key": "y", "operator": "DoesNotExist"},
    ]  # fmt: skip
    found = made(namespaceSelector={"matchLabels": {"team": "vision"}, "matchExpressions": expressions}).namespaces
    assert found is not None
    assert selector_in_words(found) == "team=vision,tier in (a,b),old notin (c),x,!y"


def test_the_reason_of_a_fault_is_that_of_the_first_on_the_way_up() -> None:
    limited = made("limited", quotas=[quota("cpu", 1, lendingLimit=1)]).queue
    queues = [limited, *(made(name, parentName=parent).queue for name, parent in
                         (("a", "b"), ("b", "a"), ("c", "b"), ("d", "nowhere"), ("e", "d"), ("f", "limited")))]  # fmt: skip
    known = {each.name: each for each in queues}
    faults = tree_of(queues).faults
    assert set(faults) == set(known)
    assert {name: fault_reason(name, known) for name in faults} == {
        "a": "Cycle", "b": "Cycle", "c": "Cycle", "d": "ParentNotFound", "e": "ParentNotFound",
        "f": "LimitWithoutParent", "limited": "LimitWithoutParent",
    }  # fmt: skip


class Shared:
    """A node with four GPUs that are given out whole and in shares, and a queue with one quota."""

    def __init__(self, resource: str, nominal: int | str) -> None:
        self.cluster = Cluster()
        self.cluster.set_node(NodeInfo("n", {GPU: 4, MILLI: 4000, "pods": 99}, gpus=Gpus(4)))
        self.cluster.set_quotas(tree_of([made(quotas=[quota(resource, nominal)]).queue]).limits())

    def occupy(self, key: str, resources: dict[str, int]) -> None:
        self.cluster.occupy(key, "n", resources, gpu_use(resources), Tenant(namespace="ns", queue="q"))

    def short(self, resources: dict[str, int]) -> bool:
        whole = resources.get(GPU, 0)
        ask = GpuAsk(whole) if whole else GpuAsk(1, resources[MILLI])
        asked = Request("r", RequestClass(tuple(sorted(resources.items())), gpus=ask), queue="q")
        return bool(self.cluster.quotas.short("q", self.cluster.demand(asked.request_class).pairs))


@pytest.mark.parametrize(("resource", "nominal"), [(GPU, 2), (MILLI, 2000)])
def test_whole_gpus_and_shares_are_one_sum(resource: str, nominal: int) -> None:
    shared = Shared(resource, nominal)
    shared.occupy("whole", {GPU: 1, "pods": 1})
    assert not shared.short({GPU: 1})
    shared.occupy("share", {MILLI: 700, "pods": 1})
    assert shared.cluster.quotas.rows[0].used == [1700]
    assert shared.short({GPU: 1})
    assert shared.short({MILLI: 301})
    assert not shared.short({MILLI: 300})
    shared.cluster.vacate("whole")
    assert not shared.short({GPU: 1})


def test_amounts_of_gpus_are_said_in_gpus() -> None:
    assert quota_key(GPU, {}).in_words(2500, up=True) == "2.5"
    assert quota_key(MILLI, {}).in_words(2500, up=True) == "2500"
    assert quota_key("cpu", {}).in_words(2500, up=True) == "2.5"
    assert quota_key(GPU, {"a": "b"}) == quota_key(GPU, {"a": "b"})
