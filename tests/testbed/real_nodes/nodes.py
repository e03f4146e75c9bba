"""Several real nodes on a running testbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import TestbedError
from ..processes import Process, stop
from . import dns, images
from .node import RealNode
from .run import Run
from .site import Site


class RealNodes:
    """Nodes with the images of `images`, and a name server. Make them with `start`, end them with `stop`."""

    def __init__(self, run: Run, site: Site) -> None:
        self._run = run
        self._dns: list[Process] = []
        self._nodes = {layout.name: RealNode(layout, site) for layout in run.layouts}

    @classmethod
    def start(cls, site: Site, data: Path, names: Sequence[str]) -> RealNodes:
        """Start nodes of these names, with their disks and logs below `data`, and wait until they are Ready.

        Raises TestbedError with the reason; then nothing is left but the logs.
        """
        data.mkdir(parents=True, exist_ok=True)
        nodes = cls(Run.begin(names, data), site)
        try:
            nodes.workspace.mkdir(mode=0o1777)
            nodes.workspace.chmod(0o1777)  # any user of any pod, whatever the umask
            nodes._dns.append(dns.start(site, nodes._run.shared, data / "dns"))
            archive = data / "images.tar"
            images.write_archive(archive)
            for node in nodes:
                node.start()
                node.import_archive(archive)
            for node in nodes:
                node.wait_ready()
        except BaseException:
            nodes.stop()
            raise
        return nodes

    @property
    def workspace(self) -> Path:
        """A folder that every node has under this very path, for volumes of the kind `hostPath`; it goes with the nodes."""
        return self._run.shared.workspace

    def import_archive(self, archive: Path) -> None:
        """Give every node the images of a docker-archive."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.import_archive(archive), self))

    def __iter__(self) -> Iterator[RealNode]:
        return iter(self._nodes.values())

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> RealNode:
        if name not in self._nodes:
            raise TestbedError(f"There is no real node {name}; there are {', '.join(self._nodes)}.")
        return self._nodes[name]

    def stop(self) -> None:
        """End them and take away all that they have on this machine but their logs. May be called again."""
        stop(self._dns, grace=0.0)
        self._run.end()
