"""What was decided of a graph, and when what happened to it."""

from collections.abc import Mapping
from typing import Any

from bayplan.foresight.shards import Splitting
from bayplan_operator.conductor.record.charge import RecordedCharge
from bayplan_operator.conductor.record.commitment import Commitment
from bayplan_operator.translate.splitting import read_numbers


class Decided:
    """By this process, or by one before it. Instants are seconds since the epoch."""

    def __init__(self) -> None:
        self.divisible: Mapping[str, Splitting] = {}
        """The tasks whose numbers of shards are left to us, and what is weighed of each."""
        self.shards: Commitment[Mapping[str, int]] = Commitment(self._numbers)
        """The number of shards of each of these tasks."""
        self.candidate: Commitment[str] = Commitment(_candidate)
        """Of an adaptive policy, that which places the graph."""
        self.charge = RecordedCharge()
        """What its queue is charged for all of it, where it is admitted as a whole."""
        self.outcome: dict[str, Any] | None = None
        """What the graph told an adaptive policy at its end, as it stands in the status."""
        self.learned = False
        """This process has looked at the outcome."""
        self.accepted_at: float | None = None
        self.started_at: float | None = None
        self.completed_at: float | None = None
        self.ended = False
        """Its end is in the status: nothing is decided about it any more."""

    @property
    def commitments(self) -> tuple[Commitment[Any], ...]:
        """In the order in which they are decided."""
        return self.shards, self.candidate

    @property
    def settled(self) -> bool:
        """Nothing is left to be decided or recorded before the first pod."""
        return all(each.settled for each in self.commitments) and self.charge.settled

    @property
    def strategy(self) -> str:
        """The candidate that places it; empty: its policy has but one strategy."""
        return self.candidate.value or ""

    def find(self, status: Mapping[str, Any]) -> None:
        """The API server has this status now."""
        for each in self.commitments:
            each.find(status)
        self.charge.find(status)

    def _numbers(self, status: Mapping[str, Any]) -> Mapping[str, int] | None:
        found = read_numbers(self.divisible, status)
        return found if found and len(found) == len(self.divisible) else None


def _candidate(status: Mapping[str, Any]) -> str | None:
    written = status.get("strategy")
    return written if isinstance(written, str) and written else None
