"""Writing models in chunks, tensor after tensor."""

import json
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, TensorLayout
from bayplan_operator.fusing.formats import safetensors
from bayplan_operator.fusing.formats.npy_header import header_of

_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every member of an archive, so that equal models make equal files."""


class FileSink(ABC):
    """Writes each tensor from its first coordinate on, in the order in which they were announced."""

    def __init__(self, path: Path, file: BinaryIO, metadata: Mapping[str, str]) -> None:
        self._path, self._file, self._metadata = path, file, metadata
        self._waiting: Iterator[tuple[str, TensorLayout]] = iter(())
        self._current: tuple[str, TensorLayout] | None = None
        self._left = 0

    def begin(self, layouts: Mapping[str, TensorLayout]) -> None:
        """As `ModelSink` has it. Raises `FusionError` for types that the format does not have."""
        for name, layout in layouts.items():
            if layout.dtype == "bfloat16" and not isinstance(self, SafetensorsSink):
                raise FusionError(f"{self._path}: {name} is bfloat16, which this format cannot hold: write .safetensors")
        self._announce(layouts)
        self._waiting = iter(layouts.items())
        self._next()

    def write(self, name: str, values: Array) -> None:
        """As `ModelSink` has it."""
        if self._current is None or self._current[0] != name or len(values) > self._left:
            raise ValueError(f"{self._path}: {name} is not what comes next")
        dtype = self._current[1].dtype
        if dtype == "bfloat16":
            self._put((values.view(np.uint32) >> np.uint32(16)).astype("<u2").data.cast("B"))
        elif len(values):
            self._put(np.ascontiguousarray(values, safetensors.stored(dtype)).view(np.uint8).data)
        self._left -= len(values)
        if not self._left:
            self._close()
            self._next()

    def finish(self) -> None:
        """Once all is written. Raises ValueError where a tensor is missing."""
        if self._current is not None:
            raise ValueError(f"{self._path}: {self._current[0]} is not complete")
        self._end()

    def abandon(self) -> None:  # noqa: B027
        """The file will not be used: let go of it."""

    def _next(self) -> None:
        """Tensors without coordinates are complete at once."""
        for name, layout in self._waiting:
            self._current, self._left = (name, layout), layout.size
            self._open(name, layout)
            if self._left:
                return
            self._close()
        self._current = None

    def _announce(self, layouts: Mapping[str, TensorLayout]) -> None: ...  # noqa: B027

    def _open(self, name: str, layout: TensorLayout) -> None: ...  # noqa: B027

    @abstractmethod
    def _put(self, raw: memoryview) -> None: ...

    def _close(self) -> None: ...  # noqa: B027

    def _end(self) -> None: ...  # noqa: B027


class SafetensorsSink(FileSink):
    """A .safetensors file."""

    def _announce(self, layouts: Mapping[str, TensorLayout]) -> None:
        self._file.write(safetensors.header_of(layouts, self._metadata))

    def _put(self, raw: memoryview) -> None:
        self._file.write(raw)


class NpySink(FileSink):
    """A .npy file."""

    def _announce(self, layouts: Mapping[str, TensorLayout]) -> None:
        if len(layouts) != 1:
            raise FusionError(f"{self._path}: there are {len(layouts)} tensors, and .npy holds one: write .npz")

    def _open(self, name: str, layout: TensorLayout) -> None:
        header_of(layout.shape, layout.dtype, self._file)

    def _put(self, raw: memoryview) -> None:
        self._file.write(raw)


class NpzSink(FileSink):
    """A .npz file whose members are stored as they are, so that they can be read in place."""

    def __init__(self, path: Path, file: BinaryIO, metadata: Mapping[str, str]) -> None:
        super().__init__(path, file, metadata)
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._member: IO[bytes] | None = None

    def _open(self, name: str, layout: TensorLayout) -> None:
        self._member = self._archive.open(zipfile.ZipInfo(f"{name}.npy", _DAY), "w", force_zip64=True)
        header_of(layout.shape, layout.dtype, self._member)

    def _put(self, raw: memoryview) -> None:
        if self._member is not None:
            self._member.write(raw)

    def _close(self) -> None:
        if self._member is not None:
            self._member.close()

    def _end(self) -> None:
        self._archive.close()

    def abandon(self) -> None:
        """An archive that is left open would be closed later, when its file is gone."""
        with suppress(OSError, ValueError):
            if self._member is not None:
                self._member.close()
            self._archive.close()


class JsonSink(FileSink):
    """A JSON file: small models, which are held until the end."""

    def _announce(self, layouts: Mapping[str, TensorLayout]) -> None:
        self._layouts = dict(layouts)
        self._raw = {name: BytesIO() for name in layouts}

    def _put(self, raw: memoryview) -> None:
        if self._current is not None:
            self._raw[self._current[0]].write(raw)

    def _end(self) -> None:
        found = {}
        for name, layout in self._layouts.items():
            values = np.frombuffer(self._raw[name].getvalue(), safetensors.stored(layout.dtype))
            found[name] = values.reshape(layout.shape).tolist()
        self._file.write(json.dumps(found).encode() + b"\n")


SINKS: dict[str, type[FileSink]] = {
    ".npy": NpySink,
    ".npz": NpzSink,
    ".safetensors": SafetensorsSink,
    ".json": JsonSink,
}
