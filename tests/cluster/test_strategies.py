"""Policies by preset and by parameters do in the cluster what their names say."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for
from tests.cluster.pod_log import PodLog
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

NODES = 4


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[list[str]]:
    """Four nodes of 8 cores that only this test uses."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names = simulated.add_nodes(NodeKind(value, 8, "32Gi", labels={"pool": value}), NODES)
    yield names
    empty(kube)
    for name in names:
        simulated.delete_node(name)


def empty(kube: Kube) -> None:
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")


def selector(pool: list[str]) -> dict[str, str]:
    return {"pool": pool[0].rpartition("-")[0]}


def nodes(pods: list[Any]) -> Counter[str]:
    return Counter(pod.spec.node_name for pod in pods)


def accepted(kube: Kube, policy: str) -> Object:
    """The policy's condition, once it is there."""

    def look() -> Object | None:
        return next(iter(kube.policy(policy).get("status", {}).get("conditions", ())), None)

    return wait_for(look, "the policy's status")


@pytest.mark.parametrize(("preset", "expected"), [("Spread", [1, 1, 1, 1]), ("BestFit", [4])])
def test_a_preset(kube: Kube, pool: list[str], policy: str, preset: str, expected: list[int]) -> None:
    kube.create_policy(policy, preset=preset, nodeSelector=selector(pool))
    assert accepted(kube, policy)["status"] == "True"
    kube.create("g", task("a", seconds=None, shards=4), policyName=policy)
    assert sorted(nodes(kube.wait_running("g", count=4)).values()) == expected


def test_auto_says_what_it_picked(kube: Kube, pool: list[str], policy: str) -> None:
    kube.create_policy(policy, preset="Auto", nodeSelector=selector(pool))
    kube.create("g", task("a", seconds=None, shards=4), policyName=policy)
    for pod in kube.wait_running("g", count=4):
        assert pod.metadata.annotations["bayplan.dev/why"].startswith("auto: a batch")


def test_a_static_map_by_parameters(kube: Kube, pool: list[str], policy: str) -> None:
    places = {"a": pool[2], "g/b": pool[0], "h/b": pool[3]}
    parameters = [{"name": name, "value": node} for name, node in places.items()]
    kube.create_policy(policy, planner={"name": "Static", "parameters": parameters})
    for graph in ("g", "h"):
        kube.create(graph, task("a", seconds=None), task("b", seconds=None), task("c", seconds=None), policyName=policy)
    for graph in ("g", "h"):
        kube.wait_running(graph, count=2)
        assert nodes(kube.pods(graph, "a")) == {pool[2]: 1}
        assert nodes(kube.pods(graph, "b")) == {places[f"{graph}/b"]: 1}
        waiting = kube.wait_condition(graph, "Waiting")
        assert waiting["reason"] == "NoSuchNode"
        assert f"the static map has no node for task {graph}/c" in waiting["message"]


def test_round_robin_takes_the_nodes_in_turn_over_all_graphs(kube: Kube, pool: list[str], policy: str) -> None:
    kube.create_policy(policy, preset="RoundRobin", nodeSelector=selector(pool))
    kube.create("first", task("a", seconds=None, shards=3, pod=pod({})), policyName=policy)
    first = nodes(kube.wait_running("first", count=3))
    kube.create("second", task("a", seconds=None, shards=3, pod=pod({})), policyName=policy)
    second = nodes(kube.wait_running("second", count=3))
    assert len(first) == len(second) == 3
    # Whose turn it is depends on all that was placed before; from there on they take turns.
    assert sorted((first + second).values()) == [1, 1, 2, 2]


def test_what_usually_arrives_is_learned_and_learned_again_after_a_restart(
    kube: Kube, pool: list[str], policy: str, operator: OperatorProcess
) -> None:
    kube.create_policy(policy, preset="Packing", nodeSelector=selector(pool))
    # Graphs of other tests that are on their way out would be counted too.
    listing = kube.custom.list_cluster_custom_object
    wait_for(lambda: not listing(GROUP, VERSION, "taskgraphs")["items"], "there is no other graph")
    operator.restart()
    operator.wait_until_leading()
    kube.create("g", task("a", seconds=None, shards=220, pod=pod({})), policyName=policy)
    for _ in range(2):
        wait_for(lambda: (operator.metric("bayplan_mix_build_seconds_count") or 0) >= 1, "a model is built")
        kube.wait_running("g", count=220)
        assert operator.metric("bayplan_arrivals_total") == 220, "each shard once"
        assert operator.metric("bayplan_mix_build_failures_total") == 0
        operator.restart()
        operator.wait_until_leading()


def pod(fields: Object) -> Object:
    return {"containers": [{"image": "none", "resources": {"requests": {"cpu": "100m"}}}], **fields}


def test_the_earliest_deadline_goes_first_and_may_be_changed(kube: Kube, pool: list[str], policy: str) -> None:
    kube.create_policy(policy, preset="EarliestDeadline", nodeSelector=selector(pool))
    whole: Object = {"cpu": "8", "shards": NODES}
    kube.create("holder", task("a", seconds=None, **whole), policyName=policy)
    kube.wait_running("holder", count=NODES)
    for name, deadline in (("last", "3h"), ("second", "2h"), ("first", "4h")):
        kube.create(name, task("a", seconds=0.5, **whole), policyName=policy, deadline=deadline)
    for name in ("last", "second", "first"):
        kube.wait_condition(name, "Waiting")
    kube.patch("first", {"deadline": "1h"})
    wait_for(lambda: kube.graph("first")["status"]["observedGeneration"] == 2, "the change is taken in")
    log = PodLog(kube)
    kube.delete("holder")
    for name in ("last", "second", "first"):
        kube.wait_condition(name, "Complete")
    log.stop()
    assert log.started() == ["first", "second", "last"]


WRONG: dict[str, tuple[Object, str]] = {
    "preset": ({"preset": "LeastLoadet"}, 'spec.preset is "LeastLoadet", which is unknown: did you mean "LeastLoaded"?'),
    "planner": (
        {"planner": {"name": "RoundRobbin"}},
        'spec.planner.name is "RoundRobbin", which is unknown: did you mean "RoundRobin"?',
    ),
    "parameter": (
        {"planner": {"name": "Genetic", "parameters": [{"name": "populaton", "value": "40"}]}},
        'spec.planner.parameters is "populaton", which is unknown: did you mean "population"?',
    ),
    "value": (
        {"planner": {"name": "Genetic", "parameters": [{"name": "population", "value": "many"}]}},
        'spec.planner.parameters.population is "many": it must be a whole number',
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_names_are_answered_with_the_nearest_right_one(kube: Kube, policy: str, what: str) -> None:
    spec, said = WRONG[what]
    kube.create_policy(policy, **spec)
    condition = accepted(kube, policy)
    assert (condition["status"], condition["reason"]) == ("False", "Invalid")
    assert condition["message"] == said
