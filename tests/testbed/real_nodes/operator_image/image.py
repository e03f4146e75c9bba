"""Builds the image, and keeps all of it that does not come from this checkout in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ...binaries import cache_directory
from .. import images
from ..archive import Image, Layer, write
from . import interpreter, packages
from .tree import Tree

OPERATOR = "bayplan.dev/operator:1"
_HOME = "opt/bayplan"
_SITE = f"{_HOME}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
_SCRIPT = f"""\
#!/{_HOME}/bin/python3
import sys

from bayplan_operator.cli import main

sys.exit(main())
"""
# As the project's Dockerfile has it.
_CONFIG = {
    "Entrypoint": ["bayplan"],
    "Cmd": ["operator"],
    "User": f"{images.USER}:{images.USER}",
    "Env": [f"PATH=/{_HOME}/bin:/bin", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "NUMBA_CPU_NAME=generic"],
}


def write_archive(path: Path) -> None:
    """Write a docker-archive with the image `OPERATOR`: a shell, Python with numpy and scipy, and `bayplan` of this checkout.

    The first time on a machine takes some seconds. Raises TestbedError with what is missing.
    """
    with TemporaryDirectory(prefix="bayplan-image-", dir=path.parent) as temporary:
        folder = Path(temporary)
        layers = (images.busybox_layer(folder / "busybox.tar"), _environment(), _own(folder / "own.tar"))
        write(path, [Image(OPERATOR, layers, _CONFIG)])


def _environment() -> Layer:
    """Python and the locked packages, as a virtual environment: kept by their versions."""
    versions = [f"{each.name} {each.version}" for each in packages.needed()]
    machine = (sys.version, str(interpreter.executable()), platform.machine(), "".join(platform.libc_ver()))
    key = hashlib.sha256("\0".join((*versions, *machine)).encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):  # what is left out, and the like
        key.update(module.read_bytes())
    place = cache_directory() / f"python-{key.hexdigest()[:16]}.tar"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes may want it at the same time
        if not place.exists():
            _build(place)
    return Layer.of(place)


def _build(place: Path) -> None:
    python = interpreter.executable()
    tree = Tree()
    interpreter.add(tree)
    packages.add_needed(tree, _SITE)
    interpreter.add_libraries(tree)
    for name in ("python", "python3", python.name):
        tree.link(f"{_HOME}/bin/{name}", str(python))
    tree.text(f"{_HOME}/pyvenv.cfg", f"home = {python.parent}\ninclude-system-site-packages = false\n")
    with TemporaryDirectory(prefix=".python-", dir=place.parent) as temporary:
        unfinished = Path(temporary) / place.name
        tree.write(unfinished)
        unfinished.replace(place)


def _own(path: Path) -> Layer:
    tree = Tree()
    packages.add_own(tree, _SITE)
    tree.text(f"{_HOME}/bin/{packages.PROJECT}", _SCRIPT, 0o755)
    return tree.write(path)
