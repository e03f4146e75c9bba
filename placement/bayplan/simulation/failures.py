"""What breaks: nodes and attempts."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from bayplan.model.workload import NodeInfo
from bayplan.simulation.errors import SetupError

_CRASHES, _ATTEMPTS = 2, 3
"""Keep the draws apart from each other and from those for run times."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A node falls silent, and what ran on it is gone; instants in seconds. Raises `SetupError`."""

    node: str
    at: float
    repaired: float = math.inf

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.at) and self.at >= 0):
            raise SetupError(f"the crash of node {self.node} is at {self.at}: it must be seconds, 0 or above")
        if not self.repaired > self.at:
            raise SetupError(f"node {self.node} crashes at {self.at} and is repaired at {self.repaired}: that must be later")


@dataclass(frozen=True, slots=True)
class Failures:
    """Crashes that are given, crashes by lot, and attempts that fail by lot. Raises `SetupError`."""

    crashes: tuple[Crash, ...] = ()
    mtbf: float = math.inf
    """Mean seconds between the repair of a node and its next crash, exponential; infinite: none by lot."""
    mtbf_of_class: Mapping[str, float] = field(default_factory=dict)
    """The same for nodes of a class, in place of `mtbf`."""
    repair: float = 600.0
    """Mean seconds from a crash by lot to the repair, exponential."""
    attempt: float = 0.0
    """The probability that an attempt fails, at an instant of its run time by lot."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not self.mtbf > 0:
            raise SetupError(f"mtbf is {self.mtbf}: it must be seconds above 0")
        for name, mtbf in self.mtbf_of_class.items():
            if not mtbf > 0:
                raise SetupError(f"mtbf of node class {name} is {mtbf}: it must be seconds above 0")
        if not (math.isfinite(self.repair) and self.repair > 0):
            raise SetupError(f"repair is {self.repair}: it must be seconds above 0")
        if not 0 <= self.attempt <= 1:
            raise SetupError(f"the probability that an attempt fails is {self.attempt}: it must be from 0 to 1")
        by_node: dict[str, list[Crash]] = {}
        for crash in sorted(self.crashes, key=lambda each: each.at):
            earlier = by_node.setdefault(crash.node, [])
            if earlier and earlier[-1].repaired > crash.at:
                raise SetupError(
                    f"node {crash.node} crashes at {crash.at}: it must be after the repair of the crash before, "
                    f"at {earlier[-1].repaired}"
                )
            earlier.append(crash)

    def of_node(self, number: int, node: NodeInfo, seed: int) -> Iterator[Crash]:
        """The crashes of one node, earliest first, without end where they are by lot. `number`: the node's, by name."""
        given = sorted((each for each in self.crashes if each.node == node.name), key=lambda each: each.at)
        mtbf = self.mtbf_of_class.get(node.node_class, self.mtbf)
        if given or math.isinf(mtbf):
            yield from given
            return
        generator = np.random.default_rng([seed, _CRASHES, number])
        now = 0.0
        while True:
            at = now + float(generator.exponential(mtbf))
            now = at + max(float(generator.exponential(self.repair)), 1e-3)
            yield Crash(node.name, at, now)


class DrawnFailures:
    """Which attempts fail, and when. What is drawn depends on seed, submission, unit and incarnation alone."""

    def __init__(self, failures: Failures, units: list[int], seed: int) -> None:
        """`units`: per submission, how many it has."""
        self._probability, self._units, self._seed = failures.attempt, units, seed
        self._kept: dict[tuple[int, int], list[list[float]]] = {}

    def fails_after(self, submission: int, unit: int, incarnation: int) -> float | None:
        """The share of its run time after which the attempt fails; none: it succeeds."""
        if self._probability == 0.0:
            return None
        key = (submission, incarnation)
        draws = self._kept.get(key)
        if draws is None:
            generator = np.random.default_rng([self._seed, _ATTEMPTS, *key])
            draws = self._kept[key] = generator.random((self._units[submission], 2)).tolist()
        drawn, share = draws[unit]
        return share if drawn < self._probability else None
