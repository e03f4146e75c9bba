"""What readings tell of nodes beside what is requested there: of the node that was read, and of others like it."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

_ROUNDING = 1e-12
"""A sum of squares or of weights below this is what rounding leaves of 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """By how much the load of nodes differs from what is requested there. All tables have shape (nodes, resources)."""

    hidden: FloatArray
    """Share of the node in use that no request explains."""
    idle: FloatArray
    """Of what was asked for and had shown, the part that is not used, from 0 to 1."""
    shown: FloatArray
    """Share of the node that was asked for and had shown when it was read."""
    deviation: FloatArray
    """Standard deviation of the share in use."""

    def beyond(self, place: IntArray, requested: FloatArray) -> FloatArray:
        """Shape (places, resources): what is in use beyond what is requested, hidden - idle min(requested, shown).

        It falls by at most 1 for each 1 that is requested more, so that the sum of both never falls.
        """
        return np.asarray(self.hidden[place] - self.idle[place] * np.minimum(requested, self.shown[place]))


def own_part(measured: FloatArray, variance: FloatArray, shown: FloatArray) -> Part:
    """By their own readings; all of shape (nodes, resources), shares.

    Of m measured and v shown: hidden is max(m - v, 0), idle is 1 - min(m / v, 1).
    """
    idle = np.divide(np.maximum(shown - measured, 0.0), shown, out=np.zeros_like(shown), where=shown > 0)
    return Part(np.maximum(measured - shown, 0.0), idle, shown, np.sqrt(variance))


def others_part(own: Part, weight: FloatArray, kind: IntArray, shown: FloatArray) -> Part:
    """What others make likely of each node: those of its kind, and all as far as more is known of them.

    `own`: by their own readings, which count `weight`, shape (nodes, resources); `kind`: shape (nodes,), from 0;
    `shown`: what of the requests there is old enough to show. A node's own reading tells nothing here. O(nodes x resources).

    Hidden and idle are means by the weights w. The variance is that of a node of which nothing is known but that it is
    one of them: the mean of theirs, and that of what is hidden (law of total variance). Means count by how much is
    known, sum(w^2) / sum(w): 1 while readings are fresh, and on to 0 without a leap as the last ones become stale.
    """
    tables = _tables(own, weight)
    of_kind = np.zeros((len(tables), int(kind.max(initial=0)) + 1, weight.shape[1]))
    for table, total in zip(tables, of_kind, strict=True):
        np.add.at(total, kind, table)
    lacking = np.flatnonzero((weight < 1.0).any(axis=1))  # of the others, their own reading tells all
    tables = tables[:, lacking]
    # A difference of sums may miss 0 by rounding, either way.
    near = _Told(*np.maximum(of_kind[:, kind[lacking]] - tables, 0.0))
    far = _Told(*np.maximum(of_kind.sum(axis=1, keepdims=True) - tables, 0.0))
    told = np.zeros((3, *weight.shape))
    told[:, lacking] = near.known * near.means + np.maximum(far.known - near.known, 0.0) * far.means
    return Part(told[0], np.minimum(told[1], 1.0), shown, told[2])


def _tables(own: Part, weight: FloatArray) -> FloatArray:
    """What is summed up; shape (6, nodes, resources)."""
    hidden, deviation = weight * own.hidden, weight * own.deviation
    return np.stack((weight, weight**2, hidden, weight * own.idle, hidden * own.hidden, deviation * own.deviation))


class _Told:
    """By nodes of which these are the sums."""

    def __init__(self, weight: FloatArray, squares: FloatArray, *sums: FloatArray) -> None:
        self.known = _ratio(squares, weight)
        """Shape (nodes, resources), from 0 to 1."""
        hidden, idle, hidden_squares, variance = (_ratio(each, weight) for each in sums)
        between = hidden_squares - hidden**2
        deviation = np.sqrt(variance + np.where(between > _ROUNDING, between, 0.0))
        self.means = np.stack((hidden, idle, deviation))
        """Shape (3, nodes, resources)."""


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """0 where there is nothing to divide by but what rounding leaves of nothing."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > _ROUNDING)
