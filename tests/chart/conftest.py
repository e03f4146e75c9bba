"""A cluster of its own for installing the chart: the release owns cluster-wide objects."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.rendering import CHART, NAMESPACE
from tests.testbed.cluster import Cluster
from tests.testbed.nodes import CPU_LARGE
from tests.testbed.testbed import Options, Testbed

SILENCE = 12.0
"""Seconds after which a silent node is NotReady: enough for one that only has to wait for its turn on a busy machine."""
TIMEOUT = "--timeout=180s"
# On simulated nodes containers have no program; this annotation makes the hook's container end at once, with success.
HOOK_ENDS = "hooks.release.podAnnotations.sim\\.bayplan\\.dev/seconds=0.1"
_ATTEMPTS = 120


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Three simulated nodes, and nothing of Bayplan yet. Never the cluster of KUBECONFIG: tests uninstall things."""
    if os.environ.get("KUBECONFIG"):
        pytest.skip("installs and uninstalls cluster-wide objects; unset KUBECONFIG to run it on a testbed of its own")
    with Testbed.start(Options(nodes=((CPU_LARGE, 3),), node_monitor_grace_period=SILENCE)) as testbed:
        yield testbed


@pytest.fixture
def release(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with the chart installed; afterwards without it, without its CRDs, and without its objects."""
    cluster.helm(
        "install", "bayplan", str(CHART), "--namespace", NAMESPACE, "--create-namespace", "--wait", TIMEOUT,
        "--set-string", HOOK_ENDS,
    )  # fmt: skip
    yield cluster
    cluster.helm("uninstall", "bayplan", "--namespace", NAMESPACE, "--no-hooks", "--ignore-not-found", "--wait", TIMEOUT)
    _delete_definitions(cluster)


def _delete_definitions(cluster: Cluster) -> None:
    """The CRDs, until they are gone. An API server that was just setting up a kind's storage tries to clean it up only once
    in a long while ("storage is (re)initializing"); any change of the CRD makes it try at once."""
    crds = (
        "crd/taskgraphs.bayplan.dev",
        "crd/placementpolicies.bayplan.dev",
        "crd/queues.bayplan.dev",
        "crd/taskprofiles.bayplan.dev",
    )
    for attempt in range(_ATTEMPTS):
        left = cluster.kubectl("get", "--ignore-not-found", "--output=name", *crds).stdout.split()
        if not left:
            return
        cluster.kubectl("delete", "--ignore-not-found", "--wait=false", *left)
        cluster.kubectl("annotate", "--overwrite", *left, f"attempt={attempt}", check=False)
        time.sleep(1)
    raise AssertionError(f"{', '.join(crds)} are still there after {_ATTEMPTS} attempts to delete them")


@pytest.fixture
def operator_kubeconfig(release: Cluster) -> Path:
    """How the operator in the cluster speaks to the API server."""
    return release.service_account_kubeconfig(NAMESPACE, "bayplan-operator")
