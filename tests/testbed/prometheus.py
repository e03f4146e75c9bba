"""A real Prometheus server (Debian's package `prometheus`) that scrapes the exporter of simulated nodes."""

from __future__ import annotations

import json
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from .errors import TestbedError
from .processes import Process, free_ports, spawn, stop
from .system import ensure_packages

PACKAGES = ("prometheus", "prometheus-node-exporter")
_GRACE = 5.0
_READY_SECONDS = 120.0


@dataclass(frozen=True)
class Target:
    """Something to scrape: `host:port`, the path, and labels for its series (`instance` among them, if it shall be another)."""

    address: str
    path: str = "/metrics"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Web:
    """What Prometheus asks of those who ask it: a certificate of its own, users with their passwords as bcrypt."""

    certificate: Path | None = None
    key: Path | None = None
    users: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """As Prometheus' web configuration."""
        tls = {"tls_server_config": {"cert_file": str(self.certificate), "key_file": str(self.key)}}
        return {**(tls if self.certificate else {}), **({"basic_auth_users": dict(self.users)} if self.users else {})}


class Prometheus:
    """A server with data of its own on a free port of loopback. A context manager; `stop` and `start` may follow each other.

    Raises TestbedError where Debian's packages are missing and cannot be installed.
    """

    def __init__(self, targets: Sequence[Target] = (), scrape_interval: float = 1.0, web: Web = Web()) -> None:
        missing = ensure_packages(PACKAGES)
        if missing:
            raise TestbedError(missing)
        self.directory = Path(mkdtemp(prefix="bayplan-prometheus-"))
        (self._port,) = free_ports(1)
        self._web = web
        self.url = f"{'https' if web.certificate else 'http'}://127.0.0.1:{self._port}"
        self._process: Process | None = None
        self._interval = scrape_interval
        self._write_configuration()
        self.set_targets(targets)
        self.start()

    def set_targets(self, targets: Sequence[Target]) -> None:
        """What it scrapes from now on; it looks at once."""
        groups = [{"targets": [each.address], "labels": {**each.labels, "__metrics_path__": each.path}} for each in targets]
        path = self.directory / "targets.json"
        partial = path.with_suffix(".tmp")
        partial.write_text(json.dumps(groups))
        partial.rename(path)

    def start(self) -> None:
        """Start it, again if need be, and wait until it answers."""
        command = [
            shutil.which("prometheus") or "prometheus",
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--web.config.file={self.directory / 'web.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]
        self._process = spawn(command, self.directory / "prometheus.log", keep=False)
        end = time.monotonic() + _READY_SECONDS
        while not self._ready():
            self._process.check()
            if time.monotonic() > end:
                raise TestbedError(f"Prometheus is not ready after {_READY_SECONDS:.0f} s: {self._process.log_tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; its data stay."""
        if self._process is not None:
            stop([self._process], _GRACE)
            self._process = None

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            stop([self._process], 0.0)
            self._process = None

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query; only of a server without certificate and users."""
        escaped = urllib.parse.quote(expression, safe="")
        with urllib.request.urlopen(f"{self.url}/api/v1/query?query={escaped}", timeout=30) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def __enter__(self) -> Prometheus:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _ready(self) -> bool:
        log = self.directory / "prometheus.log"
        return "Server is ready to receive web requests" in log.read_text(errors="replace").rpartition("Starting Prometheus")[2]

    def _write_configuration(self) -> None:
        interval = f"{round(self._interval * 1000)}ms"
        targets = [{"files": [str(self.directory / "targets.json")], "refresh_interval": "1s"}]
        scrape = {"job_name": "nodes", "file_sd_configs": targets, "scrape_interval": interval, "scrape_timeout": interval}
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [scrape]}))
        (self.directory / "web.yml").write_text(yaml.safe_dump(self._web.written()))
