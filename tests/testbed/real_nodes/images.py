"""The images that every node has, made from this machine's static busybox: nothing is pulled from anywhere."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from ..errors import TestbedError
from .archive import ARCHITECTURES, Image, Layer, add_file, add_folder, add_link, write

BUSYBOX = "bayplan.dev/busybox:1"
PAUSE = "bayplan.dev/pause:1"
USER = 65532
"""The user and group by number that run the operator's image, as in its Dockerfile."""
_COMMANDS = {BUSYBOX: ["/bin/sh"], PAUSE: ["/bin/sleep", "2147483647"]}
_FOLDERS = {"bin": 0o755, "etc": 0o755, "root": 0o700, "tmp": 0o1777}
_PASSWD = f"""\
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh
bayplan:x:{USER}:{USER}:bayplan:/tmp:/bin/sh
"""


def write_archive(path: Path) -> None:
    """Write a docker-archive with both images. Raises TestbedError where there is no busybox."""
    file = path.with_suffix(".layer")
    layer = busybox_layer(file)
    write(path, [Image(name, (layer,), {"Cmd": command, "Env": ["PATH=/bin"]}) for name, command in _COMMANDS.items()])
    file.unlink()


def problem() -> str | None:
    """Why the images cannot be made here, in one sentence; None where they can."""
    busybox = shutil.which("busybox")
    if busybox is None:
        return "The program busybox is missing; it belongs to the package busybox-static."
    # The path of the dynamic loader stands at the beginning of a program that needs one.
    with open(busybox, "rb") as file:
        if b"/lib" in file.read(4096):
            return f"{busybox} is not statically linked; install the package busybox-static."
    if platform.machine() not in ARCHITECTURES:
        return f"No name of the architecture {platform.machine()} in images is known."
    return None


def busybox_layer(path: Path) -> Layer:
    """Write a root file system of busybox and little else to `path`. Raises TestbedError where there is no busybox."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise TestbedError("The program busybox is missing; it belongs to the package busybox-static.")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(path, "w") as layer:
        for folder, mode in _FOLDERS.items():
            add_folder(layer, folder, mode)
        add_file(layer, "bin/busybox", Path(busybox).read_bytes(), 0o755)
        add_file(layer, "etc/passwd", _PASSWD.encode())
        for applet in applets:
            if applet != "busybox":
                add_link(layer, f"bin/{applet}", "busybox")
    return Layer.of(path)
