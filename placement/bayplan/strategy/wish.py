"""A request with the strategy that decides it."""

from dataclasses import dataclass

from bayplan.model.workload import Request
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that wants a place, and the strategy of its policy. Equal requests of other policies are other wishes."""

    request: Request
    strategy: Strategy
    policy: str = ""
    candidate: str = ""
    """Of an adaptive policy, which of its candidates `strategy` is; empty: the policy has but one strategy."""
