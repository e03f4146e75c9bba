"""What is to be solved, how long it may take, and the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.gpu import WHOLE

FORBIDDEN = -np.inf
"""The value of a node that a request must not go to."""
NONE = -1
"""In the place of a node: the request waits; of a gang: it belongs to none; of a GPU: no fraction is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Requests to be put onto nodes so that the sum of values is largest. Raises `ValueError` for what makes no sense.

    A request that waits is worth 0, and what is placed fits its node in every resource and on its single GPUs.
    """

    value: FloatArray
    """Shape (requests, nodes): what it is worth to have a request on a node, 0 or above; `FORBIDDEN` where it must not go."""
    demand: IntArray
    """Shape (requests, resources)."""
    free: IntArray
    """Shape (nodes, resources)."""
    gpu_count: IntArray
    """Shape (requests,): so many whole GPUs, or 1 for a fraction of one, or 0."""
    gpu_thousandths: IntArray
    """Shape (requests,): of each GPU; below 1000 only where one is asked for."""
    gpu_free: IntArray
    """Shape (nodes, slots): thousandths free on every GPU, 0 in slots without one; there may be no slots."""
    gang: IntArray
    """Shape (requests,): the number of the request's gang, of which all or none are placed; -1 if it is in none."""

    def __post_init__(self) -> None:
        """Check everything."""
        self.validate()

    @property
    def requests(self) -> int:
        """How many there are."""
        return int(self.value.shape[0])

    @property
    def nodes(self) -> int:
        """How many there are."""
        return int(self.value.shape[1])

    def validate(self) -> None:
        """Check shapes and figures. O(requests x nodes). Raises `ValueError`: the field, the place in it, what is wrong."""
        if self.value.ndim != 2 or 0 in self.value.shape:
            raise ValueError(f"value has shape {self.value.shape}: it must be (requests, nodes), at least one of each")
        requests, nodes = self.value.shape
        _check_shape("demand", self.demand, (requests, None))
        _check_shape("free", self.free, (nodes, self.demand.shape[1]))
        _check_shape("gpu_count", self.gpu_count, (requests,))
        _check_shape("gpu_thousandths", self.gpu_thousandths, (requests,))
        _check_shape("gpu_free", self.gpu_free, (nodes, None))
        _check_shape("gang", self.gang, (requests,))
        for name, lowest, highest in _RANGES:
            _check_whole(name, getattr(self, name), lowest, highest)
        _refuse("value", self.value, np.isnan(self.value), "it must be a number")
        _refuse("value", self.value, self.value == np.inf, "it must be finite, or FORBIDDEN")
        _refuse("value", self.value, (self.value < 0) & (self.value != FORBIDDEN), "it must not be negative")
        parts = (self.gpu_count > 1) & (self.gpu_thousandths < WHOLE)
        _refuse("gpu_thousandths", self.gpu_thousandths, parts, "a fraction must be of one GPU only")
        nothing = (self.gpu_count > 0) & (self.gpu_thousandths == 0)
        _refuse("gpu_thousandths", self.gpu_thousandths, nothing, f"it must be from 1 to {WHOLE} where a GPU is asked for")
        self._refuse_empty_nodes()

    def _refuse_empty_nodes(self) -> None:
        asking = (self.demand > 0).any(axis=1) | (self.gpu_count > 0)
        nothing = ~(self.free > 0).any(axis=1) & ~(self.gpu_free > 0).any(axis=1)
        if not nothing.any():
            return
        wrong = (self.value[:, nothing] > FORBIDDEN) & asking[:, None]
        if wrong.any():
            request, at = np.argwhere(wrong)[0].tolist()
            node = int(np.flatnonzero(nothing)[at])
            raise ValueError(
                f"free[{node}] is 0 throughout: a node without capacity must be FORBIDDEN to what asks for something, "
                f"value[{request}, {node}] is {self.value[request, node]:g}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An answer that fits."""

    assignment: IntArray
    """Shape (requests,): the node, -1 if it waits."""
    devices: IntArray
    """Shape (requests,): the GPU that a fraction comes from; -1 where none is taken. Whole GPUs: any that are left."""
    value: float
    """The sum of values."""
    bound: float | None
    """What no answer can exceed; none: the solver proves nothing."""
    shadow_prices: FloatArray | None
    """Shape (nodes, resources): what one more unit of a resource would be worth; none: the solver has no prices."""
    finished: bool
    """The solver came to its own end; otherwise the budget was spent before."""
    note: str = ""
    """What else there is to say in a few words."""

    @property
    def gap(self) -> float | None:
        """By how much the best answer could be better at most."""
        return None if self.bound is None else max(self.bound - self.value, 0.0)


def _never() -> bool:
    return False


@dataclass(slots=True)
class SolverBudget:
    """How long a solver may go on: so many steps, and until `stop` says so. What a step is, each solver says."""

    steps: int | None = None
    """None: no limit. Only with a limit in steps, or none at all, the same seed gives the same answer."""
    stop: Callable[[], bool] = _never
    _made: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Raises `ValueError` for a negative number of steps."""
        if self.steps is not None and self.steps < 0:
            raise ValueError(f"steps is {self.steps}: it must be 0 or above")

    def step(self) -> bool:
        """Whether one more step may be made; it counts as made."""
        if self.over():
            return False
        self._made += 1
        return True

    def over(self) -> bool:
        """Whether no step is left."""
        return (self.steps is not None and self._made >= self.steps) or self.stop()


_RANGES = (
    ("demand", 0, None),
    ("free", 0, None),
    ("gpu_count", 0, None),
    ("gpu_thousandths", 0, WHOLE),
    ("gpu_free", 0, WHOLE),
    ("gang", NONE, None),
)


def _check_shape(name: str, figures: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    fits = figures.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, figures.shape, strict=True))
    if not fits:
        wanted = ", ".join("any" if each is None else str(each) for each in shape)
        raise ValueError(f"{name} has shape {figures.shape}: it must be ({wanted}), to go with value and demand")


def _check_whole(name: str, figures: NDArray[np.generic], lowest: int, highest: int | None) -> None:
    if not np.issubdtype(figures.dtype, np.signedinteger):
        raise ValueError(f"{name} holds {figures.dtype}: it must hold signed whole numbers")
    whole = figures.astype(np.int64, copy=False)
    _refuse(name, whole, whole < lowest, f"it must be {lowest} or above")
    if highest is not None:
        _refuse(name, whole, whole > highest, f"it must be {highest} or below")


def _refuse(name: str, figures: NDArray[np.generic], wrong: NDArray[np.bool_], right: str) -> None:
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(f"{name}[{', '.join(map(str, at))}] is {figures[at]}: {right}")
