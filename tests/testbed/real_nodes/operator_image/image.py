"""Builds the images, and keeps all of them that does not come from this checkout in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from ...binaries import cache_directory
from .. import images
from ..archive import Image, Layer, write
from . import interpreter, packages
from .tree import Tree

OPERATOR = "bayplan.dev/operator:1"
EXAMPLES = "bayplan.dev/examples:1"
_HOME = "opt/bayplan"
_APP = "opt/app"
_PROGRAMS = "examples/collaboration"
_SITE = f"{_HOME}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
_SCRIPT = f"""\
#!/{_HOME}/bin/python3
import sys

from bayplan_operator.cli import main

sys.exit(main())
"""
_USER = f"{images.USER}:{images.USER}"
_ENVIRONMENT = [f"PATH=/{_HOME}/bin:/bin", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"]
# As the project's Dockerfile has it.
_OPERATOR = {
    "Entrypoint": ["bayplan"],
    "Cmd": ["operator"],
    "User": _USER,
    "Env": [*_ENVIRONMENT, "NUMBA_CPU_NAME=generic"],
}
# As the Dockerfile of examples/collaboration has it.
_EXAMPLES = {
    "Cmd": ["python", "-m", "examples.collaboration.federated"],
    "User": _USER,
    "WorkingDir": f"/{_APP}",
    "Env": [*_ENVIRONMENT, "OPENBLAS_NUM_THREADS=1"],
}


def write_archive(path: Path) -> None:
    """Write a docker-archive with two images. The first time on a machine takes some seconds.

    `OPERATOR`: a shell, Python with numpy and scipy, and `bayplan` of this checkout. `EXAMPLES`: the same with scikit-learn and
    examples/collaboration. Raises TestbedError with what is missing.
    """
    needed = packages.needed(packages.PROJECT)
    more = [each for each in packages.needed("scikit-learn") if each.name not in {known.name for known in needed}]
    with TemporaryDirectory(prefix="bayplan-image-", dir=path.parent) as temporary:
        folder = Path(temporary)
        python = _kept("python", needed, _add_python)
        operator = (images.busybox_layer(folder / "busybox.tar"), python, _own(folder / "own.tar"))
        examples = (*operator, _kept("learning", more, packages.add), _examples(folder / "examples.tar"))
        write(path, [Image(OPERATOR, operator, _OPERATOR), Image(EXAMPLES, examples, _EXAMPLES)])


def _kept(name: str, needed: Sequence[metadata.Distribution], add: Callable[..., None]) -> Layer:
    """A layer with these distributions, which is kept by their versions."""
    versions = [f"{each.name} {each.version}" for each in needed]
    machine = (sys.version, str(interpreter.executable()), platform.machine(), "".join(platform.libc_ver()))
    key = hashlib.sha256("\0".join((*versions, *machine)).encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):  # what is left out, and the like
        key.update(module.read_bytes())
    place = cache_directory() / f"{name}-{key.hexdigest()[:16]}.tar"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes may want it at the same time
        if not place.exists():
            tree = Tree()
            add(tree, needed, _SITE)
            interpreter.add_libraries(tree)
            with TemporaryDirectory(prefix=f".{name}-", dir=place.parent) as temporary:
                unfinished = Path(temporary) / place.name
                tree.write(unfinished)
                unfinished.replace(place)
    return Layer.of(place)


def _add_python(tree: Tree, needed: Sequence[metadata.Distribution], site: str) -> None:
    """The interpreter and these distributions, as a virtual environment."""
    python = interpreter.executable()
    interpreter.add(tree)
    packages.add(tree, needed, site)
    for name in ("python", "python3", python.name):
        tree.link(f"{_HOME}/bin/{name}", str(python))
    tree.text(f"{_HOME}/pyvenv.cfg", f"home = {python.parent}\ninclude-system-site-packages = false\n")


def _own(path: Path) -> Layer:
    tree = Tree()
    packages.add_own(tree, _SITE)
    tree.text(f"{_HOME}/bin/{packages.PROJECT}", _SCRIPT, 0o755)
    return tree.write(path)


def _examples(path: Path) -> Layer:
    tree = Tree()
    tree.folder(f"{_APP}/{_PROGRAMS}", packages.ROOT / _PROGRAMS)
    return tree.write(path)
