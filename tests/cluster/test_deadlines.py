"""Deadlines: what cannot be met is said at once, what is at risk with what would help, what is missed when it is."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import watch

from tests.cluster.kube import GROUP, PATIENCE, VERSION, Kube, Object, task, wait_for, wait_still
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

RISK, MISSED = "DeadlineAtRisk", "DeadlineMissed"


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


def risk_of(graph: Object) -> Object:
    conditions: list[Object] = graph["status"]["conditions"]
    return next(each for each in conditions if each["type"] == RISK)


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
    wait_for(lambda: kube.graph("late")["status"].get("estimatedCompletion"), "an estimate")
    wait_for(lambda: RISK in reasons(kube, "late"), "the event")
    kube.patch("late", {"deadline": "24h"})
    told = kube.wait_condition("late", RISK, "False")
    assert (told["reason"], told["observedGeneration"]) == ("OnTime", 2)
    assert wait_for(lambda: kube.graph("late")["status"].get("deadlineProbability"), "a probability") >= 99
    wait_for(lambda: "DeadlineSafe" in reasons(kube, "late"), "the event")


def test_too_few_nodes_put_a_deadline_at_risk_until_there_are_more(
    kube: Kube, pool: Callable[[int], Object], operator: OperatorProcess
) -> None:
    pod = pool(1)
    kube.create("wide", long("many", shards=6, pod=pod), deadline="500s")
    told = kube.wait_condition("wide", RISK)
    assert told["reason"] == "TooLittleCapacity"
    assert "more nodes of class pooled" in told["message"]
    assert "from hints only" in told["message"]
    # The graph of the test before is counted until the operator learns that it is gone.
    wait_for(lambda: operator.metric("bayplan_deadlines_at_risk") == 1.0, "the metric says 1")
    status = kube.graph("wide")["status"]
    assert status["deadlineProbability"] < 90
    assert status["estimateBasis"] == "from hints only"
    pool(8)
    told = kube.wait_condition("wide", RISK, "False")
    assert told["reason"] == "OnTime"
    assert kube.graph("wide")["status"]["estimatedCompletion"] < status["estimatedCompletion"]
    assert operator.metric("bayplan_estimate_failures_total") == 0.0


def test_a_task_that_fits_nowhere_puts_the_deadline_at_risk(kube: Kube, pool: Callable[[int], Object]) -> None:
    pod = pool(1)
    kube.create("huge", long("fits", pod=pod), task("huge", cpu="9", pod=pod, expectedDuration="10s"), deadline="1h")
    told = kube.wait_condition("huge", RISK)
    assert told["reason"] == "NoSuchNode"
    assert "task huge" in told["message"]
    assert "estimatedCompletion" not in kube.graph("huge")["status"]


def test_a_missed_deadline_is_told_and_forgotten_when_it_is_extended(
    kube: Kube, pool: Callable[[int], Object], operator: OperatorProcess
) -> None:
    pod = pool(1)
    before = operator.metric("bayplan_deadlines_missed_total") or 0.0
    kube.create("slow", task("slow", seconds=None, pod=pod), deadline="3s")
    told = kube.wait_condition("slow", MISSED)
    assert told["reason"] == "DeadlinePassed"
    wait_for(lambda: MISSED in reasons(kube, "slow"), "the event")
    assert operator.metric("bayplan_deadlines_missed_total") == before + 1
    status = wait_for(
        lambda: (found := kube.graph("slow")["status"]).get("estimateBasis") and found, "its run times are judged"
    )
    assert "deadlineProbability" not in status, "nothing is known of a task without a hint"
    assert "nothing is known" in status["estimateBasis"]
    kube.patch("slow", {"deadline": "1h"})
    assert kube.wait_condition("slow", MISSED, "False")["reason"] == "DeadlineMoved"


def test_a_graph_that_ends_late_says_so_for_good(kube: Kube, pool: Callable[[int], Object]) -> None:
    pod = pool(1)
    kube.create("late", task("late", seconds=4.0, pod=pod), deadline="2s")
    kube.create("early", task("early", seconds=1.0, pod=pod, expectedDuration="1s"), deadline="1h")
    kube.wait_condition("late", "Complete")
    told = kube.wait_condition("late", MISSED)
    assert told["reason"] in ("EndedLate", "DeadlinePassed")
    kube.wait_condition("early", "Complete")
    assert kube.condition("early", MISSED) is None
    assert "estimatedCompletion" not in kube.graph("early")["status"], "it has ended: nothing is to be expected"


def test_an_operator_started_anew_expects_the_same(
    kube: Kube, pool: Callable[[int], Object], operator: OperatorProcess
) -> None:
    # So long that what passes during a slow restart is nothing beside it: figures are told anew once they move by a twentieth.
    fields: Object = {"pod": pool(2), "expected": 2000}
    kube.create("long", long("a", shards=3, **fields), long("b", "a", **fields), long("c", "b", **fields), deadline="8000s")
    kube.wait_running("long", count=2)
    wait_for(lambda: kube.graph("long")["status"].get("estimatedCompletion"), "an estimate")
    made = "bayplan_estimate_seconds_count"
    _, before = wait_still(lambda: (operator.metric(made), kube.graph("long")), "the estimate that follows the starts")
    at = time.monotonic()
    operator.restart()
    operator.wait_until_leading()
    wait_for(lambda: operator.metric(made), "an estimate of the new operator")
    after = wait_still(lambda: kube.graph("long"), "what the new operator tells", 2.0)
    first, second = (moment(each["status"]["estimatedCompletion"]) for each in (before, after))
    assert abs(second - first) <= timedelta(seconds=2), "the same draws, some seconds later; others would differ by minutes"
    assert risk_of(after) == risk_of(before), "neither flipped nor said in other words"
    count = operator.metric(made) or 0.0
    kube.patch("long", {"deadline": "8001s"})  # so that what the new one computed is told
    wait_for(lambda: (operator.metric(made) or 0.0) > count, "another estimate")
    wait_for(lambda: kube.graph("long")["status"]["observedGeneration"] == 2, "the change is taken in")
    moved = moment(kube.graph("long")["status"]["estimatedCompletion"]) - moment(before["status"]["estimatedCompletion"])
    passed = timedelta(seconds=time.monotonic() - at)
    assert abs(moved) < timedelta(seconds=20) + passed, "the same draws; a little later, since nothing has ended in between"
