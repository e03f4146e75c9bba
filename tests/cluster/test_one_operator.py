"""One operator at a time, and an API server that does not answer for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kubernetes import client

from tests.cluster.kube import Kube, task, wait_for
from tests.cluster.pod_log import PodLog
from tests.testbed.installation import NAMESPACE, SERVICE_ACCOUNT, OperatorProcess
from tests.testbed.testbed import Testbed

LEASE, HELD = "--lease-duration=12", 4.0
"""It is renewed every 3 s, and a busy machine may delay that; and the seconds that a successor waits for it at the least: 9 if
nothing was delayed, where one that does not wait needs about one."""


@pytest.fixture
def alone(operator: OperatorProcess) -> Iterator[None]:
    """The operator that all tests share is away, and its Lease given back."""
    operator.stop()
    yield
    operator.restart()
    operator.wait_until_leading()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def two(testbed: Testbed) -> Iterator[tuple[OperatorProcess, OperatorProcess]]:
    """The one that leads, and the one that waits for the Lease."""
    with (
        OperatorProcess(testbed, [LEASE, "--identity=first"]) as first,
        OperatorProcess(testbed, [LEASE, "--identity=second"]) as second,
    ):
        wait_for(lambda: first.metric("bayplan_leader") == 1.0 or second.metric("bayplan_leader") == 1.0, "one leads")
        yield (second, first) if second.metric("bayplan_leader") == 1.0 else (first, second)


def ticks(operator: OperatorProcess) -> float:
    return operator.metric("bayplan_tick_seconds_count") or 0.0


def test_a_second_operator_decides_nothing_until_the_first_is_gone(kube: Kube, testbed: Testbed, alone: None) -> None:
    """Rule 10: killed, or only held up for longer than its Lease: there is never more than one who decides."""
    with two(testbed) as (first, second):
        log = PodLog(kube)
        kube.create("g", task("a", seconds=0.5), task("b", "a", seconds=None), task("c", "b", seconds=0.2))
        (running,) = kube.wait_running("g", "b")
        assert ticks(second) == 0
        with stopped(first.process.pid):
            held_up = time.monotonic()
            second.wait_until_leading()
            assert time.monotonic() - held_up > HELD, "the Lease was not waited for"
            wait_for(lambda: ticks(second) > 0, "the second decides")
        wait_for(lambda: not first.process.alive(), "the first finds its Lease lost and ends")
        assert "the Lease is lost" in first.process.log_tail(400)
        kube.finish(running)
        kube.wait_condition("g", "Complete")
        log.stop()
        assert Counter(log.created().values()) == Counter((name, "0", "1") for name in "abc")
        first.restart()  # it comes back, as a kubelet would have it, and waits
        kube.create("h", task("a", seconds=0.2))
        kube.wait_condition("h", "Complete")
        assert ticks(first) == 0
        second.kill()
        killed = time.monotonic()
        kube.create("i", task("a", seconds=0.2))
        kube.wait_condition("i", "Complete")
        assert time.monotonic() - killed > HELD, "the Lease was not waited for"
        assert first.metric("bayplan_leader") == 1.0


def test_a_leader_that_is_held_up_with_writes_under_way_begins_none_when_it_goes_on(
    kube: Kube, testbed: Testbed, alone: None
) -> None:
    """No write begins late, none changes what the successor has decided, and nothing runs twice."""
    with two(testbed) as (first, second):
        log = PodLog(kube)
        for name in ("g", "h"):
            kube.create(name, task("a", shards=60, seconds=0.3, cpu="100m"), task("b", "a", shards=20, seconds=0.3, cpu="100m"))
        wait_for(lambda: len(kube.pods()) >= 5, "pods are being made")
        with stopped(first.process.pid):
            second.wait_until_leading()
            wait_for(lambda: ticks(second) > 0, "the second decides")
            lease = client.CoordinationV1Api(kube.core.api_client).read_namespaced_lease("bayplan-operator", NAMESPACE)
        wait_for(lambda: not first.process.alive(), "the first finds its Lease lost and ends")
        for name in ("g", "h"):
            kube.wait_condition(name, "Complete")
        log.stop()
        made = log.made()
        assert max(Counter((pod.metadata.labels["bayplan.dev/graph"], *unit) for pod, unit in made).values()) == 1
        terms = [int(pod.metadata.annotations["bayplan.dev/term"]) for pod, _ in made]
        assert max(terms) == lease.spec.lease_transitions
        for (pod, _), term in zip(made, terms, strict=True):
            late = pod.metadata.creation_timestamp > lease.spec.acquire_time.replace(microsecond=0)
            assert term == lease.spec.lease_transitions or not late, "it was made after the Lease had gone to the second"


def test_an_api_server_that_does_not_answer_for_ten_seconds(kube: Kube, simulated: Testbed, alone: None) -> None:
    """Rules 3 and 10: what was asked meanwhile is settled, nothing is made twice, and everything ends well."""
    (api_server,) = [process for process in simulated._processes if process.name == "kube-apiserver"]
    with OperatorProcess(simulated, ["--lease-duration=40"]) as operator:
        operator.wait_until_leading()
        log = PodLog(kube)
        parents = [f"p{number}" for number in range(12)]
        kube.create("g", *(task(name, seconds=8.0) for name in parents), task("last", *parents, shards=6, seconds=0.3))
        kube.wait_running("g", count=6)
        process = operator.process
        with stopped(api_server.pid):
            time.sleep(10.0)
            assert process.alive()
        kube.create("h", task("a", seconds=0.2))
        kube.wait_condition("g", "Complete")
        kube.wait_condition("h", "Complete")
        assert operator.process == process
        assert process.alive()
        log.stop()
        made = Counter(log.created().values())
        assert max(made.values()) == 1, "an attempt was made twice"
        succeeded = {unit for unit in made if unit[2] == "1"}
        assert len(succeeded) == len(parents) + 6 + 1
        wait_for(lambda: not any(pod.metadata.finalizers for pod in kube.pods()), "the finalizers are gone")
        assert operator.metric("bayplan_tick_errors_total") == 0


def test_release_stops_the_operator_and_frees_every_pod(kube: Kube, testbed: Testbed, alone: None) -> None:
    """Rule 5: what uninstalling runs, with the operator still there and with its rights only."""
    with OperatorProcess(testbed, [LEASE, "--identity=first"]) as first:
        first.wait_until_leading()
        kube.create("g", task("a", seconds=None, shards=2))
        kube.wait_running("g", count=2)
        kubeconfig = testbed.service_account_kubeconfig(NAMESPACE, SERVICE_ACCOUNT)
        command = [sys.executable, "-m", "bayplan_operator", "release", f"--kubeconfig={kubeconfig}", "-n", kube.namespace]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        assert "took the Lease of first" in done.stdout
        assert "released 2 of 2 pods" in done.stdout
        assert not any(pod.metadata.finalizers for pod in kube.pods("g"))
        wait_for(lambda: not first.process.alive(), "the operator has ended")
        kube.delete("g")
        wait_for(lambda: not kube.pods("g"), "the pods go without an operator")
    testbed.kubectl("delete", "lease", "bayplan-operator", "-n", NAMESPACE)
