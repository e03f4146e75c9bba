"""A graph that could gain nothing by a plan."""

from dataclasses import dataclass

_AGAIN = 60.0
"""Seconds after which it is looked again whether a plan could gain something: run times may have been learned."""


@dataclass(frozen=True, slots=True)
class Spared:
    """No plan is made of the graph for a while."""

    usable: frozenset[str]
    """The usable nodes on which no plan could gain anything."""
    since: float
    """Seconds since the epoch."""

    @property
    def until(self) -> float:
        """When it is looked at again though no node has changed, in seconds since the epoch."""
        return self.since + _AGAIN

    def holds(self, usable: frozenset[str], now: float) -> bool:
        """Whether it need not be looked at again."""
        return usable == self.usable and now < self.until
