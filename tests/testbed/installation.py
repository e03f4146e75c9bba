"""Bayplan on a cluster: the chart, and the operator as a process of this machine under its own ServiceAccount."""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from .cluster import Cluster
from .errors import TestbedError
from .processes import Process, free_ports, spawn, stop

ROOT = Path(__file__).parents[2]
NAMESPACE = "bayplan-system"
SERVICE_ACCOUNT = "bayplan-operator"
_STOP_GRACE = 30.0


def install_chart(cluster: Cluster, *settings: str) -> None:
    """Install CRDs, RBAC, policy and priority class; the operator's own pod is left out, see `OperatorProcess`."""
    values = [
        part for setting in ("operator.replicas=0", "hooks.release.enabled=false", *settings) for part in ("--set", setting)
    ]
    chart = str(ROOT / "charts" / "bayplan")
    cluster.helm("upgrade", "--install", "bayplan", chart, "--namespace", NAMESPACE, "--create-namespace", *values, "--wait")
    crds = (
        "crd/taskgraphs.bayplan.dev",
        "crd/placementpolicies.bayplan.dev",
        "crd/queues.bayplan.dev",
        "crd/taskprofiles.bayplan.dev",
    )
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=180s", *crds)


class OperatorProcess:
    """`bayplan operator`, with the rights of the chart's ServiceAccount and no others. A context manager."""

    def __init__(self, cluster: Cluster, arguments: Sequence[str] = (), *, keep: bool = False) -> None:
        self._kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, SERVICE_ACCOUNT)
        self._arguments = list(arguments)
        self._keep = keep
        self.log = cluster.directory / "operator.log"
        self.metrics_port, self.health_port = free_ports(2)
        self.process = self._start()

    def _start(self) -> Process:
        command = [
            sys.executable, "-m", "bayplan_operator", "operator",
            f"--kubeconfig={self._kubeconfig}", "--identity=testbed", f"--lease-namespace={NAMESPACE}",
            f"--metrics-port={self.metrics_port}", f"--health-port={self.health_port}", *self._arguments,
        ]  # fmt: skip
        return spawn(command, self.log, keep=self._keep)

    def wait_until_leading(self, timeout: float = 300.0) -> None:
        """Until it decides; the very first time, kernels are compiled before that. Raises TestbedError when it does not come
        to that."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.process.check()
            if self.metric("bayplan_leader") == 1.0 and self.metric("bayplan_tick_seconds_count"):
                return
            time.sleep(0.1)
        raise TestbedError(f"The operator does not decide after {timeout:.0f} s: {self.process.log_tail()}")

    def metric(self, name: str) -> float | None:
        """A sample of its /metrics by its name (with labels where it has any); None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return None
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), None)

    def cpu_seconds(self) -> float:
        """User and system time used so far."""
        return self.process.cpu_seconds()

    def peak_memory(self) -> int:
        """The largest resident size so far, in bytes."""
        return self.process.peak_memory()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        stop([self.process], 0.0)

    def restart(self) -> None:
        """Kill it and start it again, as a kubelet would after a crash."""
        self.kill()
        self.process = self._start()

    def stop(self) -> None:
        """SIGTERM, and time to finish."""
        stop([self.process], _STOP_GRACE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
