"""Whether there is a compiler, and how functions are handed to it.

`BAYPLAN_KERNELS=numpy` in the environment leaves it out.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiler() -> Any:
    if os.environ.get("BAYPLAN_KERNELS") == "numpy":
        return None
    try:
        return importlib.import_module("numba")
    except ImportError:
        return None


_NUMBA = _compiler()
HAVE_NUMBA = _NUMBA is not None
"""Compiled kernels are used."""


def compiled(function: _Function) -> _Function:
    """The function, compiled when it is first called; what was compiled is kept on disk if that is possible.

    Floating-point arithmetic stays as written (no fast-math), so that numpy gives the same to the last bit.
    Without numba it is the function itself, in plain Python: most kernels then leave the work to their twins in numpy;
    those of `scheduling`, which go step by step, run as they are.
    """
    if _NUMBA is None:
        return function
    try:
        made: _Function = _NUMBA.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # No folder to keep it in can be written (a read-only image): compiled anew by every process.
        made = _NUMBA.njit(nogil=True)(function)
    return made
