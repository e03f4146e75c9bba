"""One real node: containerd and a kubelet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import certificates, kubeconfig
from ..errors import TestbedError
from ..processes import Process
from . import cgroups, containerd, kubelet, leftovers, network
from .layout import Layout
from .site import Site

READY_SECONDS = 180.0


@dataclass
class RealNode:
    """A node that can be started, killed, and started again with what it had on its disk."""

    layout: Layout
    site: Site
    _processes: list[Process] = field(default_factory=list)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        """The name of its Node object."""
        return self.layout.name

    def start(self) -> None:
        """Start containerd and the kubelet; `wait_ready` waits for the rest."""
        layout, site = self.layout, self.site
        for folder in (layout.data, layout.logs, layout.state):
            folder.mkdir(parents=True, exist_ok=True)
        network.connect(layout)
        cgroups.prepare(layout.cgroup)
        self._started = datetime.now(UTC).replace(microsecond=0)  # the API's times have whole seconds
        runtime = containerd.start(site.binaries, layout)
        peers = kubelet.Peers(self._kubeconfig(), site.pki / "ca.crt", site.grace_period)
        self._processes = [runtime, kubelet.start(site.binaries, layout, peers, runtime)]

    def import_archive(self, archive: Path) -> None:
        """Give it the images of a docker-archive; pods use them with `imagePullPolicy: Never` or `IfNotPresent`."""
        containerd.import_archive(self.site.binaries, self.layout, archive)

    def wait_ready(self) -> None:
        """Until its kubelet reports Ready and nothing keeps pods away. Raises TestbedError with its log when it does not."""
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            for process in self._processes:
                process.check()
            if time.monotonic() > end:
                tail = self._processes[-1].log_tail()
                raise TestbedError(f"Node {self.name} is not Ready; the end of kubelet.log:\n{tail}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Cut its power: kubelet, containerd, shims and containers end at once and tell nobody."""
        leftovers.power_off(self.layout)
        self._processes = []

    def commands(self) -> list[str]:
        """The command lines of all that runs on it, containers included."""
        return leftovers.commands(self.layout)

    def _is_ready(self) -> bool:
        status, node = self.site.api.request("GET", f"/api/v1/nodes/{self.name}")
        if status != 200 or node["spec"].get("taints"):
            return False
        return any(self._says_ready(condition) for condition in node["status"].get("conditions", ()))

    def _says_ready(self, condition: dict[str, Any]) -> bool:
        if condition["type"] != "Ready" or condition["status"] != "True":
            return False
        return datetime.fromisoformat(condition["lastHeartbeatTime"]) >= self._started

    def _kubeconfig(self) -> Path:
        path = self.layout.data / "kubelet.kubeconfig"
        if path.exists():
            return path
        pair = certificates.client(self.site.pki, self.layout.data / "client", f"system:node:{self.name}", "system:nodes")
        return kubeconfig.write_for_certificate(path, self.site.server(), pair)
