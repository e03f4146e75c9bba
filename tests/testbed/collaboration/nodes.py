"""Two real nodes with Bayplan, the images, and a site for the data of clients on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..installation import OperatorProcess, install_chart
from ..real_nodes import RealTestbed, real_testbed
from ..real_nodes.operator_image import OPERATOR, write_archive
from ..testbed import Options
from .manifests import name_sites

NODES = ("real-0", "real-1")
SILENCE = 15.0
"""Seconds after which a silent node is NotReady: enough for one that only has to wait for its turn on a busy machine."""


def prepare(testbed: RealTestbed) -> None:
    """Give all nodes the images of the operator and of the examples, and a site for the data of clients."""
    import_images(testbed)
    name_sites(testbed, NODES)


def import_images(testbed: RealTestbed) -> None:
    """Give all nodes the images of the operator and of the examples."""
    archive = testbed.directory / "images.tar"
    write_archive(archive)
    testbed.nodes.import_archive(archive)
    archive.unlink()


@contextmanager
def bayplan_on_two_nodes(policy: Sequence[str] = (), arguments: Sequence[str] = ()) -> Iterator[RealTestbed]:
    """Two nodes over which the operator spreads pods, until the end of the block; images and sites are another matter.

    `policy`: further fields of the default policy, as `field=value`; `arguments`: of the operator. Raises TestbedError where
    real nodes cannot run.
    """
    with real_testbed(len(NODES), Options(simulated=False, node_monitor_grace_period=SILENCE)) as testbed:
        install_chart(testbed, *(f"defaultPolicy.spec.{field}" for field in ("scorers[0].name=Spread", *policy)))
        with OperatorProcess(testbed, (f"--image={OPERATOR}", *arguments)) as operator:
            operator.wait_until_leading()
            yield testbed
