"""Graphs as people write them, of `tests/cases`: what their pods ask for is what the cluster counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.kube import Kube
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def small(simulated: Testbed) -> Iterator[str]:
    """A node of 2 CPUs."""
    (node,) = simulated.add_nodes(NodeKind(f"small-{uuid.uuid4().hex[:4]}", 2, "2Gi"), 1)
    yield node
    simulated.delete_node(node)


def create(kube: Kube, case: str, **pod_spec: Any) -> str:
    """The graph of a case, with this in the spec of all its pods; each runs for a second. Answers its name."""
    manifest = yaml.safe_load((CASES / case / "graph.yaml").read_text())
    spec, name = manifest["spec"], str(manifest["metadata"]["name"])
    template = spec.pop("template", {})
    template["metadata"] = {"annotations": {"sim.bayplan.dev/seconds": "1"}}
    template["spec"] = {**template.get("spec", {}), **pod_spec}
    kube.create(name, *spec.pop("tasks"), template=template, **spec)
    return name


def test_a_request_of_the_whole_pod_that_is_missing(kube: Kube, small: str) -> None:
    """Four shards of half a CPU have room beside each other, though the limit of each is twice what the node has."""
    graph = create(kube, "pod-level-limits-only", nodeSelector={"kubernetes.io/hostname": small})
    kube.wait_condition(graph, "Complete")
    assert [pod.metadata.labels["bayplan.dev/incarnation"] for pod in kube.pods(graph)] == ["1"] * 5, "no node refused one"


def test_null_in_a_selector(kube: Kube) -> None:
    graph = create(kube, "null-in-selector")
    kube.wait_condition(graph, "Complete")
    assert [pod.spec.node_selector for pod in kube.pods(graph)] == [{"kubernetes.io/os": "linux"}] * 2
