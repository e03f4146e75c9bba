"""The header of a .npy array, alone or as a member of a .npz file."""

from math import prod
from typing import IO, Any

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError

_READERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_header(file: IO[bytes], size: int, what: str) -> tuple[tuple[int, ...], np.dtype, bool]:
    """Shape, type, and whether columns come first; the file stands behind the header then.

    `size`: bytes from the beginning of the header on. Raises `FusionError` for what is no array of numbers, or is cut off.
    """
    try:
        reader = _READERS[np.lib.format.read_magic(file)]
        shape, fortran, dtype = reader(file)
    except KeyError as error:
        raise FusionError(f"{what}: its version of the .npy format is unknown: save it again with numpy.save") from error
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise FusionError(f"{what}: this is no .npy array, or its header is truncated") from error
    if dtype.hasobject:
        raise FusionError(f"{what}: it holds Python objects, which are not loaded: save arrays of numbers")
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        raise FusionError(f"{what}: it holds {dtype}: it must hold numbers of at most 64 bits")
    if any(not isinstance(each, int) or each < 0 for each in shape):
        raise FusionError(f"{what}: its shape is {shape}: it must be whole numbers of at least 0")
    wanted, there = prod(shape) * dtype.itemsize, size - file.tell()
    if there < wanted:
        raise FusionError(f"{what}: its data end after {there} of {wanted} bytes: the file is truncated")
    if there > wanted:
        raise FusionError(f"{what}: {there - wanted} bytes follow its data: it must end with them")
    return shape, dtype, fortran


def header_of(shape: tuple[int, ...], dtype: str, into: IO[bytes]) -> None:
    """Write the header of an array in C order."""
    kind = np.dtype(dtype).newbyteorder("<")
    fields = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(into, fields)
