"""The layout of .safetensors files: 8 bytes with the header's length, a header in JSON, and the data.

Source: the description of the format in the README of github.com/huggingface/safetensors.
"""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, TensorLayout
from bayplan_operator.fusing.formats.reading import Ahead, BlockReader, TensorPlace, filled_from

METADATA = "__metadata__"
_LONGEST = 100_000_000
"""Bytes of a header: the limit of the format."""
_STORED = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}
CODES = {dtype: code for code, dtype in _STORED.items()}
"""From a tensor's type to its name in a header."""


def stored(dtype: str) -> np.dtype:
    """How a type lies in a file."""
    return np.dtype("<u2") if dtype == "bfloat16" else np.dtype(dtype).newbyteorder("<")


class SafetensorsSource:
    """The tensors of a .safetensors file."""

    def __init__(self, path: Path, file: BinaryIO, size: int, ahead: Ahead) -> None:
        self.label = str(path)
        header, begin = _header(path, file, size)
        self.metadata = _metadata(path, header.pop(METADATA, {}))
        places = {name: _place(f"{path}: {name}", entry, begin, size) for name, entry in header.items()}
        _check_order(path, places, begin, size)
        self.layouts = {name: place.layout for name, place in places.items()}
        self._reader = BlockReader(path, places, filled_from(file), ahead)

    def chunk(self, name: str, start: int, stop: int) -> Array:
        """As `ModelSource` has it."""
        return self._reader.chunk(name, start, stop)


def header_of(layouts: Mapping[str, TensorLayout], metadata: Mapping[str, str]) -> bytes:
    """The length and the header, so long that the data begin at a multiple of 8 bytes."""
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    offset = 0
    for name, layout in layouts.items():
        end = offset + layout.size * stored(layout.dtype).itemsize
        header[name] = {"dtype": CODES[layout.dtype], "shape": list(layout.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _header(path: Path, file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    if size < 8:
        raise FusionError(f"{path}: it has {size} bytes, fewer than the length of a header: the file is truncated")
    length = int.from_bytes(file.read(8), "little")
    if length > _LONGEST:
        raise FusionError(f"{path}: its header is said to have {length} bytes: this is no .safetensors file")
    if 8 + length > size:
        raise FusionError(f"{path}: its header ends after {size - 8} of {length} bytes: the file is truncated")
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=_once)
    except _TwiceError as error:
        raise FusionError(f"{path}: {error} is there twice: names must differ") from error
    except (ValueError, RecursionError) as error:
        raise FusionError(f"{path}: its header is no JSON: this is no .safetensors file") from error
    if not isinstance(header, dict):
        raise FusionError(f"{path}: its header is no JSON object: this is no .safetensors file")
    return header, 8 + length


class _TwiceError(Exception):
    """A key is there twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError(name)
        found[name] = value
    return found


def _metadata(path: Path, given: object) -> dict[str, str]:
    if not isinstance(given, dict) or any(not isinstance(each, str) for each in given.values()):
        raise FusionError(f"{path}: {METADATA} must map text to text")
    return given


def _place(what: str, entry: object, begin: int, size: int) -> TensorPlace:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FusionError(f"{what}: its entry must have dtype, shape and data_offsets, and nothing else")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if code not in _STORED:
        raise FusionError(f"{what}: its dtype is {code!r}: it must be one of {', '.join(_STORED)}")
    if not _whole(shape):
        raise FusionError(f"{what}: its shape is {shape}: it must be a list of whole numbers of at least 0")
    if not _whole(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise FusionError(f"{what}: its data_offsets are {offsets}: they must be a beginning and an end")
    layout = TensorLayout(tuple(shape), _STORED[code])
    kind = stored(layout.dtype)
    wanted = prod(shape) * kind.itemsize
    if offsets[1] - offsets[0] != wanted:
        raise FusionError(f"{what}: its data have {offsets[1] - offsets[0]} bytes, and its shape and dtype need {wanted}")
    if begin + offsets[1] > size:
        raise FusionError(f"{what}: its data end at byte {begin + offsets[1]} of a file of {size}: the file is truncated")
    return TensorPlace(layout, kind, begin + offsets[0])


def _whole(given: object) -> bool:
    return isinstance(given, list) and all(type(each) is int and 0 <= each < 1 << 63 for each in given)


def _check_order(path: Path, places: Mapping[str, TensorPlace], begin: int, size: int) -> None:
    """The data are covered by the tensors, without gaps and without overlaps."""
    reached = begin
    for name, place in sorted(places.items(), key=lambda each: (each[1].offset, each[1].layout.size)):
        if place.offset != reached:
            wrong = "overlap with those of another tensor" if place.offset < reached else "leave a gap before them"
            raise FusionError(f"{path}: {name}: its data {wrong}: tensors must follow each other")
        reached += place.layout.size * place.stored.itemsize
    if reached != size:
        raise FusionError(f"{path}: {size - reached} bytes follow the last tensor: the file must end with it")
