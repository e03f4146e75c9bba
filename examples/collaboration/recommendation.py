"""Recommendation: four regions learn together what users like, and no rating leaves its region.

A region fits its users to the shared description of the items, then the items to its users (alternating least squares: Koren,
Bell and Volinsky, IEEE Computer 2009). `fuse` averages the items; users stay where they are.
"""

import numpy as np
from numpy.typing import NDArray

from bayplan_task import Unit, run
from examples.collaboration.models import Array
from examples.collaboration.settings import arrays, before, seed

USERS, ITEMS, FACTORS = 150, 80, 4
"""Users of one region; items that all regions share."""
SEEN = 0.2
"""Of all pairs of user and item, those with a rating."""
NOISE = 0.3
PENALTY = 0.5


def ratings(region: int, seed: int) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """(users, items) ratings, which of them the region learns from, and which are for testing."""
    items = np.random.default_rng([seed, 3]).normal(size=(ITEMS, FACTORS))
    random = np.random.default_rng([seed, 4, region])
    users = random.normal(size=(USERS, FACTORS)) / np.sqrt(FACTORS)
    given = users @ items.T + random.normal(0, NOISE, (USERS, ITEMS))
    draw = random.random((USERS, ITEMS))
    return given, draw < SEEN, (draw >= SEEN) & (draw < 1.25 * SEEN)


def start(seed: int) -> Array:
    """Items (items, factors) as every region has them in the first round."""
    return np.random.default_rng([seed, 5]).normal(size=(ITEMS, FACTORS))


def fitted(given: Array, known: NDArray[np.bool_], others: Array, prior: Array) -> Array:
    """Rows (rows, factors) that explain the known ratings by the others; `prior`: where a row lies of which little is known."""
    found = np.empty((len(given), FACTORS))
    for row in range(len(given)):
        of_row = others[known[row]]
        square = of_row.T @ of_row + PENALTY * np.eye(FACTORS)
        found[row] = np.linalg.solve(square, of_row.T @ given[row, known[row]] + PENALTY * prior[row])
    return found


def users_of(given: Array, known: NDArray[np.bool_], items: Array) -> Array:
    """The users of a region, by the items."""
    return fitted(given, known, items, np.zeros((len(given), FACTORS)))


def region(unit: Unit) -> None:
    """One region, one round."""
    old = before(unit, "items")
    items = start(seed(unit)) if old is None else arrays(old / "items.npz")["items"]
    given, known, _ = ratings(unit.shard, seed(unit))
    users = users_of(given, known, items)
    unit.save("items.npz", {"items": fitted(given.T, known.T, users, items)})
    unit.results(samples=known.sum())


def alone(number: int, seed: int, rounds: int) -> Array:
    """The items as a region would have them that shares nothing, after as many rounds."""
    given, known, _ = ratings(number, seed)
    items = start(seed)
    for _ in range(rounds):
        items = fitted(given.T, known.T, users_of(given, known, items), items)
    return items


def evaluate(unit: Unit) -> None:
    """Root mean square error on ratings that no region learned from: with shared items, and with those of regions alone."""
    shared = arrays(unit.input("items") / "items.npz")["items"]
    together, apart = [], []
    for number in range(len(unit.inputs("region"))):
        given, known, test = ratings(number, seed(unit))
        own = alone(number, seed(unit), unit.round)
        together.append((users_of(given, known, shared) @ shared.T - given)[test])
        apart.append((users_of(given, known, own) @ own.T - given)[test])
    unit.results(rmse=_root(together), alone=_root(apart))


def _root(errors: list[Array]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"region": region, "evaluate": evaluate}[unit.task](unit)


if __name__ == "__main__":
    run(main)
