"""Deadlines: what cannot be met is said at once, in the graph and in events."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import watch

from tests.cluster.kube import GROUP, PATIENCE, VERSION, Kube, Object, task, wait_for
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

RISK = "DeadlineAtRisk"


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[Callable[[int], Object]]:
    """Adds nodes of 8 cores that only this test uses; answers what pins pods to them."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    kind = NodeKind(value, 8, "32Gi", labels={"pool": value, "node.kubernetes.io/instance-type": "pooled"})
    names: list[str] = []

    def add(count: int) -> Object:
        names.extend(simulated.add_nodes(kind, count))
        return {"nodeSelector": {"pool": value}}

    yield add
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


def long(name: str, *after: str, expected: int = 100, **fields: Any) -> Object:
    """A task that runs for ever and is expected to take so many seconds; one fits onto a node of the pool."""
    return task(name, *after, cpu="6", seconds=None, expectedDuration=f"{expected}s", **fields)


def first_told(kube: Kube, name: str) -> Object:
    """The status as it was first written."""
    stream = watch.Watch().stream(
        kube.custom.list_namespaced_custom_object, GROUP, VERSION, kube.namespace, "taskgraphs", timeout_seconds=int(PATIENCE)
    )
    for event in stream:
        graph: Object = event["object"]
        if graph["metadata"]["name"] == name and graph.get("status", {}).get("conditions"):
            return dict(graph["status"])
    raise AssertionError(f"{name} got no status within {PATIENCE:.0f} s")


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def reasons(kube: Kube, name: str) -> list[str]:
    events = kube.core.list_namespaced_event(kube.namespace).items
    return [event.reason for event in events if event.involved_object.name == name]


def test_what_even_the_bound_breaks_is_said_with_the_first_status(kube: Kube, pool: Callable[[int], Object]) -> None:
    pod = pool(2)
    made = kube.create("late", long("a", pod=pod), long("b", "a", pod=pod), deadline="150s")
    status = first_told(kube, "late")
    told = next(each for each in status["conditions"] if each["type"] == RISK)
    assert (told["status"], told["reason"]) == ("True", "BelowLowerBound")
    assert "longest chain" in told["message"]
    created = moment(made["metadata"]["creationTimestamp"])
    # 200 s from when it was looked at, which is between its creation and now.
    assert timedelta(seconds=195) < moment(status["earliestCompletion"]) - created
    assert moment(status["earliestCompletion"]) < datetime.now(UTC) + timedelta(seconds=205)
    wait_for(lambda: kube.graph("late").get("status", {}).get("estimatedCompletion"), "an estimate")
    wait_for(lambda: RISK in reasons(kube, "late"), "the event")
    kube.patch("late", {"deadline": "24h"})
    told = kube.wait_condition("late", RISK, "False")
    assert (told["reason"], told["observedGeneration"]) == ("OnTime", 2)
    assert wait_for(lambda: kube.graph("late").get("status", {}).get("deadlineProbability"), "a probability") >= 99
    wait_for(lambda: "DeadlineSafe" in reasons(kube, "late"), "the event")
