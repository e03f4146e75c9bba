"""A control plane of its own with simulated nodes: the cluster that tests, benchmarks and the demo run on."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self

from . import kwok, nodes, state
from .api import Api
from .binaries import CONTROL_PLANE, ensure
from .cluster import Cluster, ExternalCluster
from .control_plane import SCHEDULER_PORT, ControlPlane, ControlPlaneOptions
from .errors import TestbedError
from .nodes import NodeKind
from .processes import Process, stop

STOP_GRACE = 1.0
_SHORTEST_GRACE_PERIOD = 6.0
_RENEWALS = 70.0  # Lease renewals per second that leave most of a small machine to what is tested
_NODES = "/api/v1/nodes"


@dataclass(frozen=True)
class Options:
    """How a testbed is started.

    `nodes`: simulated nodes to begin with, as (kind, count). `simulated` False: no kwok, for real kubelets.
    `node_monitor_grace_period`: seconds of silence until a node is NotReady; None: as short as the number of `nodes`
    allows (6 s up to about 100 nodes), since that many Leases must be renewed three times in it.
    `control_plane`: rates, feature gates and the like.
    `keep`: the programs outlive this Python process; `python -m tests.testbed down DIRECTORY` ends them.
    """

    nodes: tuple[tuple[NodeKind, int], ...] = ()
    simulated: bool = True
    node_monitor_grace_period: float | None = None
    control_plane: ControlPlaneOptions = field(default_factory=ControlPlaneOptions)
    keep: bool = False

    def grace_period(self) -> float:
        """The grace period in seconds, worked out when not given."""
        if self.node_monitor_grace_period is not None:
            return self.node_monitor_grace_period
        count = sum(number for _, number in self.nodes)
        return max(_SHORTEST_GRACE_PERIOD, count * kwok.RENEWALS_PER_GRACE / _RENEWALS)


class Testbed(Cluster):
    """A running testbed. Make one with `start` (or `attach`), best in a `with` statement."""

    def __init__(self, directory: Path, api: Api, grace_period: float, processes: tuple[Process, ...]) -> None:
        self.directory = directory
        self.kubeconfig = directory / "admin.kubeconfig"
        self.api = api
        self._grace_period = grace_period
        self._processes = processes

    @classmethod
    def start(cls, options: Options = Options()) -> Self:
        """Build what is missing, start the programs and add the nodes. Raises TestbedError with the reason."""
        programs = ensure(*CONTROL_PLANE, *(("kwok",) if options.simulated else ()))
        directory = Path(mkdtemp(prefix="bayplan-testbed-"))
        grace = options.grace_period()
        plane = ControlPlane(directory, programs, options.control_plane, grace, options.keep)
        try:
            api = plane.start()
            if options.simulated:
                config = plane.kubeconfig("kwok")
                plane.processes.append(kwok.start(programs, directory, config, grace, keep=options.keep))
            testbed = cls(directory, api, grace, tuple(plane.processes))
            for kind, count in options.nodes:
                testbed.add_nodes(kind, count)
            plane.wait_until_usable(api)
        except BaseException:
            plane.stop(STOP_GRACE)
            raise
        if options.keep:
            state.save(directory, state.State(testbed._processes, grace, api.port, api.token))
        return testbed

    @classmethod
    def attach(cls, directory: Path) -> Testbed:
        """The kept testbed in `directory`."""
        kept = state.load(directory)
        api = Api("127.0.0.1", kept.port, directory / "pki" / "ca.crt", kept.token)
        return cls(directory, api, kept.node_monitor_grace_period, kept.processes)

    def add_nodes(self, kind: NodeKind, count: int) -> list[str]:
        items = self.api.get(f"{_NODES}?resourceVersion=0")["items"]
        existing = [item["metadata"]["name"] for item in items]
        self._check_renewals(len(existing) + count)
        first = nodes.next_index(kind, existing)
        manifests = [nodes.manifest(kind, index) for index in range(first, first + count)]
        self.api.each(partial(self.api.create, _NODES), manifests)
        names = [str(item["metadata"]["name"]) for item in manifests]
        self._wait_ready(set(names))
        # Admission gave each new node the taint not-ready, and the controller manager takes it off at its slow pace.
        wanted = {"spec": {"taints": nodes.taints(kind)}}
        self.api.each(lambda name: self.api.merge(f"{_NODES}/{name}", wanted), names)
        return names

    def delete_node(self, name: str) -> None:
        self.api.delete(f"{_NODES}/{name}")

    def kill_node(self, name: str) -> None:
        self._set_kubelet(name, kwok.STOPPED)

    def revive_node(self, name: str) -> None:
        self._set_kubelet(name, kwok.RUNNING)

    def scheduler_says(self, path: str) -> str:
        """What kube-scheduler serves at `path`, such as /metrics/resources."""
        port = int((self.directory / SCHEDULER_PORT).read_text())
        status, answer = Api(self.api.host, port, self.api.ca, self.api.token).request("GET", path)
        if status != 200:
            raise TestbedError(f"kube-scheduler answered {path} with {status}: {answer}")
        return str(answer)

    @property
    def processes(self) -> tuple[Process, ...]:
        """The programs that run, for their processor time."""
        return self._processes

    def check(self) -> None:
        """Raise TestbedError when one of the programs has ended."""
        for process in self._processes:
            process.check()

    def stop(self) -> None:
        stop(reversed(self._processes), STOP_GRACE)
        state.forget(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            self.stop()
            return
        stop(reversed(self._processes), STOP_GRACE)
        state.forget(self.directory)
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)
        print(f"testbed: the logs are kept in {self.directory}", file=sys.stderr, flush=True)

    def _program(self, name: str) -> Path:
        return ensure(name) / name

    def _set_kubelet(self, name: str, value: str) -> None:
        self.api.merge(f"{_NODES}/{name}", {"metadata": {"labels": {kwok.KUBELET_LABEL: value}}})

    def _check_renewals(self, count: int) -> None:
        rate = kwok.renewals_per_second(count, self._grace_period)
        if rate > 2 * _RENEWALS:
            raise TestbedError(
                f"{count} simulated nodes would renew {rate:.0f} Leases per second with a node_monitor_grace_period"
                f" of {self._grace_period:g} s; start the testbed with a longer one in its Options, or with the nodes"
                " named there, from which it is then worked out."
            )

    def _wait_ready(self, names: set[str], seconds: float = 180.0) -> None:
        end = time.monotonic() + seconds
        while True:
            items = self.api.get(f"{_NODES}?resourceVersion=0")["items"]
            left = names - {item["metadata"]["name"] for item in items if _is_ready(item)}
            if not left:
                return
            if time.monotonic() > end:
                some = ", ".join(sorted(left)[:3])
                raise TestbedError(
                    f"{len(left)} simulated nodes ({some}, ...) were not Ready after {seconds:.0f} s;"
                    f" see {self.directory / 'kwok.log'}."
                )
            self.check()
            time.sleep(0.2)


def cluster_from_environment(options: Options = Options()) -> Cluster:
    """The cluster of `KUBECONFIG` where that is set (a kept testbed with all it can), else a new testbed."""
    paths = os.environ.get("KUBECONFIG", "")
    if not paths:
        return Testbed.start(options)
    directory = Path(paths).parent
    if (directory / state.FILE).is_file():
        return Attached.attach(directory)
    return ExternalCluster(paths)


class Attached(Testbed):
    """A kept testbed in someone else's hands: `stop` leaves it running."""

    def stop(self) -> None:
        """Nothing: `python -m tests.testbed down` is what ends it."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
