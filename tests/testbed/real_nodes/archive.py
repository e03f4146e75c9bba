"""Writes docker-archives, which containerd imports: images made of tar files, without a registry or a build tool."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Layer:
    """A tar with a part of the root file system, and the SHA-256 of its bytes."""

    path: Path
    digest: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """The layer in this file, which is read once for its digest."""
        with path.open("rb") as file:
            return cls(path, hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True)
class Image:
    """An image under `name`; later layers lie over earlier ones. `config`: its Cmd, Env and so on, by OCI's names."""

    name: str
    layers: tuple[Layer, ...]
    config: Mapping[str, object]


def write(path: Path, images: Sequence[Image]) -> None:
    """Write one docker-archive with all `images`; a layer that several share is in it once."""
    manifest = []
    with tarfile.open(path, "w") as archive:
        for layer in {layer.digest: layer for image in images for layer in image.layers}.values():
            archive.add(layer.path, _member(layer))
        for image in images:
            config = json.dumps(_config(image)).encode()
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            add_file(archive, name, config)
            manifest.append({"Config": name, "RepoTags": [image.name], "Layers": [_member(layer) for layer in image.layers]})
        add_file(archive, "manifest.json", json.dumps(manifest).encode())


def add_file(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644, mtime: int = 0) -> None:
    """Add a file of root's. `mtime`: seconds since the epoch."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), mode, mtime
    archive.addfile(info, io.BytesIO(content))


def add_folder(archive: tarfile.TarFile, name: str, mode: int = 0o755) -> None:
    """Add an empty folder of root's."""
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    archive.addfile(info)


def add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    """Add a symbolic link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    archive.addfile(info)


def _member(layer: Layer) -> str:
    return f"{layer.digest}/layer.tar"


def _config(image: Image) -> dict[str, object]:
    return {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": dict(image.config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in image.layers]},
        "history": [{"created_by": "bayplan's testbed"} for _ in image.layers],
    }
