"""Reading tensors in blocks, each while the one before is being used."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import CHUNK, Array, TensorLayout

BLOCK = 4 * CHUNK
"""Coordinates of one read, where few files are read at once; a multiple of what is looked at together."""
_FEW = 32


@dataclass(frozen=True, slots=True)
class Ahead:
    """How files are read ahead: by which thread, and how far."""

    thread: ThreadPoolExecutor
    block: int

    @classmethod
    def of(cls, thread: ThreadPoolExecutor, files: int) -> "Ahead":
        """Of many files, less at a time: all of them are read at once."""
        return cls(thread, BLOCK if files <= _FEW else CHUNK)


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where a tensor lies in a file."""

    layout: TensorLayout
    stored: np.dtype
    """How it is stored, byte order included; bfloat16 as unsigned 16-bit words."""
    offset: int


Fill = Callable[[int, memoryview], int]
"""Reads bytes from an offset of the file into a buffer; answers how many there were."""


class BlockReader:
    """Coordinates of the tensors of an open file, which lie in it in C order."""

    def __init__(self, path: Path, places: Mapping[str, TensorPlace], fill: Fill, ahead: Ahead) -> None:
        self._path, self._places, self._fill = path, places, fill
        self._thread, self._block = ahead.thread, ahead.block
        # Two buffers of the widest type; pages that no tensor reaches are never touched.
        self._buffers = [np.empty(self._block * 8, np.uint8) for _ in range(2)]
        self._name, self._start, self._stop = "", 0, 0
        self._current: Array = np.empty(0)
        self._next: tuple[str, int, Future[Array]] | None = None

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """Coordinates [start, stop)."""
        first = start // self._block * self._block
        if stop > first + self._block:
            return self._read(name, start, stop, np.empty((stop - start) * 8, np.uint8))
        if name != self._name or not self._start <= start <= stop <= self._stop:
            self._turn(name, first)
        return self._current[start - self._start : stop - self._start]

    def _turn(self, name: str, start: int) -> None:
        """Take the block that was read ahead, or read it now; then let the one after be read."""
        size = self._places[name].layout.size
        ahead, self._next = self._next, None
        block = ahead[2].result() if ahead is not None else None  # its buffer is free after that
        if block is None or ahead is None or ahead[:2] != (name, start):
            block = self._read(name, start, min(start + self._block, size), self._buffers[0])
        self._name, self._start, self._stop, self._current = name, start, start + len(block), block
        self._buffers.reverse()
        if self._stop < size:
            where = (name, self._stop, min(self._stop + self._block, size), self._buffers[0])
            self._next = (name, self._stop, self._thread.submit(self._read, *where))

    def _read(self, name: str, start: int, stop: int, buffer: Array) -> Array:
        place = self._places[name]
        width = place.stored.itemsize
        length = (stop - start) * width
        view = buffer[:length].data
        try:
            read = self._fill(place.offset + start * width, view)
        except OSError as error:
            raise FusionError(f"{self._path}: it cannot be read: {error.strerror}") from error
        if read < length:
            raise FusionError(f"{self._path}: {name} ends after {start * width + read} bytes: the file is truncated")
        return native(np.frombuffer(view, place.stored), place.layout)


def native(values: Array, layout: TensorLayout) -> Array:
    """In the machine's byte order; bfloat16, which comes as its 16 bits, as the float32 that begins with them."""
    if layout.dtype == "bfloat16":
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def filled_from(file: BinaryIO) -> Fill:
    """Reads at an offset, whatever else is read from the file."""

    def fill(offset: int, view: memoryview) -> int:
        done = 0
        while done < len(view):
            read = os.preadv(file.fileno(), [view[done:]], offset + done)
            if read == 0:
                break
            done += read
        return done

    return fill
