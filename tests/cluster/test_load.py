"""Placing by the load that a real Prometheus has measured, and without it when Prometheus is in trouble."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.kube import Kube, Object, task, wait_for
from tests.cluster.test_strategies import empty, nodes, selector
from tests.testbed.cluster import Cluster
from tests.testbed.errors import TestbedError
from tests.testbed.exporter import Exporter
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.prometheus import Prometheus, Target
from tests.testbed.testbed import Testbed

WINDOW = "6s"  # several scrapes, also where one or two of them come too late
NODES = 50


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    with Exporter() as exporter:
        yield exporter


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Prometheus]:
    try:
        server = Prometheus()
    except TestbedError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(scope="module")
def measuring_operator(testbed: Cluster, shared_operator: OperatorProcess, prometheus: Prometheus) -> Iterator[OperatorProcess]:
    """In place of the operator that the other files share: it takes over the same Lease."""
    queries = prometheus.directory / "queries.yaml"
    queries.write_text(f"window: {WINDOW}\n")
    shared_operator.kill()
    flags = [f"--prometheus-url={prometheus.url}", f"--prometheus-queries={queries}", "--prometheus-interval=1"]
    with OperatorProcess(testbed, [*flags, "--prometheus-timeout=10", "--log-level=DEBUG"]) as operator:
        operator.wait_until_leading()
        yield operator


@pytest.fixture
def operator(measuring_operator: OperatorProcess) -> OperatorProcess:
    return measuring_operator


@pytest.fixture(scope="module")
def pool(testbed: Cluster, exporter: Exporter, prometheus: Prometheus) -> Iterator[list[str]]:
    """Fifty equal nodes of 8 cores, exported under the addresses that the cluster knows them by."""
    if not isinstance(testbed, Testbed):
        pytest.skip("needs simulated nodes, which the cluster of KUBECONFIG does not have")
    value = f"load-{uuid.uuid4().hex[:6]}"
    names = testbed.add_nodes(NodeKind(value, 8, "32Gi", labels={"pool": value}), NODES)
    exporter.set(names, cpu=0.2, memory=0.1)
    listed = {item["metadata"]["name"]: item for item in testbed.api.get("/api/v1/nodes")["items"]}
    address = {name: listed[name]["status"]["addresses"][0]["address"] for name in names}
    prometheus.set_targets([Target(exporter.address, f"/{name}", {"instance": f"{address[name]}:9100"}) for name in names])
    wait_for(
        lambda: len(prometheus.query(f"rate(node_cpu_seconds_total{{cpu='0',mode='idle'}}[{WINDOW}])")) == NODES, "scrapes"
    )
    yield names
    for name in names:
        testbed.delete_node(name)


@pytest.fixture
def policy(kube: Kube) -> Iterator[str]:
    name = f"policy-{uuid.uuid4().hex[:6]}"
    yield name
    empty(kube)
    kube.delete_policy(name)


def available(kube: Kube, policy: str, status: str) -> Object:
    """The policy's condition of that kind, once it has that status."""

    def look() -> Object | None:
        found = kube.policy(policy).get("status", {}).get("conditions", ())
        return next((each for each in found if (each["type"], each["status"]) == ("LoadAvailable", status)), None)

    return wait_for(look, f"LoadAvailable={status}")


def least_load(kube: Kube, policy: str, **spec: Any) -> None:
    scorers = [{"name": "LeastMeasuredLoad", "weight": 1}]
    kube.create_policy(policy, order=["Priority", "Age"], scorers=scorers, **spec)


def measured(prometheus: Prometheus, operator: OperatorProcess, share: float, count: int) -> None:
    """Until so many nodes are measured to be that busy, and the operator has asked since."""
    # As a share of all time that was counted: how late the scrapes come on a busy machine makes no difference then.
    busy = " / ".join(
        f"avg by (instance) (sum by (instance, cpu) (rate(node_cpu_seconds_total{mode}[{WINDOW}])))"
        for mode in ("{mode='user'}", "")
    )
    wait_for(
        lambda: sum(abs(float(each["value"][1]) - share) < 0.02 for each in prometheus.query(busy)) == count,
        f"{count} nodes at {share:.0%}",
    )
    polls = "bayplan_load_poll_seconds_count"
    before = operator.metric(polls) or 0
    wait_for(lambda: (operator.metric(polls) or 0) >= before + 2, "the operator has asked")


@pytest.fixture
def unmeasured(testbed: Cluster, pool: list[str]) -> Iterator[list[str]]:
    """Ten more nodes, of which Prometheus knows nothing."""
    (value,) = selector(pool).values()
    names = testbed.add_nodes(NodeKind(f"{value}-more", 8, "32Gi", labels={"pool": value}), 10)
    yield names
    for name in names:
        testbed.delete_node(name)


def burst(kube: Kube, policy: str, tasks: int) -> Counter[str]:
    """So many pods, which no measurement can show yet; how many each node got."""
    for number in range(tasks // 20):
        kube.create(f"g{number}", task("a", seconds=None, cpu="100m", shards=20), policyName=policy)
    wait_for(lambda: len([pod for pod in kube.pods() if pod.spec.node_name]) == tasks, f"{tasks} pods have nodes")
    counts: Counter[str] = nodes(kube.pods())
    return counts


def test_nodes_of_which_nothing_is_measured_get_no_more_of_a_burst_than_others(
    kube: Kube, pool: list[str], unmeasured: list[str], policy: str, operator: OperatorProcess, prometheus: Prometheus
) -> None:
    """First, since what has gone a moment ago counts as still to go from the measured load."""
    least_load(kube, policy, nodeSelector=selector(pool))
    wait_for(lambda: f"cpu of {NODES}" in available(kube, policy, "True")["message"], "all nodes are measured")
    measured(prometheus, operator, 0.2, NODES)
    counts = burst(kube, policy, 240)
    assert set(counts.values()) == {4}
    assert set(counts) == {*pool, *unmeasured}


def test_without_prometheus_placing_goes_on_evenly_and_it_recovers_by_itself(
    kube: Kube, pool: list[str], policy: str, operator: OperatorProcess, prometheus: Prometheus
) -> None:
    """Before those that load nodes unevenly, for the same reason."""
    least_load(kube, policy, nodeSelector=selector(pool))
    available(kube, policy, "True")
    measured(prometheus, operator, 0.2, NODES)
    assert operator.metric("bayplan_load_nodes") == NODES
    prometheus.kill()
    lost = wait_for(
        lambda: (found := available(kube, policy, "False"))["reason"] == "Unreachable" and found, "Prometheus is missed"
    )
    assert f"{prometheus.url}: it cannot be reached" in lost["message"]
    assert (operator.metric('bayplan_load_failures_total{reason="Unreachable"}') or 0) >= 1
    counts = burst(kube, policy, 200)
    assert set(counts.values()) == {4}
    assert len(counts) == NODES
    prometheus.start()
    assert available(kube, policy, "True")["reason"] in ("Measured", "Partial")
    wait_for(lambda: (operator.metric("bayplan_load_age_seconds") or 99) < 10, "a new measurement")


def test_hot_nodes_get_nothing_are_named_and_cool_down(
    kube: Kube, pool: list[str], policy: str, exporter: Exporter, prometheus: Prometheus, operator: OperatorProcess
) -> None:
    exporter.set(pool[:-1], cpu=0.95)
    measured(prometheus, operator, 0.95, NODES - 1)
    kube.create_policy(policy, nodeSelector=selector(pool), load={"hot": [{"resource": "cpu", "share": "80%"}]})
    assert available(kube, policy, "True")["message"].startswith("measured of ")
    kube.create("g", task("a", seconds=None, cpu="6"), task("b", seconds=None, cpu="6"), policyName=policy)
    assert nodes(kube.wait_running("g")) == {pool[-1]: 1}
    waiting = kube.wait_condition("g", "Waiting")
    assert waiting["reason"] == "NoCapacity"
    # The last one may be hot too, with its pod, or only too full.
    assert re.search(rf"({NODES - 1}|{NODES}) are hot \(cpu at (\d+ to )?9\d %\)", waiting["message"]), waiting["message"]
    exporter.set(pool, cpu=0.2)
    assert len(nodes(kube.wait_running("g", count=2))) == 2, "a cooler measurement alone lets it start"
    measured(prometheus, operator, 0.2, NODES)


def test_the_least_loaded_nodes_are_taken(
    kube: Kube, pool: list[str], policy: str, exporter: Exporter, prometheus: Prometheus, operator: OperatorProcess
) -> None:
    exporter.set(pool[:-3], cpu=0.7)
    measured(prometheus, operator, 0.7, NODES - 3)
    least_load(kube, policy, nodeSelector=selector(pool))
    available(kube, policy, "True")
    kube.create("g", task("a", seconds=None, cpu="1", shards=6), policyName=policy)
    assert nodes(kube.wait_running("g", count=6)) == dict.fromkeys(pool[-3:], 2)
    exporter.set(pool, cpu=0.2)
    measured(prometheus, operator, 0.2, NODES)
