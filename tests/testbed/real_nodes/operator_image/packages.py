"""The project's packages and those that they need, as they are installed here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ...errors import TestbedError
from .tree import Tree

PROJECT = "bayplan"
_EXTRAS = ("",)  # none: here the operator itself runs outside of the cluster, and what it alone needs is a third of the files
ROOT = Path(__file__).parents[4]
# Where the project keeps its packages; not each is there in every version of it.
_SOURCES = ("placement/bayplan", "operator/bayplan_operator", "task/bayplan_task")


def needed(by: str) -> list[metadata.Distribution]:
    """A distribution and all that it needs, by name; the project itself is left out.

    Raises TestbedError where one is not installed.
    """
    found: dict[str, metadata.Distribution] = {}
    waiting = [(by, extra) for extra in _EXTRAS]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError as error:
            raise TestbedError(f"The image needs the package {name}, which is not installed; run `make venv`.") from error
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = {(canonicalize_name(requirement.name), each) for each in (requirement.extras or ("",))}
                waiting += sorted(wanted - seen)
                seen |= wanted
    found.pop(PROJECT, None)
    return [found[name] for name in sorted(found)]


def add(tree: Tree, distributions: Iterable[metadata.Distribution], site: str) -> None:
    """Add the modules and libraries of distributions below the folder `site` of the image."""
    for distribution in distributions:
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            # Programs lie outside of the folder of modules; the tree compiles modules by itself; tests are many and large.
            if not {"..", "tests"} & set(file.parts) and file.suffix != ".pyc" and source.is_file():
                tree.file(f"{site}/{file}", source)


def add_own(tree: Tree, site: str) -> None:
    """Add the project's own packages from this checkout, and what says their version."""
    for folder in _SOURCES:
        source = ROOT / folder
        if source.is_dir():
            tree.folder(f"{site}/{source.name}", source)
    installed = metadata.distribution(PROJECT)
    for file in ("METADATA", "entry_points.txt"):
        tree.text(f"{site}/{PROJECT}-{installed.version}.dist-info/{file}", installed.read_text(file) or "")
