"""The name server of the nodes' pods: CoreDNS, which knows the cluster's Services from the API server."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

from .. import certificates, kubeconfig
from ..errors import TestbedError
from ..processes import Process, spawn, stop
from . import network
from .kubelet import CLUSTER_DOMAIN
from .layout import Shared
from .site import Site

READY_SECONDS = 120.0
_READY_PORT = 8181
_USER = "system:coredns"
_RIGHTS = (("", ("namespaces", "services", "pods", "endpoints")), ("discovery.k8s.io", ("endpointslices",)))
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def start(site: Site, shared: Shared, folder: Path) -> Process:
    """Start it on the shared bridge and wait until it answers. Raises TestbedError with the end of its log when it does not.

    It runs beside the nodes and not on one of them, so that names can be found whichever node dies.
    """
    folder.mkdir(parents=True)
    network.make_bridge(shared.bridge, shared.dns)
    _grant(site)
    pair = certificates.client(site.pki, folder, _USER, "bayplan:testbed")
    config = kubeconfig.write_for_certificate(folder / "kubeconfig", site.server(), pair)
    corefile = folder / "Corefile"
    corefile.write_text(_corefile(shared.dns, config))
    process = spawn([str(site.binaries / "coredns"), f"-conf={corefile}"], folder / "coredns.log", keep=False)
    try:
        _wait_ready(process, shared.dns)
    except BaseException:
        stop([process], grace=0.0)
        raise
    return process


def _corefile(address: str, config: Path) -> str:
    # Answers are not to be kept: a pod that was replaced has another address at once. Names outside of the cluster do not
    # exist, and that is said at once too.
    return f"""\
{CLUSTER_DOMAIN} in-addr.arpa {{
    bind {address}
    errors
    ready {address}:{_READY_PORT}
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {config}
        ttl 0
    }}
}}
. {{
    bind {address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _grant(site: Site) -> None:
    """The rights that CoreDNS has in any cluster."""
    rules = [{"apiGroups": [group], "resources": kinds, "verbs": ["list", "watch"]} for group, kinds in _RIGHTS]
    role = {"metadata": {"name": _USER}, "rules": rules}
    binding = {
        "metadata": {"name": _USER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _USER},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": _USER}],
    }
    for kind, body in (("clusterroles", role), ("clusterrolebindings", binding)):
        status, answer = site.api.request("POST", f"{_RBAC}/{kind}", body)
        if status not in (201, 409):  # 409: other nodes of this testbed have granted them
            raise TestbedError(f"The API server does not grant the name server its rights: {status} {answer}")


def _wait_ready(process: Process, address: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while not _is_ready(address):
        process.check()
        if time.monotonic() > end:
            raise TestbedError(f"The name server is not ready; the end of its log:\n{process.log_tail()}")
        time.sleep(0.05)


def _is_ready(address: str) -> bool:
    """Whether it has heard of all Services."""
    connection = http.client.HTTPConnection(address, _READY_PORT, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False  # it does not listen yet
    finally:
        connection.close()
