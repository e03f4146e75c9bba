"""Whether there is a compiler, and how functions are handed to it.

The compiler is imported when the first kernel is called: its import takes half a second, and much of what the library is
used for calls none. `BAYPLAN_KERNELS=numpy` in the environment leaves it out.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, update_wrapper
from typing import Any, Protocol, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

HAVE_NUMBA = os.environ.get("BAYPLAN_KERNELS") != "numpy" and importlib.util.find_spec("numba") is not None
"""Compiled kernels are used."""


class Watcher(Protocol):
    """Is told of compilations: not of what is loaded, since an earlier process has compiled it."""

    def started(self) -> None:
        """A kernel is being compiled."""

    def ended(self) -> None:
        """It is done."""


def compiled(function: _Function) -> _Function:
    """The function, compiled when it is first called; what was compiled is kept on disk if that is possible.

    Floating-point arithmetic stays as written (no fast-math), so that numpy gives the same to the last bit.
    Without numba it is the function itself, in plain Python: most kernels then leave the work to their twins in numpy;
    those of `scheduling`, which go step by step, run as they are.
    """
    return cast(_Function, _Kernel(function, linear=False)) if HAVE_NUMBA else function


def compiled_where_it_pays(function: _Function) -> _Function:
    """The same, for a kernel of about as many steps as its arrays have elements: see `plain_at_first`."""
    return cast(_Function, _Kernel(function, linear=True)) if HAVE_NUMBA else function


@contextmanager
def plain_at_first(steps: int) -> Iterator[None]:
    """Kernels marked `compiled_where_it_pays` run in plain Python until they have taken so many steps together.

    The answers are the same, and a process that decides about a few pods ends before the compiler would have been imported.
    For one thread.
    """
    before, _Kernel.plain_steps = _Kernel.plain_steps, steps
    try:
        yield
    finally:
        _Kernel.plain_steps = before


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Have compilations told."""
    _WATCHERS.append(watcher)
    try:
        yield
    finally:
        _WATCHERS.remove(watcher)


_WATCHERS: list[Watcher] = []


class _Kernel:
    """A function that is compiled when it is first called."""

    plain_steps = 0
    """So many more are taken in plain Python."""

    def __init__(self, function: Callable[..., Any], *, linear: bool) -> None:
        update_wrapper(self, function)
        self.py_func, self._linear = function, linear
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is not None:
            return self._compiled(*arguments)
        if self._linear and self._plain(arguments):
            return self.py_func(*arguments)
        return self.dispatcher()(*arguments)

    def dispatcher(self) -> Callable[..., Any]:
        """What numba calls. It takes this object's place in its module, so that later calls from there go straight to it."""
        if self._compiled is None:
            self._compiled = _numba_compiled(self.py_func)
            named = getattr(self.py_func, "__globals__", {})
            if named.get(self.py_func.__name__) is self:
                named[self.py_func.__name__] = self._compiled
        return self._compiled

    def _plain(self, arguments: tuple[Any, ...]) -> bool:
        if _Kernel.plain_steps <= 0:
            return False
        _Kernel.plain_steps -= _elements(arguments)
        return _Kernel.plain_steps >= 0


def _elements(arguments: tuple[Any, ...]) -> int:
    """Of all arrays, and one for each other argument."""
    return sum(_elements(each) if isinstance(each, tuple) else getattr(each, "size", 1) for each in arguments)


def _numba_compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    numba = _numba()
    try:
        made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # No folder to keep it in can be written (a read-only image): every process compiles it again.
        made = numba.njit(nogil=True)(function)
    return made


@cache
def _numba() -> Any:
    """The compiler, which then knows kernels that other kernels call, and tells of what it compiles."""
    numba, event = importlib.import_module("numba"), importlib.import_module("numba.core.event")

    @numba.extending.typeof_impl.register(_Kernel)  # type: ignore[untyped-decorator]
    def _type_of(kernel: _Kernel, context: Any) -> Any:
        return numba.extending.typeof_impl(kernel.dispatcher(), context)

    class Listener(event.Listener):  # type: ignore[misc, name-defined]
        """Numba hands it the begin and the end of each compilation; those of kernels within kernels are nested."""

        def on_start(self, event: Any) -> None:
            for each in _WATCHERS:
                each.started()

        def on_end(self, event: Any) -> None:
            for each in _WATCHERS:
                each.ended()

    event.register("numba:compile", Listener())
    return numba
