"""A large image in tiles: each shard finds the cells in its tile, and the merged answer is that of the whole image.

A tile is read with a margin, so that a cell on an edge is seen whole, and a cell belongs to the tile that has its centre.
"""

import math

import numpy as np

from bayplan_task import TaskError, Unit, run
from examples.collaboration.models import Array
from examples.collaboration.settings import seed, there, whole

RADIUS = 4
"""Of a cell, in pixels."""
MARGIN = 3 * RADIUS
BRIGHT = 0.5


def image(size: int, seed: int) -> tuple[Array, int]:
    """(size, size) from 0 to about 1, with noise; and how many cells there are. No two cells touch."""
    random = np.random.default_rng([seed, size])
    step = 4 * RADIUS
    places = np.stack(np.meshgrid(np.arange(step, size - step, step), np.arange(step, size - step, step)), -1).reshape(-1, 2)
    chosen = places[random.random(len(places)) < 0.3]
    centres = chosen + random.integers(-RADIUS // 2, RADIUS // 2 + 1, chosen.shape)
    found = random.normal(0, 0.1, (size, size))
    disc = np.indices((2 * RADIUS + 1, 2 * RADIUS + 1)).reshape(2, -1).T - RADIUS
    disc = disc[(disc**2).sum(axis=1) <= RADIUS**2]
    spots = (centres[:, None] + disc[None]).reshape(-1, 2)
    found[spots[:, 1], spots[:, 0]] += 1.0
    return found, len(centres)


def cells(part: Array) -> Array:
    """(n, 2) rows and columns of the centres: the brightest spots after smoothing, one in each neighbourhood."""
    smooth = _box(part, RADIUS)
    rows, columns = np.nonzero(smooth > BRIGHT)
    width = 2 * RADIUS
    best = [
        (row, column)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if smooth[row, column]
        == smooth[max(row - width, 0) : row + width + 1, max(column - width, 0) : column + width + 1].max()
    ]
    return np.array(best, dtype=float).reshape(-1, 2)


def borders(tile: int, tiles: int, size: int) -> tuple[int, int, int, int]:
    """First and last row and column of a tile, the last ones excluded; tiles lie in a square."""
    side = math.isqrt(tiles)
    if side * side != tiles:
        raise TaskError(f"there are {tiles} shards: tiles lie in a square, so there must be 1, 4, 9, 16 or so")
    cuts = [size * each // side for each in range(side + 1)]
    row, column = divmod(tile, side)
    return cuts[row], cuts[row + 1], cuts[column], cuts[column + 1]


def in_tile(whole_image: Array, tile: int, tiles: int) -> Array:
    """The centres of one tile, in pixels of the whole image."""
    top, bottom, left, right = borders(tile, tiles, len(whole_image))
    first_row, first_column = max(top - MARGIN, 0), max(left - MARGIN, 0)
    centres = cells(whole_image[first_row : bottom + MARGIN, first_column : right + MARGIN])
    centres += np.array([first_row, first_column])
    inside = (centres >= (top, left)) & (centres < (bottom, right))
    return centres[inside.all(axis=1)]


def draw(unit: Unit) -> None:
    """The image that the shards share."""
    picture, count = image(whole(unit, "SIZE", 512), seed(unit))
    unit.save("image.npy", picture)
    unit.results(cells=count)


def find(unit: Unit) -> None:
    """One shard: one tile. Of the file, only the tile is read."""
    picture = np.load(unit.input("draw") / "image.npy", mmap_mode="r")
    centres = in_tile(picture, unit.shard, unit.shards)
    unit.save("centres.npy", centres)
    unit.results(cells=len(centres))


def merge(unit: Unit) -> None:
    """All tiles together, beside what `draw` says of the image: the manifest hands that on as CELLS."""
    centres = np.concatenate([np.load(folder / "centres.npy") for folder in there(unit.inputs("find"))])
    unit.save("centres.npy", centres[np.lexsort((centres[:, 1], centres[:, 0]))])
    drawn = whole(unit, "CELLS", 0)
    unit.results(cells=len(centres), drawn=drawn, missing=drawn - len(centres))


def _box(part: Array, radius: int) -> Array:
    """The mean of a square around each pixel, as sums of whole rows and columns; beyond the edge there is nothing."""
    padded = np.pad(part, radius)
    width = 2 * radius + 1
    rows = np.sum([padded[shift : shift + part.shape[0]] for shift in range(width)], axis=0)
    total: Array = np.sum([rows[:, shift : shift + part.shape[1]] for shift in range(width)], axis=0)
    return total / width**2


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"draw": draw, "find": find, "merge": merge}[unit.task](unit)


if __name__ == "__main__":
    run(main)
