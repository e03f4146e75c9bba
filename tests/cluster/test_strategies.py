"""Policies by preset and by parameters do in the cluster what their names say."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.kube import Kube, Object, task, wait_for
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
