"""What prices of resources prove: an upper bound, and which placements can be in a better answer at all."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.problem import FORBIDDEN

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """A problem at given prices."""

    bound: float
    """No answer is worth more, whatever the prices (weak duality)."""
    net: FloatArray
    """Shape (groups, nodes): value less the price of the demand; -inf where not even one fits."""
    loss: FloatArray
    """Shape (groups, nodes): an answer with a request of the group there is worth at most bound - loss."""
    wanted: FloatArray
    """Shape (nodes, columns): what would be used if every request went where its net value is best."""


def ceiling(compact: Compact) -> float:
    """What no answer can exceed: as if every request had its best node to itself. O(groups x nodes)."""
    return priced(compact, np.zeros(compact.free.shape)).bound


def reached(value: float, bound: float) -> bool:
    """Whether a value is as good as its bound, but for rounding."""
    return value >= bound - _ROUNDING * abs(bound)


def priced(compact: Compact, prices: FloatArray) -> Priced:
    """Lagrangian relaxation of all capacities (Fisher 1981). O(groups x nodes x columns).

    `prices`: shape (nodes, columns), 0 or above. Gangs stay all or nothing.
    """
    net = compact.value - compact.demand @ prices.T
    at = net.argmax(axis=1)
    best = net[np.arange(len(net)), at]
    alone = compact.gang < 0
    gain = np.where(alone, np.maximum(best, 0.0), best) * compact.size
    surplus = np.where(alone, best, 0.0)
    if not alone.all():
        _, gang = np.unique(compact.gang[~alone], return_inverse=True)
        of_gang = np.bincount(gang, weights=gain[~alone])
        surplus[~alone] = of_gang[gang]
    placed = surplus > 0
    gains = float(gain[alone].sum())
    if not alone.all():
        gains += float(np.maximum(of_gang, 0.0).sum())
    bound = float((prices * compact.free).sum()) + gains
    possible = net > FORBIDDEN
    loss = np.subtract(best[:, None], net, out=np.full_like(net, np.inf), where=possible) + np.maximum(-surplus, 0.0)[:, None]
    wanted = np.zeros_like(prices)
    np.add.at(wanted, at[placed], (compact.demand * compact.size[:, None])[placed])
    return Priced(bound, net, loss, wanted)
