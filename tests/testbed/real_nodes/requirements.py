"""Whether this machine can run real nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from .. import system
from ..errors import TestbedError
from . import cgroups, images, network

_PACKAGES = {  # program -> Debian's package
    "runc": "runc",
    "busybox": "busybox-static",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "openssl": "openssl",
}
_CNI_PACKAGE = "containernetworking-plugins"


def available() -> str | None:
    """Why this machine cannot run real nodes, in one sentence; None where it can.

    Missing Debian packages are installed first where that is allowed.
    """
    if sys.platform != "linux":
        return f"real nodes need Linux, and this is {sys.platform}."
    if os.geteuid() != 0:
        return "real nodes need root: kubelet and containerd make cgroups, mounts and network interfaces."
    return _missing() or images.problem() or _mount_problem() or network.problem() or _cgroup_problem()


def _missing() -> str | None:
    packages = [_PACKAGES[program] for program in system.missing_programs(_PACKAGES)]
    if network.plugins() is None:
        packages.append(_CNI_PACKAGE)
    problem = system.ensure_packages(packages) if packages else None
    still = system.missing_programs(_PACKAGES)
    return problem or (f"Not on the PATH: {', '.join(still)}; is /usr/sbin missing there?" if still else None)


def _mount_problem() -> str | None:
    with TemporaryDirectory(prefix="bayplan-probe-") as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "probe", folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            why = done.stderr.strip().partition("\n")[0]
            return f"Nothing can be mounted here, as in an unprivileged container ({why})"
        subprocess.run(["umount", folder], check=True)
    return None


def _cgroup_problem() -> str | None:
    probe = f"bayplan-probe-{os.getpid()}"
    try:
        cgroups.prepare(probe)
    except TestbedError as error:
        return str(error)
    finally:
        cgroups.remove(probe)
    return None
