"""Which clients take part in a round, and what each then counts so that nothing is biased.

Clients whose nodes are free are preferred; each other one keeps a probability of at least a floor, so that its data are heard
in the long run. A client that was drawn counts its share over its probability (Horvitz and Thompson, A Generalization of
Sampling Without Replacement From a Finite Universe, 1952, equation 3): the expectation of the weighted sum over those drawn is
the sum over all clients. The draw is systematic with unequal probabilities and of a fixed size (Madow, On the Theory of
Systematic Sampling II, 1949), over clients in random order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.collaboration.rounds.errors import RoundError
from bayplan.model.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ClientSample:
    """The clients of one round."""

    drawn: IntArray
    """Numbers of the clients, ascending; shape (number,)."""
    weights: FloatArray
    """Per client that was drawn, its share over its probability; shape (number,). They add up to the sum of all shares in
    expectation, not in each draw: a mean divides by that sum, not by theirs, or it is biased."""
    probabilities: FloatArray
    """Of taking part; shape (clients,)."""


def sample_clients(
    free: Sequence[bool] | BoolArray,
    number: int,
    floor: float,
    generator: np.random.Generator,
    shares: Sequence[float] | FloatArray | None = None,
) -> ClientSample:
    """So many of the clients, each at most once.

    `free`: per client, whether nodes that may hold its data have room. `floor`: the least probability of each client.
    `shares`: what each counts in the sum over all, such as its number of samples, 0 or above; none: all count the same and
    add up to 1. Raises `RoundError` that names the field. O(clients log clients).
    """
    probabilities = inclusion_probabilities(free, number, floor)
    clients = len(probabilities)
    counted = np.full(clients, 1 / clients) if shares is None else np.asarray(shares, dtype=float)
    if counted.shape != (clients,):
        raise RoundError(f"shares has {counted.size} entries for {clients} clients: give one for each")
    if not (np.isfinite(counted).all() and (counted >= 0).all()):
        raise RoundError("shares has an entry that is no number of 0 or above")
    order = generator.permutation(clients)
    drawn = np.sort(order[systematic(probabilities[order], float(generator.random()))])
    return ClientSample(drawn, counted[drawn] / probabilities[drawn], probabilities)


def inclusion_probabilities(free: Sequence[bool] | BoolArray, number: int, floor: float) -> FloatArray:
    """Per client, how probably it takes part; they add up to `number`. Raises `RoundError`. O(clients).

    Those whose nodes are busy get the floor, and the free ones share the rest evenly; if that is more than all of them, they
    take part for certain, and the busy ones share what is left.
    """
    known = np.asarray(free, dtype=bool)
    clients, room = len(known), int(np.count_nonzero(known))
    if not 1 <= number <= clients:
        raise RoundError(f"number is {number}: it must be from 1 to the number of clients, {clients}")
    if not (0 < floor <= 1):
        raise RoundError(f"floor is {floor}: it must be above 0 and up to 1, or clients that are busy are never heard")
    if floor * clients > number * (1 + 1e-12):
        raise RoundError(f"floor is {floor}: for {number} of {clients} clients it can be {number / clients:.4g} at most")
    if room == 0:
        return np.full(clients, number / clients)
    busy = clients - room
    of_free = min(1.0, (number - busy * floor) / room)
    of_busy = (number - room * of_free) / busy if busy else floor
    return np.where(known, of_free, min(of_busy, 1.0))


def systematic(probabilities: FloatArray, start: float) -> IntArray:
    """Positions that a comb with teeth at `start`, `start` + 1, ... hits, where each position is as wide as its probability.

    `start` from 0 to below 1; drawn evenly, each position is hit with its probability, whatever the order. Certain positions
    are always there. Shape (sum of the probabilities,), ascending.
    """
    certain = probabilities >= 1
    others = np.flatnonzero(~certain)
    teeth = round(math.fsum(probabilities[others]))
    if teeth == 0:
        return np.flatnonzero(certain)
    ends = np.cumsum(probabilities[others])
    ends *= teeth / ends[-1]  # adding up rounds: without this the last tooth could miss
    hit = np.minimum(np.searchsorted(ends, start + np.arange(teeth), side="right"), len(others) - 1)
    return np.sort(np.concatenate((np.flatnonzero(certain), others[hit])))
