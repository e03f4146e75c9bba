"""containerd of one node."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from .. import processes
from ..errors import TestbedError
from ..processes import Process
from . import images, namespace, network
from .layout import Layout

READY_SECONDS = 120.0
_CALL_SECONDS = "180s"


def start(binaries: Path, layout: Layout) -> Process:
    """Start containerd and wait until it answers. Raises TestbedError with the end of its log when it does not."""
    path = layout.data / "containerd.toml"
    path.write_text(_configuration(binaries, layout))
    command = [str(binaries / "containerd"), f"--config={path}"]
    spawned = processes.spawn(namespace.in_new(layout, command), layout.logs / "containerd.log", keep=False)
    process = replace(spawned, name="containerd")
    end = time.monotonic() + READY_SECONDS
    while _ctr(binaries, layout, "version").returncode != 0:
        process.check()
        if time.monotonic() > end:
            raise TestbedError(f"containerd does not answer; the end of its log:\n{process.log_tail()}")
        time.sleep(0.1)
    return process


def import_archive(binaries: Path, layout: Layout, archive: Path) -> None:
    """Give the node the images of a docker-archive or OCI archive."""
    # The first container unpacks it. Local: ctr writes to containerd's store by itself, which takes a third of the time.
    done = _ctr(binaries, layout, "images", "import", "--local", "--no-unpack", str(archive))
    if done.returncode != 0:
        raise TestbedError(f"Importing {archive} into node {layout.name} failed: {done.stderr.strip()}.")


def _ctr(binaries: Path, layout: Layout, *args: str) -> subprocess.CompletedProcess[str]:
    command = [str(binaries / "ctr"), f"--address={layout.socket}", "--namespace=k8s.io", f"--timeout={_CALL_SECONDS}", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _configuration(binaries: Path, layout: Layout) -> str:
    cri, quoted = "io.containerd.cri.v1", json.dumps  # TOML's basic strings are JSON's
    runc = f'plugins."{cri}.runtime".containerd.runtimes.runc'
    return f"""\
version = 3
root = {quoted(str(layout.data / "containerd"))}
state = {quoted(str(layout.state / "containerd"))}
# Both would make folders outside of this node's.
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"]

[grpc]
address = {quoted(str(layout.socket))}

[plugins."io.containerd.shim.v1.manager"]
socket_dir = {quoted(str(layout.state / "s"))}

[plugins."{cri}.images"]
snapshotter = {quoted(_snapshotter(layout))}

[plugins."{cri}.images".pinned_images]
sandbox = {quoted(images.PAUSE)}

[plugins."{cri}.runtime"]
# Without CAP_SYS_RESOURCE, no score below containerd's own can be set.
restrict_oom_score_adj = true
# Loading a profile would change the machine.
disable_apparmor = true
netns_mounts_under_state_dir = true
tolerate_missing_hugetlb_controller = true

[plugins."{cri}.runtime".cni]
bin_dirs = [{quoted(str(network.plugins()))}]
conf_dir = {quoted(str(network.configuration(layout)))}
use_internal_loopback = true

[{runc}]
runtime_type = "io.containerd.runc.v2"
# Else one that the machine has on its PATH would go first.
runtime_path = {quoted(str(binaries / "containerd-shim-runc-v2"))}

[{runc}.options]
BinaryName = {quoted(str(shutil.which("runc")))}
Root = {quoted(str(layout.state / "runc"))}
SystemdCgroup = false
"""


def _snapshotter(layout: Layout) -> str:
    """overlayfs where the file system below `data` bears it; inside of other containers it often does not."""
    probe = layout.data / "overlay-probe"
    folders = {name: probe / name for name in ("lower", "upper", "work", "merged")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    options = "lowerdir={lower},upperdir={upper},workdir={work}".format(**folders)
    target = str(folders["merged"])
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, target]
    works = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if works:
        subprocess.run(["umount", target], check=True)
    shutil.rmtree(probe)
    return "overlayfs" if works else "native"
