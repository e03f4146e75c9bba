"""A control plane with real nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..binaries import REAL_NODE, ensure
from ..errors import TestbedError
from ..testbed import Options, Testbed
from .nodes import RealNodes
from .requirements import available
from .site import Site

DEFAULT_GRACE_PERIOD = 10.0


class RealTestbed(Testbed):
    """A testbed whose nodes run containers. `kill_node` and `revive_node` work on simulated and on real nodes."""

    site: Site
    nodes: RealNodes

    @property
    def workspace(self) -> Path:
        """A folder that every real node has under this very path, as a shared file system would be."""
        return self.nodes.workspace

    def kill_node(self, name: str) -> None:
        """Cut a real node's power: kubelet and containers end at once."""
        if name in self.nodes:
            self.nodes[name].kill()
        else:
            super().kill_node(name)

    def revive_node(self, name: str) -> None:
        """Start a killed real node again, and wait until it is Ready."""
        if name in self.nodes:
            self.nodes[name].start()
            self.nodes[name].wait_ready()
        else:
            super().revive_node(name)


@contextmanager
def real_testbed(count: int = 2, options: Options | None = None) -> Iterator[RealTestbed]:
    """A control plane with `count` real nodes, real-0 and so on, which have the image `images.BUSYBOX`.

    `options`: of the control plane; by default without simulated nodes and with a node monitor grace period of 10 s. Its
    `keep` cannot be set. Raises TestbedError with the reason where `available` gives one.
    """
    if problem := available():
        raise TestbedError(f"Real nodes cannot run here: {problem}")
    chosen = options or Options(simulated=False)
    if chosen.keep:
        raise TestbedError("A testbed with real nodes cannot be kept: its nodes end with the Python process that started them.")
    grace = chosen.node_monitor_grace_period or max(DEFAULT_GRACE_PERIOD, chosen.grace_period())
    binaries = ensure(*REAL_NODE)
    with RealTestbed.start(replace(chosen, node_monitor_grace_period=grace)) as testbed:
        testbed.site = Site(binaries, testbed.directory / "pki", testbed.api, grace)
        names = [f"real-{index}" for index in range(count)]
        testbed.nodes = RealNodes.start(testbed.site, testbed.directory / "nodes", names)
        try:
            yield testbed
        finally:
            testbed.nodes.stop()
