"""Files by the ends of their names: opened for reading, and written so that half a file is never seen."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import ModelSink, ModelSource
from bayplan_operator.fusing.formats.arrays import NpySource, NpzSource
from bayplan_operator.fusing.formats.beside import WrittenBeside
from bayplan_operator.fusing.formats.plain import json_source
from bayplan_operator.fusing.formats.reading import Ahead
from bayplan_operator.fusing.formats.safetensors import SafetensorsSource
from bayplan_operator.fusing.formats.writing import SINKS

_SOURCES: dict[str, Callable[..., ModelSource]] = {".npy": NpySource, ".npz": NpzSource, ".safetensors": SafetensorsSource}
SUFFIXES = (*_SOURCES, ".json")


class OpenFiles:
    """Files that are being read. A thread reads ahead in all of them."""

    def __init__(self, count: int = 1) -> None:
        """`count`: about how many there will be."""
        self._closing = ExitStack()
        self._ahead = Ahead.of(self._closing.enter_context(ThreadPoolExecutor(1)), count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def source(self, path: Path, *, labels: bool = False) -> ModelSource:
        """The model in a file. `labels`: whole numbers in JSON stay whole numbers. Raises `FusionError`."""
        suffix = known_suffix(path)
        try:
            file = self._closing.enter_context(path.open("rb"))
            size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise FusionError(f"{path}: it cannot be read: {error.strerror}") from error
        if suffix == ".json":
            return json_source(path, file, labels=labels)
        return _SOURCES[suffix](path, file, size, self._ahead)


def known_suffix(path: Path) -> str:
    """The end of the file's name. Raises `FusionError` for one that is unknown."""
    if path.suffix not in SUFFIXES:
        raise FusionError(f"{path}: the end of its name says no format: it must be one of {', '.join(SUFFIXES)}")
    return path.suffix


@contextmanager
def written(path: Path, metadata: Mapping[str, str] | None = None) -> Iterator[ModelSink]:
    """A sink whose file has its name only once all of it is on the disk. Raises `FusionError`."""
    kind = SINKS[known_suffix(path)]
    try:
        with replaced(path) as file, ThreadPoolExecutor(1) as thread:
            sink = WrittenBeside(kind(path, file, metadata or {}), thread)
            try:
                yield sink
                sink.finish()
            except BaseException:
                sink.abandon()
                raise
    except OSError as error:
        raise FusionError(f"{path}: it cannot be written: {error.strerror}") from error


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file in the same folder that takes the name at the end, or goes if something fails. Raises OSError."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
