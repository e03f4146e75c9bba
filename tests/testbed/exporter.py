"""An exporter that plays the load of simulated nodes, with the metrics of node-exporter and DCGM-exporter.

Its counters are those of nodes that have had their load for ever, so that rates are right from the second scrape on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SPEED = 1.25e9


@dataclass
class NodeLoad:
    """Shares in use, 0 to 1. `cores` and `total` (bytes of memory) are its size."""

    cpu: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    network: float = 0.0
    gpus: int = 0
    gpu: float = 0.0
    gpu_memory: float = 0.0
    xid: int = 0
    """The last XID error of the first GPU."""
    mig: bool = False
    """Its GPUs are cut up, so that only the metric of the engine tells something."""
    cores: int = 8
    total: float = 32 * 2.0**30


class _Counters:
    """What has been added up over time, brought up to date at each scrape and each change."""

    def __init__(self) -> None:
        self.at = time.monotonic()
        self.seconds: dict[str, float] = {}

    def advance(self, load: NodeLoad, now: float) -> None:
        passed, self.at = now - self.at, now
        for name in ("cpu", "disk", "network"):
            self.seconds[name] = self.seconds.get(name, 0.0) + passed * getattr(load, name)
        self.seconds["idle"] = self.seconds.get("idle", 0.0) + passed * (1.0 - load.cpu)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A Prometheus that is killed hangs up."""


class Exporter:
    """Serves one path per node, so that each is a target of its own. A context manager."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads: dict[str, NodeLoad] = {}
        self._counters: dict[str, _Counters] = {}
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.page(self.path.removeprefix("/")).encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def set(self, nodes: Iterable[str], **shares: Any) -> None:
        """From now on these nodes have these loads; what is not named stays."""
        with self._lock:
            for node in nodes:
                load = self._loads.setdefault(node, NodeLoad())
                self._counters.setdefault(node, _Counters()).advance(load, time.monotonic())
                for name, share in shares.items():
                    setattr(load, name, share)

    def forget(self, nodes: Iterable[str]) -> None:
        """These nodes are not exported any more."""
        with self._lock:
            for node in nodes:
                self._loads.pop(node, None)
                self._counters.pop(node, None)

    def nodes(self) -> list[str]:
        """The nodes that are exported."""
        with self._lock:
            return list(self._loads)

    def page(self, node: str) -> str:
        """What a scrape of the node gets; empty: there is no such node."""
        with self._lock:
            load = self._loads.get(node)
            if load is None:
                return ""
            counters = self._counters[node]
            counters.advance(load, time.monotonic())
            return "".join(_lines(node, load, counters.seconds))

    def __enter__(self) -> Exporter:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _lines(node: str, load: NodeLoad, seconds: Mapping[str, float]) -> Iterable[str]:
    yield f'node_uname_info{{nodename="{node}"}} 1\n'
    for core in range(load.cores):
        yield f'node_cpu_seconds_total{{cpu="{core}",mode="idle"}} {seconds["idle"]:.6f}\n'
        yield f'node_cpu_seconds_total{{cpu="{core}",mode="user"}} {seconds["cpu"]:.6f}\n'
    yield f"node_memory_MemTotal_bytes {load.total}\n"
    yield f"node_memory_MemAvailable_bytes {load.total * (1.0 - load.memory)}\n"
    yield f'node_disk_io_time_seconds_total{{device="sda"}} {seconds["disk"]:.6f}\n'
    yield f'node_network_receive_bytes_total{{device="eth0"}} {seconds["network"] * _SPEED:.0f}\n'
    yield f'node_network_transmit_bytes_total{{device="eth0"}} {seconds["network"] * _SPEED / 2:.0f}\n'
    yield f'node_network_speed_bytes{{device="eth0"}} {_SPEED:.0f}\n'
    for gpu in range(load.gpus):
        labels = (
            f'{{gpu="{gpu}",UUID="GPU-{node}-{gpu}",device="nvidia{gpu}",modelName="NVIDIA A100-SXM4-80GB",Hostname="{node}"'
        )
        instance = f'{labels},GPU_I_ID="1",GPU_I_PROFILE="3g.40gb"}}' if load.mig else f"{labels}}}"
        yield f"DCGM_FI_DEV_GPU_UTIL{labels}}} {0 if load.mig else 100 * load.gpu:.0f}\n"
        yield f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{instance} {load.gpu}\n"
        yield f"DCGM_FI_DEV_FB_USED{instance} {81920 * load.gpu_memory}\n"
        yield f"DCGM_FI_DEV_FB_FREE{instance} {81920 * (1.0 - load.gpu_memory)}\n"
        yield f"DCGM_FI_DEV_XID_ERRORS{instance} {load.xid if gpu == 0 else 0}\n"
