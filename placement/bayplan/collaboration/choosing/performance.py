"""By performance: the candidate whose mean, drawn from what is believed of it, is the best of the draws (Thompson sampling).

So a candidate is chosen with the probability that it is the best one, given what its runs reported: the better it looks, and
the less is known of it, the more often. Source: Thompson 1933; for normal figures of unknown variance: Honda and Takemura,
Optimality of Thompson Sampling for Gaussian Bandits Depends on Priors, 2014, which also asks that each is tried first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bayplan.collaboration.choosing.belief import Belief, beliefs
from bayplan.collaboration.choosing.chosen import Beaten, ChoosingError, Chosen, short
from bayplan.collaboration.choosing.contender import Contender, admitted, none_left

TRIES = 2
"""So many runs of each candidate come first: a variance needs two."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a choice is made for: all randomness of it follows from this."""

    graph: str
    """Its UID."""
    task: str
    round: int = 0

    def generator(self, candidate: str) -> np.random.Generator:
        """A candidate's own: another candidate more or less does not change its draws."""
        text = "\0".join((self.graph, self.task, str(self.round), candidate))
        return np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))


def by_performance(
    contenders: Sequence[Contender],
    occasion: Occasion,
    *,
    metric: str,
    maximise: bool = True,
    tries: int = TRIES,
    retry_failed: bool = False,
) -> Chosen:
    """The candidate for this occasion; of equals, the first.

    `tries`: the candidate with the fewest runs, ended or under way, is taken while it has fewer than these. Scores are drawn
    means, in the unit of the metric. Raises `ChoosingError` that names the field. O(candidates).
    """
    if tries < 1:
        raise ChoosingError(f"tries is {tries}: it must be 1 or above")
    left, excluded = admitted(contenders, retry_failed)
    if not left:
        return none_left(contenders, excluded)
    believed = dict(zip((each.name for each in left), beliefs([each.learned for each in left]), strict=True))
    draws = {name: belief.draw(occasion.generator(name)) for name, belief in believed.items()}
    least = min(left, key=lambda each: each.learned.count + each.under_way)
    fewest = least.learned.count + least.under_way
    if fewest < tries:
        winner, reason = least.name, f"each candidate is tried {tries} times first, this one {fewest} times so far"
    else:
        sign = 1 if maximise else -1
        winner = max(draws, key=lambda name: sign * draws[name])
        best = max(believed, key=lambda name: sign * believed[name].location)
        known = _words(winner, believed, left)
        if winner == best:
            rest = "the best that is known" if len(left) > 1 else "the only one"
        else:
            rest = f"to find out more, since {best} looks better with {_words(best, believed, left)}"
        reason = f"{metric} {known}, {rest}"
    losers = tuple(
        Beaten(each.name, draws.get(each.name), excluded.get(each.name, "")) for each in contenders if each.name != winner
    )
    return Chosen(winner, draws[winner], losers, short(f"{winner}: {reason}"))


def _words(name: str, believed: Mapping[str, Belief], left: Sequence[Contender]) -> str:
    runs = next(each.learned.count for each in left if each.name == name)
    return f"{believed[name].location:.4g} after {runs} run{'' if runs == 1 else 's'}"
