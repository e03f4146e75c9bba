"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import ArrayLike

from .errors import TaskError


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file under another name in the same folder; at the end of the block it is on the disk, and takes the name `path`.

    If the block raises, nothing is left. A reader sees the old file or the new one, also where the node loses power.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def save(path: Path, arrays: Mapping[str, ArrayLike] | ArrayLike) -> None:
    """`.npz` takes named arrays, `.npy` takes one. Raises `TaskError`: another suffix, or values that are no numbers."""
    if path.suffix not in (".npy", ".npz"):
        raise TaskError(f'{path.name}: arrays are saved as .npy or .npz, not as "{path.suffix}"')
    if isinstance(arrays, Mapping) != (path.suffix == ".npz"):
        raise TaskError(f"{path.name}: an .npz file takes a mapping of names to arrays, an .npy file takes one array")
    named = {name: _plain(path, name, each) for name, each in arrays.items()} if isinstance(arrays, Mapping) else None
    with writing(path) as file:
        if named is None:
            np.save(file, _plain(path, "the array", arrays), allow_pickle=False)  # type: ignore[arg-type]
        else:
            np.savez(file, allow_pickle=False, **named)


def _plain(path: Path, name: str, values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.hasobject:
        raise TaskError(f"{path.name}: {name} holds Python objects; it must hold numbers, booleans or text")
    return array


def _sync_folder(folder: Path) -> None:
    """Without it, the new name may be lost with the node's power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
