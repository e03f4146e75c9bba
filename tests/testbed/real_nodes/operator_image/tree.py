"""A part of a root file system, put together from files of this machine."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..archive import Layer, add_file, add_folder, add_link
from .bytecode import bytecode, cached


@dataclass
class Tree:
    """What goes where, by paths in the image without the leading slash."""

    _files: dict[str, Path] = field(default_factory=dict)
    _texts: dict[str, tuple[str, int]] = field(default_factory=dict)
    _links: dict[str, str] = field(default_factory=dict)

    def file(self, path: str, source: Path) -> None:
        """A file of this machine, with its time and whether it can be run; a symbolic link is followed."""
        self._files[path] = source

    def folder(self, path: str, source: Path, without: frozenset[str] = frozenset()) -> None:
        """All files below a folder, but no compiled Python and nothing that has a name of `without` on its way."""
        for found in sorted(source.rglob("*")):
            parts = found.relative_to(source).parts
            if "__pycache__" not in parts and without.isdisjoint(parts) and found.is_file():
                self.file("/".join((path, *parts)), found)

    def text(self, path: str, content: str, mode: int = 0o644) -> None:
        """A file with this content."""
        self._texts[path] = (content, mode)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._links[path] = target

    def sources(self) -> list[Path]:
        """The files of this machine that it consists of."""
        return list(self._files.values())

    def write(self, path: Path) -> Layer:
        """Write it to a tar, Python's modules with their byte code: in a container they are not to be compiled each time."""
        with tarfile.open(path, "w") as tar:
            for folder in self._folders():
                add_folder(tar, folder)
            for name, target in self._links.items():
                add_link(tar, name, target)
            for name, (content, mode) in self._texts.items():
                add_file(tar, name, content.encode(), mode)
            for name, source in self._files.items():
                _add(tar, name, source)
        return Layer.of(path)

    def _folders(self) -> list[str]:
        """All folders on the way to its files, each before what is in it."""
        found = {str(parent) for name in (*self._files, *self._texts, *self._links) for parent in PurePosixPath(name).parents}
        found |= {f"{PurePosixPath(name).parent}/__pycache__" for name in self._files if name.endswith(".py")}
        return sorted(found - {"."})


def _add(tar: tarfile.TarFile, name: str, source: Path) -> None:
    status = source.stat()
    mode = 0o755 if status.st_mode & 0o100 else 0o644
    content = source.read_bytes()
    add_file(tar, name, content, mode, int(status.st_mtime))
    if name.endswith(".py") and (code := bytecode(source, content, status)) is not None:
        add_file(tar, str(cached(PurePosixPath(name))), code, mtime=int(status.st_mtime))
