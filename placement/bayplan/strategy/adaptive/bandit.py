"""Thompson sampling over candidate strategies: each graph goes to the candidate whose mean, drawn from what is believed of it,
is the best of the draws. So the better one looks, and the less is known of it, the more often it is taken.

Source: Thompson 1933; with normal rewards of unknown variance: Honda and Takemura, Optimality of Thompson Sampling for
Gaussian Bandits Depends on Priors, 2014; forgetting by a discount: Raj and Kalyani, Taming Non-stationary Bandits, 2017.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.strategy.adaptive.candidates import Adaptive
from bayplan.strategy.adaptive.objectives import objective
from bayplan.strategy.adaptive.posteriors import Expectation, expectations, of_graph

SURE = 0.67
"""Standard deviations by which another must look better before it is said to be: a probability of three quarters."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate for one graph, and why."""

    candidate: str
    why: str


@dataclass(slots=True)
class _Arm:
    graphs: int = 0
    """That ever said something."""
    evidence: Evidence = field(default_factory=Evidence)


class Bandit:
    """What was learned of each candidate. Not for several threads at once."""

    def __init__(self, adaptive: Adaptive) -> None:
        self._adaptive = adaptive
        self._objective = objective(adaptive.objective)
        self._arms = {name: _Arm() for name in adaptive.candidates}
        self._expected: dict[str, Expectation] | None = None
        """Kept until another graph says something."""
        self.preferred = ""
        """The candidate that looks best, once all have been tried; another takes its place only when that is rather sure."""

    def observe(self, candidate: str, value: float) -> bool:
        """A graph that was placed by the candidate came to this value of the objective; answers whether another candidate is
        preferred now. O(candidates). Raises `ValueError` for an unknown candidate, or what is no number."""
        if candidate not in self._arms:
            raise ValueError(f"candidate is {candidate}: it must be one of {', '.join(self._arms)}")
        seen = of_graph(value)
        for arm in self._arms.values():
            arm.evidence = arm.evidence.times(self._adaptive.discount)
        arm = self._arms[candidate]
        arm.evidence, arm.graphs = arm.evidence.plus(seen), arm.graphs + 1
        self._expected = None
        before = self.preferred
        self.preferred = self._best()
        return self.preferred != before

    def choose(self, under_way: Mapping[str, int], generator: np.random.Generator) -> Choice:
        """The candidate for one more graph. `under_way`: per candidate, its graphs that have not ended. O(candidates)."""
        least = self._adaptive.minimum
        counts = {name: arm.graphs + under_way.get(name, 0) for name, arm in self._arms.items()}
        name = min(counts, key=counts.__getitem__)
        if counts[name] < least:
            return Choice(name, f"{name}: each candidate is tried {least} times first, this one {counts[name]} times so far")
        found = self.expectations()
        draws = {each: known.location + known.scale * generator.standard_t(known.freedom) for each, known in found.items()}
        drawn = min(draws, key=draws.__getitem__)
        explore = "" if drawn == min(found, key=lambda each: found[each].location) else "to find out more, "
        return Choice(drawn, explore + self.words(drawn))

    def expectations(self) -> Mapping[str, Expectation]:
        """Per candidate, the mean of its values as far as known."""
        if self._expected is None:
            found = expectations([arm.evidence for arm in self._arms.values()])
            self._expected = dict(zip(self._arms, found, strict=True))
        return self._expected

    def shown(self) -> dict[str, float]:
        """Per candidate that has been tried, the figure that is expected of it."""
        found = self.expectations()
        return {name: self._objective.shown(found[name].location) for name, arm in self._arms.items() if arm.graphs}

    def graphs(self) -> dict[str, int]:
        """Per candidate, how many graphs have said something about it."""
        return {name: arm.graphs for name, arm in self._arms.items()}

    def words(self, candidate: str) -> str:
        """What is known of a candidate and, shorter, of the others."""
        found, arm = self.expectations()[candidate], self._arms[candidate]
        low, high = (self._objective.shown(each) for each in found.interval())
        mean = self._objective.shown(found.location)
        first = f"{candidate}: expected {self._objective.words} {mean:.2f}, 80 % interval {low:.2f}-{high:.2f}, {_after(arm)}"
        shown = self.shown()
        others = sorted((name for name in shown if name != candidate), key=shown.__getitem__)
        return "; ".join([first, *(f"{name} {shown[name]:.2f} {_after(self._arms[name])}" for name in others)])

    def as_plain(self) -> dict[str, Any]:
        """All that was learned, in plain numbers and text."""
        return {
            "objective": self._adaptive.objective,
            "preferred": self.preferred,
            "candidates": [
                {"name": name, "graphs": arm.graphs, "evidence": arm.evidence.as_plain()} for name, arm in self._arms.items()
            ],
        }

    @classmethod
    def from_plain(cls, adaptive: Adaptive, plain: Mapping[str, Any]) -> "Bandit":
        """One that knows exactly what the other knew, of candidates that there still are; nothing where the objective is
        another. Raises `ValueError` that names the field."""
        made = cls(adaptive)
        if plain.get("objective") != adaptive.objective:
            return made
        rows = plain.get("candidates")
        if not isinstance(rows, list):
            raise ValueError(f"candidates is {rows!r}: it must be a list")
        for number, row in enumerate(rows):
            name = row.get("name") if isinstance(row, Mapping) else None
            if not isinstance(name, str):
                raise ValueError(f"candidates[{number}].name is {name!r}: it must be text")
            if name in made._arms:
                made._arms[name] = _arm(f"candidates[{number}]", row)
        preferred = plain.get("preferred", "")
        made.preferred = preferred if preferred in made._arms else ""
        return made

    def _best(self) -> str:
        if any(arm.graphs < self._adaptive.minimum for arm in self._arms.values()):
            return self.preferred
        found = self.expectations()
        best = min(found, key=lambda each: found[each].location)
        if self.preferred in found:
            kept = found[self.preferred]
            apart = math.sqrt(kept.variance + found[best].variance)
            if kept.location - found[best].location < SURE * apart:
                return self.preferred
        return best


def _after(arm: _Arm) -> str:
    return f"after {arm.graphs} graph{'' if arm.graphs == 1 else 's'}"


def _arm(path: str, row: Mapping[str, Any]) -> _Arm:
    graphs, evidence = row.get("graphs"), row.get("evidence")
    if isinstance(graphs, bool) or not isinstance(graphs, int) or graphs < 0:
        raise ValueError(f"{path}.graphs is {graphs!r}: it must be a whole number, 0 or above")
    if not isinstance(evidence, Mapping):
        raise ValueError(f"{path}.evidence is {evidence!r}: it must be a map")
    try:
        return _Arm(graphs, Evidence.from_plain(evidence))
    except ValueError as error:
        raise ValueError(f"{path}.evidence.{error}") from error
