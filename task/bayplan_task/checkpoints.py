"""Checkpoints of a training run: the last few are kept, and a torn one is passed over."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import TaskError
from .files import save

_NAME = re.compile(r"step-(\d{10})\.npz")
_LEFT_OVER = ".step-*.tmp"
_LEFT_SECONDS = 3600
"""A file that was begun so long before the newest checkpoint belongs to no process that still saves."""
_LAST_STEP = 10**10 - 1
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was saved after a step."""

    step: int
    arrays: dict[str, NDArray[Any]]


class Checkpoints:
    """A folder of checkpoints that later attempts share. In a gang, only rank 0 saves, and all ranks may read."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        if keep < 1:
            raise TaskError(f"keep is {keep}: at least one checkpoint has to be kept")
        self.folder = folder
        self.keep = keep

    def save(self, step: int, arrays: Mapping[str, ArrayLike]) -> Path:
        """Write one atomically, then delete all but the newest `keep`. Raises `TaskError` on a step out of range."""
        if not 0 <= step <= _LAST_STEP:
            raise TaskError(f"the checkpoint's step is {step}: it must be from 0 to {_LAST_STEP}")
        path = self.folder / f"step-{step:010d}.npz"
        save(path, arrays)
        for _, old in list(self._newest_first())[self.keep :]:
            old.unlink(missing_ok=True)
        self._clear()
        return path

    def latest(self) -> Checkpoint | None:
        """The newest one that can be read whole: each array's checksum is compared. None: there is none."""
        for step, path in self._newest_first():
            try:
                with np.load(path, allow_pickle=False) as file:
                    return Checkpoint(step, {name: file[name] for name in file.files})
            except _UNREADABLE:
                continue
        return None

    def _clear(self) -> None:
        """Delete what killed processes left."""
        newest = max(path.stat().st_mtime for _, path in self._newest_first())
        for left in self.folder.glob(_LEFT_OVER):
            if left.stat().st_mtime < newest - _LEFT_SECONDS:
                left.unlink(missing_ok=True)

    def _newest_first(self) -> Iterator[tuple[int, Path]]:
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        steps = [(int(match[1]), path) for path in found if (match := _NAME.fullmatch(path.name))]
        yield from sorted(steps, reverse=True)
