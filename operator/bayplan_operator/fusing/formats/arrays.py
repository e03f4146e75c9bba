"""Models in .npy and .npz files. Members that are stored as they are, are read in place; compressed ones are streamed."""

import lzma
import struct
import zipfile
import zlib
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, TensorLayout
from bayplan_operator.fusing.formats.npy_header import read_header
from bayplan_operator.fusing.formats.reading import Ahead, BlockReader, TensorPlace, filled_from, native

ALONE = "array"
"""The name of the tensor of a .npy file."""
_LOCAL = struct.Struct("<4s5H3I2H")
"""The fixed part of a local header of ZIP (PKWARE's APPNOTE, section 4.3.7)."""
_ENCRYPTED = 0x1
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError),
)
"""What reading a damaged archive raises."""


class NpySource:
    """The one array of a .npy file."""

    def __init__(self, path: Path, file: BinaryIO, size: int, ahead: Ahead) -> None:
        self.label = str(path)
        shape, dtype, fortran = read_header(file, size, str(path))
        place = TensorPlace(TensorLayout(shape, dtype.newbyteorder("=").name), dtype, file.tell())
        self.layouts = {ALONE: place.layout}
        self._columns = {ALONE} if fortran and len(shape) > 1 else set[str]()
        self._reader = BlockReader(path, {ALONE: place}, filled_from(file), ahead)
        self._whole = _Whole(self._reader, {ALONE: place})

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """As `ModelSource` has it."""
        if name in self._columns:
            return self._whole.chunk(name, start, stop)
        return self._reader.chunk(name, start, stop)


class NpzSource:
    """The arrays of a .npz file."""

    def __init__(self, path: Path, file: BinaryIO, size: int, ahead: Ahead) -> None:
        self.label = str(path)
        self._path = path
        try:
            self._archive = zipfile.ZipFile(file)
        except _DAMAGES as error:
            raise FusionError(f"{path}: this is no .npz file, or it is truncated") from error
        self.layouts: dict[str, TensorLayout] = {}
        self._columns: set[str] = set()
        self._places: dict[str, TensorPlace] = {}
        self._packed: dict[str, _Packed] = {}
        for member in self._archive.infolist():
            self._add(member, file, size)
        self._reader = BlockReader(path, self._places, filled_from(file), ahead)
        self._whole = _Whole(self._reader, self._places)

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """As `ModelSource` has it."""
        if name in self._packed:
            return self._packed[name].chunk(start, stop)
        if name in self._columns:
            return self._whole.chunk(name, start, stop)
        return self._reader.chunk(name, start, stop)

    def _add(self, member: zipfile.ZipInfo, file: BinaryIO, size: int) -> None:
        what = f"{self._path}: {member.filename}"
        name = member.filename.removesuffix(".npy")
        if name == member.filename:
            raise FusionError(f"{what}: this member is no array: its name must end with .npy")
        if name in self.layouts:
            raise FusionError(f"{self._path}: {name} is there twice: names must differ")
        if member.flag_bits & _ENCRYPTED:
            raise FusionError(f"{what}: it is encrypted, and cannot be read")
        try:
            with self._archive.open(member) as opened:
                shape, dtype, fortran = read_header(opened, member.file_size, what)
                header = opened.tell()
        except FusionError:
            raise
        except _DAMAGES as error:
            raise FusionError(f"{what}: it is damaged or truncated: {error}") from error
        self.layouts[name] = TensorLayout(shape, dtype.newbyteorder("=").name)
        if member.compress_type == zipfile.ZIP_STORED:
            begin = _data_offset(file, member, size, what)
            self._places[name] = TensorPlace(self.layouts[name], dtype, begin + header)
            if fortran and len(shape) > 1:
                self._columns.add(name)
        elif fortran and len(shape) > 1:
            raise FusionError(f"{what}: it is compressed and its columns come first: save it with numpy.ascontiguousarray")
        else:
            opener = partial(self._archive.open, member)
            self._packed[name] = _Packed(what, opener, header, TensorPlace(self.layouts[name], dtype, header))


def _data_offset(file: BinaryIO, member: zipfile.ZipInfo, size: int, what: str) -> int:
    """Where a stored member's data begin: behind its local header, which has lengths of its own."""
    file.seek(member.header_offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or raw[:4] != b"PK\x03\x04":
        raise FusionError(f"{what}: its local header is damaged or truncated")
    *_, name_length, extra_length = _LOCAL.unpack(raw)
    begin = member.header_offset + _LOCAL.size + int(name_length) + int(extra_length)
    if member.compress_size != member.file_size or begin + member.file_size > size:
        raise FusionError(f"{what}: its data go beyond the end of the file: the file is truncated")
    return begin


class _Whole:
    """Tensors whose columns come first are read whole, one at a time, and turned."""

    def __init__(self, reader: BlockReader, places: dict[str, TensorPlace]) -> None:
        self._reader, self._places = reader, places
        self._name: str | None = None
        self._values = np.empty(0)

    def chunk(self, name: str, start: int, stop: int) -> Array:
        if name != self._name:
            layout = self._places[name].layout
            values = self._reader.chunk(name, 0, layout.size).reshape(layout.shape, order="F")
            self._name, self._values = name, np.ascontiguousarray(values).reshape(-1)
        return self._values[start:stop]


class _Packed:
    """A compressed member, unpacked from its beginning on; going back begins again."""

    def __init__(self, what: str, opener: "partial[IO[bytes]]", header: int, place: TensorPlace) -> None:
        self._what, self._opener, self._header, self._place = what, opener, header, place
        self._stream: IO[bytes] | None = None
        self._reached = 0
        self._last: tuple[int, Array] = (0, np.empty(0))
        self._closing = ExitStack()

    def chunk(self, start: int, stop: int) -> Array:
        begin, values = self._last
        if begin <= start and stop <= begin + len(values):
            return values[start - begin : stop - begin]
        width = self._place.stored.itemsize
        try:
            if self._stream is None or start < self._reached:
                self._closing.close()
                self._stream = self._closing.enter_context(self._opener())
                self._stream.read(self._header)
                self._reached = 0
            while self._reached < start:
                step = min(start - self._reached, 1 << 18)
                if not self._stream.read(step * width):
                    break
                self._reached += step
            raw = self._stream.read((stop - start) * width)
        except _DAMAGES as error:
            raise FusionError(f"{self._what}: it is damaged or truncated: {error}") from error
        if len(raw) < (stop - start) * width:
            raise FusionError(f"{self._what}: its data end early: the file is truncated")
        self._reached = stop
        self._last = (start, native(np.frombuffer(raw, self._place.stored), self._place.layout))
        if stop == self._place.layout.size:
            self._closing.close()
            self._stream = None
        return self._last[1]
