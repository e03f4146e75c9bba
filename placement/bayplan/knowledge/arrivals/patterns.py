"""Patterns: what one GPU can hold at once, or one request that takes several GPUs."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bayplan.knowledge.arrivals.shapes import Shapes
from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.packing.knapsack import knapsack

_TOLERANCE = 1e-5


class Pattern(NamedTuple):
    """In a group of alike pools: which shapes, how many of each, on how many GPUs."""

    group: int
    held: tuple[tuple[int, int], ...]
    gpus: int


def first_patterns(shapes: Shapes, groups: list[IntArray]) -> list[Pattern]:
    """Every shape alone, wherever it fits."""
    count = shapes.count.tolist()
    return [Pattern(group, ((shape, 1),), count[shape]) for group, held in enumerate(groups) for shape in held.tolist()]


def patterns_worth(shapes: Shapes, groups: list[IntArray], unit: int, values: IntArray, prices: IntArray) -> Iterator[Pattern]:
    """Fillings of one GPU that are worth more than the GPU's price: per shape the best one that holds it."""
    for group, held in enumerate(groups):
        ones = held[(shapes.count[held] == 1) & (values[held] > 0)]
        if not len(ones):
            continue
        sizes, worth = (shapes.thousandths[ones] // unit).tolist(), values[ones].tolist()
        table = knapsack(np.array(sizes, np.int64), values[None, ones], WHOLE // unit)[0].tolist()
        least = prices[group] * (1 + _TOLERANCE) + 1
        for first in range(len(ones)):
            rest = WHOLE // unit - sizes[first]
            if table[rest] + worth[first] > least:
                chosen = sorted([first, *_filling(table, sizes, worth, rest)])
                numbers = ones[chosen].tolist()
                yield Pattern(group, tuple((number, numbers.count(number)) for number in dict.fromkeys(numbers)), 1)


def _filling(table: list[int], sizes: list[int], worth: list[int], room: int) -> Iterator[int]:
    """The items of a best filling, read back from the table."""
    while table[room] > 0:
        if table[room] == table[room - 1]:
            room -= 1
            continue
        item = next(item for item, size in enumerate(sizes) if size <= room and table[room - size] + worth[item] == table[room])
        yield item
        room -= sizes[item]
