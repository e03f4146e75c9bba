"""The interpreter that runs this, its standard library, and the shared libraries that programs need, where they lie here.

With paths kept, whatever paths are written into the programs stay right, and what is computed is the same as here to the bit.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from ...errors import TestbedError
from .tree import Tree

# Tests, what needs a screen, and what is installed beside the library.
_WITHOUT = frozenset(
    {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "site-packages", "dist-packages"}
)
_NSSWITCH = "hosts: files dns\n"
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


def executable() -> Path:
    """The interpreter itself, behind virtual environments and links."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def add(tree: Tree) -> None:
    """Add the interpreter with its standard library."""
    tree.file(_inside(executable()), executable())
    base = {"installed_base": sys.base_prefix, "platbase": sys.base_prefix, "installed_platbase": sys.base_prefix}
    library = {Path(sysconfig.get_path(name, vars=base)).resolve() for name in ("stdlib", "platstdlib")}
    for folder in library:
        configured = frozenset(found.name for found in folder.glob("config-*"))  # for building interpreters
        screen = frozenset(found.name for found in folder.glob("lib-dynload/_tkinter*"))
        tree.folder(_inside(folder), folder, _WITHOUT | configured | screen)
    tree.link("usr/bin/env", "/bin/busybox")
    tree.text("etc/nsswitch.conf", _NSSWITCH)


def add_libraries(tree: Tree) -> None:
    """Add what the programs and libraries in `tree` are linked with, and the loader's list of where libraries lie.

    Raises TestbedError where the machine has no `ldd` that can tell.
    """
    there = tree.sources()
    inside = {source.resolve() for source in there}
    linked = [str(source) for source in there if source == executable() or ".so" in source.suffixes]
    try:
        # Its exit code is 1 where one of them is not linked with anything.
        told = subprocess.run(["ldd", *linked], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as error:
        raise TestbedError("The program ldd is missing; it belongs to the C library (Debian: libc-bin).") from error
    for library in sorted({Path(found) for found in _LIBRARY.findall(told)}):
        if library.resolve() not in inside:
            # The folder without links, since those are added below; the library by the name that programs ask for.
            tree.file(_inside(library.parent.resolve() / library.name), library)
    for folder in Path("/").glob("lib*"):
        if folder.is_symlink():
            tree.link(folder.name, str(folder.readlink()))
    if (cache := Path("/etc/ld.so.cache")).is_file():
        tree.file(_inside(cache), cache)


def _inside(path: Path) -> str:
    return str(path).lstrip("/")
