"""The cluster that these tests share, and the operator on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.cluster.kube import Kube, wait_for
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import A100, CPU_LARGE
from tests.testbed.testbed import Options, Testbed, cluster_from_environment

NODES = ((CPU_LARGE, 8), (A100, 4))
SILENCE = 12.0
"""Seconds after which a silent node is NotReady: enough for one that only has to wait for its turn on a busy machine."""
ARGUMENTS = (
    "--rejection-memory=5",
    "--stuck-after=5",
    "--plan-wait=60",  # what is planned must not depend on how soon a thread gets its turn
    "--log-level=DEBUG",
)


@pytest.fixture(scope="session")
def testbed() -> Iterator[Cluster]:
    """A control plane with 12 simulated nodes, or the cluster of KUBECONFIG; with Bayplan's chart, without the operator."""
    with cluster_from_environment(Options(nodes=NODES, node_monitor_grace_period=SILENCE)) as cluster:
        install_chart(cluster)
        yield cluster


@pytest.fixture(scope="session")
def operators() -> list[OperatorProcess]:
    """The operator of the test run, once a test has asked for it: for those that want none to be at work."""
    return []


@pytest.fixture(scope="session")
def shared_operator(testbed: Cluster, operators: list[OperatorProcess]) -> Iterator[OperatorProcess]:
    """The operator under its own ServiceAccount."""
    with OperatorProcess(testbed, ARGUMENTS) as operator:
        operator.wait_until_leading()
        operators.append(operator)
        yield operator


@pytest.fixture
def operator(shared_operator: OperatorProcess) -> OperatorProcess:
    """The operator, running: a test before may have left it killed."""
    if not shared_operator.process.alive():
        shared_operator.restart()
    shared_operator.wait_until_leading()
    return shared_operator


@pytest.fixture
def simulated(testbed: Cluster) -> Testbed:
    """The testbed, where its nodes are ours to add, kill and delete."""
    if not isinstance(testbed, Testbed):
        pytest.skip("needs simulated nodes, which the cluster of KUBECONFIG does not have")
    return testbed


@pytest.fixture
def kube(testbed: Cluster, operator: OperatorProcess) -> Iterator[Kube]:
    """A namespace of the test's own. At the end its graphs are deleted, and nothing of them may stay."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    testbed.kubectl("create", "namespace", namespace)
    kube = Kube(testbed.kubeconfig, namespace)
    wait_for(lambda: kube.core.list_namespaced_service_account(namespace).items, "the namespace's service account")
    yield kube
    kube.delete_all()
    wait_for(lambda: not kube.graphs(), "the graphs are gone")
    wait_for(lambda: not kube.pods(), "all pods are gone, with their finalizers")
    testbed.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def policy(kube: Kube) -> Iterator[str]:
    """The name of a policy that the test makes, and that is deleted at its end."""
    name = f"policy-{uuid.uuid4().hex[:6]}"
    yield name
    kube.delete_policy(name)
