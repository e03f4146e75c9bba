"""When the clients of a round are done: all have answered, or enough have and the time is out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bayplan.collaboration.rounds.errors import RoundError
from bayplan.knowledge.run_times.run_time import RunTime

TIMEOUT = 0.95
"""The probability with which a client's run is expected to have ended by the time-out: the learned p95."""


@dataclass(frozen=True, slots=True)
class ClientRule:
    """What a round asks of its clients. Raises `RoundError`."""

    minimum: int = 1
    """So many answers are fused, or none are."""
    timeout: float = math.inf
    """Seconds after the round's start, above 0: from then on the minimum is enough; infinite: all are waited for."""
    asynchronous: bool = False
    """Whether a round ends as soon as the minimum has answered; the others go on, and their answers count in a later round, by
    their staleness (as in FedBuff: Nguyen et al., Federated Learning with Buffered Asynchronous Aggregation, 2022)."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.minimum < 1:
            raise RoundError(f"minimum is {self.minimum}: it must be 1 or above")
        if not self.timeout > 0:
            raise RoundError(f"timeout is {self.timeout}: it must be seconds, above 0")


@dataclass(frozen=True, slots=True)
class ClientsSeen:
    """How the clients of a round stand. Raises `RoundError` for counts that do not go together."""

    started: float
    """Seconds since the epoch when the round began."""
    drawn: int
    answered: int = 0
    """Whose success is recorded."""
    lost: int = 0
    """Failed for good: no retry is left, or no node may hold their data."""

    def __post_init__(self) -> None:
        """Check the counts."""
        for name in ("drawn", "answered", "lost"):
            if getattr(self, name) < 0:
                raise RoundError(f"{name} is {getattr(self, name)}: it must be 0 or above")
        if self.answered + self.lost > self.drawn:
            raise RoundError(f"answered is {self.answered} and lost is {self.lost}: that is more than drawn, {self.drawn}")


class ClientsAction(Enum):
    """What to do with the clients of a round."""

    WAIT = "Wait"
    PROCEED = "Proceed"
    """Fuse what has been answered."""
    TOO_FEW = "TooFew"
    """The minimum cannot be reached any more."""


@dataclass(frozen=True, slots=True)
class ClientsVerdict:
    """What to do, and why."""

    action: ClientsAction
    why: str
    """One sentence."""
    again_at: float | None = None
    """Seconds since the epoch when the verdict may change by itself; `None`: only an answer or a loss changes it."""


def clients_verdict(rule: ClientRule, seen: ClientsSeen, now: float) -> ClientsVerdict:
    """Whether to go on waiting. O(1).

    The time-out never cuts below the minimum: with fewer answers it is waited for the next one, as long as enough clients are
    left to reach it.
    """
    left = seen.drawn - seen.answered - seen.lost
    found = f"{seen.answered} of {seen.drawn} clients have answered" + (f", {seen.lost} lost" if seen.lost else "")
    if seen.answered + left < rule.minimum:
        return ClientsVerdict(ClientsAction.TOO_FEW, f"{found}: the minimum of {rule.minimum} cannot be reached")
    if left == 0:
        return ClientsVerdict(ClientsAction.PROCEED, found)
    if seen.answered < rule.minimum:
        return ClientsVerdict(ClientsAction.WAIT, f"{found}: the minimum is {rule.minimum}")
    if rule.asynchronous:
        return ClientsVerdict(ClientsAction.PROCEED, f"{found}: the minimum is {rule.minimum}, and the rest counts later")
    end = seen.started + rule.timeout
    if now >= end:
        return ClientsVerdict(ClientsAction.PROCEED, f"{found}: after {rule.timeout:.4g} s the others are left behind")
    return ClientsVerdict(ClientsAction.WAIT, found, end if math.isfinite(end) else None)


def timeout_of(run_times: Sequence[RunTime | None], probability: float = TIMEOUT) -> float:
    """Seconds by which even the slowest client is expected to have ended with the probability; infinite where nothing is known.

    `run_times`: what was learned, one per client, or per node class that a client may run on; `None`: nothing. Raises
    `ValueError` for a probability outside 0 to 1. O(run times).
    """
    if not run_times or any(each is None for each in run_times):
        return math.inf
    return max(each.quantile(probability) for each in run_times if each is not None)
