"""Which candidates of a task may still do it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.collaboration.choosing.terms import ChoiceTerms
from bayplan.lifecycle import Alternatives


@dataclass(frozen=True, slots=True)
class FailedCandidate:
    """One that has failed for good."""

    round: int
    """In which, from 1; 0: outside of rounds."""
    why: str


class Eligibility:
    """Of one task, from round to round."""

    def __init__(self, terms: ChoiceTerms) -> None:
        self.terms = terms
        self._failed: dict[str, FailedCandidate] = {}

    @property
    def failed(self) -> Mapping[str, FailedCandidate]:
        """By name, in the order in which they have failed."""
        return self._failed

    @property
    def reasons(self) -> dict[str, str]:
        """By name of those that have failed, why."""
        return {name: each.why for name, each in self._failed.items()}

    def give_up(self, name: str, failed: FailedCandidate) -> None:
        """A candidate has failed for good."""
        self._failed[name] = failed

    def begin_round(self, number: int) -> None:
        """What failed in an earlier round is forgiven, where the terms say so."""
        self._failed = {name: each for name, each in self._failed.items() if not self.forgives(each.round, number)}

    def forgives(self, failed_in: int, number: int) -> bool:
        """Whether what failed in one round may be chosen in another."""
        return self.terms.retry_failed and failed_in != number

    def alternatives(self, chosen: str) -> Alternatives:
        """As the lifecycle is told of them. `chosen`: the candidate that does the task; empty: none yet."""
        left = any(name != chosen and name not in self._failed for name in self.terms.names)
        return Alternatives(chosen, left, tuple(f"{name} ({each.why})" for name, each in self._failed.items()))
