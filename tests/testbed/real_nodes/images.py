"""The images of the nodes, made from this machine's static busybox: nothing is pulled from anywhere."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from ..errors import TestbedError

BUSYBOX = "bayplan.dev/busybox:1"
PAUSE = "bayplan.dev/pause:1"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_COMMANDS = {BUSYBOX: ["/bin/sh"], PAUSE: ["/bin/sleep", "2147483647"]}
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"


def write_archive(path: Path) -> None:
    """Write a docker-archive with both images. Raises TestbedError where there is no busybox."""
    layer = _layer()
    digest = hashlib.sha256(layer).hexdigest()
    manifest = []
    with tarfile.open(path, "w") as archive:
        _add(archive, f"{digest}/layer.tar", layer)
        for name, command in _COMMANDS.items():
            config = json.dumps(_config(digest, command)).encode()
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(archive, config_name, config)
            manifest.append({"Config": config_name, "RepoTags": [name], "Layers": [f"{digest}/layer.tar"]})
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def problem() -> str | None:
    """Why the images cannot be made here, in one sentence; None where they can."""
    busybox = shutil.which("busybox")
    if busybox is None:
        return "The program busybox is missing; it belongs to the package busybox-static."
    # The path of the dynamic loader stands at the beginning of a program that needs one.
    with open(busybox, "rb") as file:
        if b"/lib" in file.read(4096):
            return f"{busybox} is not statically linked; install the package busybox-static."
    if platform.machine() not in _ARCHITECTURES:
        return f"No name of the architecture {platform.machine()} in images is known."
    return None


def _config(layer: str, command: list[str]) -> dict[str, object]:
    return {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created_by": "busybox"}],
    }


def _layer() -> bytes:
    busybox = shutil.which("busybox")
    if busybox is None:
        raise TestbedError("The program busybox is missing; it belongs to the package busybox-static.")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777)):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, mode
            layer.addfile(info)
        _add(layer, "bin/busybox", Path(busybox).read_bytes(), 0o755)
        _add(layer, "etc/passwd", _PASSWD)
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                layer.addfile(link)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    archive.addfile(info, io.BytesIO(content))
