"""Two real nodes, the operator under its own ServiceAccount, and a namespace for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.node.graphs import Graphs
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.real_nodes import RealTestbed, available, real_testbed
from tests.testbed.real_nodes.operator_image import OPERATOR, write_archive
from tests.testbed.testbed import Options

NODES = ("real-0", "real-1")
SILENCE = 15.0
"""Seconds after which a silent node is NotReady: enough for one that only has to wait for its turn on a busy machine."""


@pytest.fixture(scope="session")
def reason() -> str | None:
    """Why this machine cannot run real nodes."""
    return available()


@pytest.fixture(scope="session")
def testbed(reason: str | None) -> Iterator[RealTestbed]:
    """Bayplan on two real nodes, over which it spreads the pods; a node that is silent for 15 + 2 s is lost."""
    if reason:
        pytest.skip(f"no real nodes on this machine: {reason}")
    with real_testbed(len(NODES), Options(simulated=False, node_monitor_grace_period=SILENCE)) as testbed:
        policy = ("scorers[0].name=Spread", "nodeLossGrace=2s")
        install_chart(testbed, *(f"defaultPolicy.spec.{field}" for field in policy))
        with OperatorProcess(testbed, ["--stuck-after=5", f"--image={OPERATOR}"]) as operator:
            operator.wait_until_leading()
            yield testbed


@pytest.fixture(scope="session")
def operator_image(testbed: RealTestbed) -> str:
    """The operator's image, `bayplan` and Python with numpy and scipy, on both nodes: its name."""
    archive = testbed.directory / "operator.tar"
    write_archive(archive)
    testbed.nodes.import_archive(archive)
    archive.unlink()
    return OPERATOR


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
