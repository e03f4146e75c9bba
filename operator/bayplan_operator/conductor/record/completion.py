"""What a graph's status says about its end, and when that has changed enough to be written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from bayplan.foresight.estimates import Earliest, Suggestion
from bayplan.lifecycle import Run
from bayplan.model.graph import Graph
from bayplan_operator.conductor.record import conditions

RISK = "DeadlineAtRisk"
"""The condition."""
_SHARE, _LEAST_SECONDS = 0.05, 2.0
"""An estimate is written again once it has moved by so much of the time that remains, or this many seconds if that is more."""
_POINTS = 5
_QUIET = 15.0
"""Seconds in which an estimate that only moves is not written again; or the share above of the graph's age, if that is more."""
_LONGEST_BASIS = 256


@dataclass(frozen=True, slots=True)
class Interval:
    """When a graph will have ended, in seconds since the epoch."""

    median: float
    """By which half of the samples have ended."""
    low: float
    high: float
    """Four samples in five end between these."""


class Unknown(Enum):
    """Why nothing can be said of an end."""

    RUN_TIMES = "nothing is known of the run times"
    WAIT = "it waits, and how long cannot be known: neither its end nor a bound of it would stay where it is"


@dataclass(frozen=True, slots=True)
class Forecast:
    """An estimate of a graph's end; instants in seconds since the epoch."""

    made_at: float
    earliest: Earliest
    basis: str
    end: Interval | Unknown
    probability: float | None
    """Of meeting the deadline."""
    heavy: str
    """The task that takes most of the longest chain."""
    advice: tuple[Suggestion, ...]
    """Where the deadline is at risk."""

    @property
    def completion(self) -> float | None:
        """By which half of the samples have ended."""
        return self.end.median if isinstance(self.end, Interval) else None


@dataclass(frozen=True, slots=True)
class Said:
    """The figures of the status; instants in seconds since the epoch."""

    earliest: float | None = None
    completion: float | None = None
    probability: int | None = None
    """In percent."""
    basis: str | None = None

    def unlike(self, other: "Said") -> bool:
        """Whether one of them says what the other does not."""
        mine, theirs = ([each is None for each in (one.earliest, one.completion, one.probability)] for one in (self, other))
        return mine != theirs or self.basis != other.basis

    def far_from(self, other: "Said", now: float) -> bool:
        """Whether the figures of both differ so much that a user would care."""
        if self.probability is not None and abs(self.probability - (other.probability or 0)) >= _POINTS:
            return True
        return _moved(self.earliest, other.earliest, now) or _moved(self.completion, other.completion, now)

    def fields(self) -> dict[str, Any]:
        """As the status has them; what is not known takes its field away."""
        return {
            "estimatedCompletion": None if self.completion is None else conditions.stamp(self.completion),
            "earliestCompletion": None if self.earliest is None else conditions.stamp(self.earliest),
            "deadlineProbability": self.probability,
            "estimateBasis": self.basis,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the deadline is at risk, why, and what would help."""

    at_risk: bool
    reason: str
    message: str

    def flips(self, before: "Verdict | None") -> bool:
        """It says something else than before, not only in other words."""
        return before is None or (self.at_risk, self.reason) != (before.at_risk, before.reason)


@dataclass(slots=True)
class Outlook:
    """Of one graph."""

    said: Said = field(default_factory=Said)
    """What the status says, or is about to."""
    newest: Said = field(default_factory=Said)
    first: Earliest | None = None
    """The lower bound, and when it was computed."""
    first_at: float = 0.0
    forecast: Forecast | None = None
    verdict: Verdict | None = None
    """On the deadline, as the status says it or is about to; none: there is none, or nothing is known."""
    asked: tuple[object, ...] = field(init=False, default=())
    """What the bound was computed for, and which graph: numbers of shards may be decided later."""
    graph: Graph | None = field(init=False, default=None)
    run: Run | None = field(init=False, default=None)
    """As it was at the last estimate."""
    situation: tuple[object, ...] = field(init=False, default=())
    """What else the last estimate was made of."""
    next_at: float = field(init=False, default=0.0)
    """No estimate before."""
    stale_at: float = field(init=False, default=0.0)
    """Whatever happens, another estimate is due then."""
    since: float = 0.0
    """When the graph was accepted."""
    quiet_until: float = field(init=False, default=0.0)
    """What only moves is not written before."""
    revision: int = field(init=False, default=0)
    """Changes whenever the status should say something else of the end."""

    @classmethod
    def restored(cls, status: Mapping[str, Any], since: float) -> "Outlook":
        """From the status that an earlier process wrote, so that figures that still hold are not written again."""
        probability, basis = status.get("deadlineProbability"), status.get("estimateBasis")
        said = Said(
            _instant(status.get("earliestCompletion")),
            _instant(status.get("estimatedCompletion")),
            probability if isinstance(probability, int) else None,
            basis if isinstance(basis, str) else None,
        )
        risk = conditions.find([dict(each) for each in status.get("conditions") or ()], RISK)
        verdict = None if risk is None else Verdict(risk["status"] == "True", risk["reason"], risk.get("message", ""))
        return cls(said=said, newest=said, verdict=verdict, since=since)

    def bound(self, first: Earliest, known: bool, now: float) -> None:
        """Take in a lower bound; `known`: it rests on something."""
        self.first, self.first_at = first, now
        at = now + first.bound.seconds if known and not first.nowhere and first.bound.seconds > 0 else None
        completion = self.newest.completion
        if at is not None and completion is not None:
            completion = max(completion, at)  # an estimate of before; the next one will not lie before the bound by itself
        self.newest = replace(self.newest, earliest=at, completion=completion)

    def take(self, found: Forecast) -> None:
        """Take in an estimate."""
        self.forecast = found
        self.bound(found.earliest, found.end is not Unknown.WAIT, found.made_at)
        probability = None if found.probability is None else int(100 * found.probability)
        self.newest = replace(
            self.newest, completion=found.completion, probability=probability, basis=found.basis[:_LONGEST_BASIS]
        )

    def renew(self, now: float, *, anyway: bool = False) -> bool:
        """Have the newest figures written if they have moved far enough, or `anyway`; answers whether they are."""
        moved = now >= self.quiet_until and self.said.far_from(self.newest, now)
        if not (anyway or moved or self.said.unlike(self.newest)):
            return False
        self.quiet_until = now + max(_QUIET, _SHARE * (now - self.since))
        changed, self.said = self.said != self.newest, self.newest
        return changed


def _moved(before: float | None, after: float | None, now: float) -> bool:
    if before is None or after is None:
        return False
    return abs(after - before) > max(_LEAST_SECONDS, _SHARE * (after - now))


def _instant(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
