"""A gang of 512 on 600 simulated nodes: all of it runs or nothing does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cluster.kube import PATIENCE, Kube, task, wait_for
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed

MEMBERS, NODES = 512, 600
TOO_MANY = NODES - MEMBERS + 1
"""Nodes that are half full: one place too few is left."""
QPS = 1000


@pytest.fixture(scope="module")
def kube() -> Iterator[Kube]:
    """A testbed of its own, where each node has room for one member, and who binds is not held up by a client's limits."""
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, NODES),), control_plane=plane)) as testbed:
        install_chart(testbed)
        with OperatorProcess(testbed, ("--log-level=DEBUG",)) as operator:
            operator.wait_until_leading()
            yield Kube(testbed.kubeconfig, "default")


def running(kube: Kube) -> int:
    return int(kube.graph("gang").get("status", {}).get("running", 0))


def left(kube: Kube, incarnation: int) -> bool:
    """Whether there is a pod of that attempt. Asks for one only: to read 512 again and again would keep the machine busy."""
    which = f"bayplan.dev/graph=gang,bayplan.dev/incarnation={incarnation}"
    return bool(kube.core.list_namespaced_pod(kube.namespace, label_selector=which, limit=1).items)


def test_it_waits_whole_for_the_last_place_and_then_runs_whole(kube: Kube) -> None:
    kube.create("others", task("work", shards=TOO_MANY, seconds=None, cpu="5"))
    others = kube.wait_running("others", count=TOO_MANY)
    assert len({pod.spec.node_name for pod in others}) == TOO_MANY
    kube.create("gang", task("train", shards=MEMBERS, seconds=None, cpu="8", gang={"timeout": "1h"}))
    message = kube.wait_condition("gang", "Waiting")["message"]
    assert f"gang gang/train needs {MEMBERS} places at once: {MEMBERS - 1} nodes have room, 1 is missing" in message
    assert kube.pods("gang") == []
    kube.finish(others[0])
    wait_for(lambda: running(kube) == MEMBERS, "all run")
    pods = kube.pods("gang")
    assert len(pods) == len({pod.spec.node_name for pod in pods}) == MEMBERS
    assert {pod.metadata.labels["bayplan.dev/incarnation"] for pod in pods} == {"1"}


def test_what_is_not_bound_in_time_is_taken_back_whole(kube: Kube) -> None:
    kube.delete_all()
    wait_for(lambda: not left(kube, 1), "nothing is left")
    # A second is not enough to bind so many. What is bound already has to go too.
    kube.create("gang", task("train", shards=MEMBERS, seconds=None, cpu="8", gang={"timeout": "1s"}))
    wait_for(lambda: left(kube, 1), "it starts")
    (said, *_) = kube.wait_event("AttemptEnded", "gang")
    assert re.search(rf"the gang train starts again: \d+ of {MEMBERS} pods were not bound within 1 s", said.message)
    wait_for(lambda: not left(kube, 1), "all of it is taken back", timeout=3 * PATIENCE)
    kube.delete_all()
