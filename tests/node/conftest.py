"""Two real nodes, the operator under its own ServiceAccount, and a namespace for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.node.graphs import Graphs
from tests.testbed.collaboration.nodes import NODES, bayplan_on_two_nodes, import_images
from tests.testbed.real_nodes import RealTestbed, available

__all__ = ["NODES"]


@pytest.fixture(scope="session")
def reason() -> str | None:
    """Why this machine cannot run real nodes."""
    return available()


@pytest.fixture(scope="session")
def testbed(reason: str | None) -> Iterator[RealTestbed]:
    """Bayplan on two real nodes, over which it spreads the pods; a node that is silent for 15 + 2 s is lost."""
    if reason:
        pytest.skip(f"no real nodes on this machine: {reason}")
    with bayplan_on_two_nodes(policy=("nodeLossGrace=2s",), arguments=("--stuck-after=5",)) as testbed:
        yield testbed


@pytest.fixture(scope="session")
def images(testbed: RealTestbed) -> None:
    """On both nodes, the operator's image and that of the examples: `bayplan` and Python with numpy, scipy and scikit-learn."""
    import_images(testbed)


@pytest.fixture
def graphs(testbed: RealTestbed) -> Iterator[Graphs]:
    """A namespace of the test's own; at its end nothing of the test may stay."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    graphs = Graphs(testbed, namespace)
    testbed.kubectl("create", "namespace", namespace)
    graphs.wait(lambda: graphs.kubectl("get", "serviceaccounts", "--output=name"), "the namespace's service account")
    yield graphs
    graphs.kubectl("delete", "taskgraphs", "--all", "--wait=false")
    graphs.wait(lambda: not graphs.kubectl("get", "pods,taskgraphs", "--output=name"), "all graphs and pods are gone")
    testbed.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def ground(graphs: Graphs) -> Iterator[Graphs]:
    """A namespace of the test's own for pods without a graph."""
    yield graphs
    graphs.kubectl("delete", "pods", "--all", "--wait=false")
