"""Several real nodes on a running testbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import TestbedError
from . import images
from .node import RealNode, Site
from .run import Run


class RealNodes:
    """Nodes with the images of `images`. Make them with `start`, end them with `stop`."""

    def __init__(self, run: Run, site: Site) -> None:
        self._run = run
        self._nodes = {layout.name: RealNode(layout, site) for layout in run.layouts}

    @classmethod
    def start(cls, site: Site, data: Path, names: Sequence[str]) -> RealNodes:
        """Start nodes of these names, with their disks and logs below `data`, and wait until they are Ready.

        Raises TestbedError with the reason; then nothing is left but the logs.
        """
        data.mkdir(parents=True, exist_ok=True)
        nodes = cls(Run.begin(names, data), site)
        try:
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
        self._run.end()
