"""How many rounds graphs of one kind took, where a condition may end them; what that lets expect of the next one.

The last few counts are kept as they are. A graph that ended by its maximum says only that it would have taken more: a
censored count. The hazard of each round is the posterior mean under a beta process (Hjort, Nonparametric Bayes estimators
based on beta processes in models for life history data, 1990), that is the estimate of Kaplan and Meier (1958), drawn towards
a constant hazard. That one is the share of all rounds that were the last, so that a graph which outlasts all others is
expected to go on as long as they took on average. One count is enough for an estimate, and many outweigh the prior.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

KEPT = 20
"""Counts, the newest: programs and their data change."""
_PRIOR = 1.0
"""How many graphs the constant hazard is worth."""


@dataclass(frozen=True, slots=True)
class RoundCount:
    """Of one graph. Raises `ValueError`."""

    rounds: int
    """From 1."""
    censored: bool = False
    """It ended by its maximum: it would have taken more."""

    def __post_init__(self) -> None:
        """Check the figure."""
        if self.rounds < 1:
            raise ValueError(f"rounds is {self.rounds}: it must be 1 or above")


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """Of the last graphs of one kind; never changes itself."""

    counts: tuple[RoundCount, ...] = ()
    """The oldest first."""

    def plus(self, count: RoundCount) -> Self:
        """With one more; beyond `KEPT` the oldest goes."""
        return type(self)((*self.counts, count)[-KEPT:])

    @property
    def informed(self) -> bool:
        """At least one graph ended before its maximum: without that, nothing says that the next will."""
        return any(not each.censored for each in self.counts)

    def probabilities(self, begun: int, most: int) -> FloatArray:
        """Shape (most - begun + 1,): of `begun` rounds in all, one more, and so on up to `most`.

        Given that `begun` rounds, 1 or more, have begun, the current one included. What would go on beyond `most` ends there.
        Raises `ValueError` where `begun` is not from 1 to `most`. O(rounds * counts).
        """
        if not 1 <= begun <= most:
            raise ValueError(f"begun is {begun}: it must be from 1 to {most}")
        rounds = np.array([each.rounds for each in self.counts], np.int64)
        ended = np.array([not each.censored for each in self.counts], bool)
        constant = float(ended.sum()) / max(int(rounds.sum()), 1)
        after = np.arange(begun, most)[:, None]
        last = ((rounds == after) & ended).sum(axis=1)
        open_still = (rounds >= after).sum(axis=1)
        hazard = (last + _PRIOR * constant) / (open_still + _PRIOR)
        going_on = np.concatenate(([1.0], np.cumprod(1.0 - hazard)))
        return np.asarray(going_on * np.concatenate((hazard, [1.0])))

    def expected(self, begun: int, most: int) -> int:
        """The median of all rounds, from `begun` to `most`; for the arguments see `probabilities`."""
        return begun + int(np.searchsorted(np.cumsum(self.probabilities(begun, most)), 0.5 - 1e-12))

    def drawn(self, begun: int, most: int, samples: int, seed: int) -> IntArray:
        """Shape (samples,): numbers of all rounds, each as often as it is probable, in an order by lot.

        For the other arguments see `probabilities`. The same arguments give the same answer.
        """
        levels = (np.arange(samples) + 0.5) / samples
        found = np.searchsorted(np.cumsum(self.probabilities(begun, most)), levels)
        return np.random.default_rng(seed).permutation(begun + np.minimum(found, most - begun))

    @property
    def words(self) -> str:
        """From how many graphs it was learned, and what they took, such as "3 to 8 in 5 graphs"."""
        low, high = (pick(self.counts, key=lambda each: each.rounds) for pick in (min, max))
        more = any(each.censored for each in self.counts if each.rounds == high.rounds)
        span = f"{low.rounds}" if low.rounds == high.rounds else f"{low.rounds} to {high.rounds}"
        graphs = f"{len(self.counts)} graph{'s' if len(self.counts) > 1 else ''}"
        return f"{span}{' or more' if more else ''} in {graphs}"
