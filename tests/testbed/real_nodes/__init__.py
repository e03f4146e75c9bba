"""Real nodes: kubelets and containerd on this machine, as root, without Docker and without a registry."""

from .images import BUSYBOX
from .node import RealNode
from .nodes import RealNodes
from .requirements import available
from .testbed import RealTestbed, real_testbed

__all__ = ["BUSYBOX", "RealNode", "RealNodes", "RealTestbed", "available", "real_testbed"]
