"""Where a graph stands in the line, and when it is expected to start, as its status says it."""

from dataclasses import dataclass
from typing import Any

from bayplan_operator.conductor.record import conditions
from bayplan_operator.translate.line_places import age_in_figures, share_in_figures

FIELDS = ("position", "ahead", "points", "expectedStart")
_SHARE, _LEAST = 0.1, 5.0
"""A start is told again once it has moved by so much of the time until then, or so many seconds if that is more."""


@dataclass(frozen=True, slots=True)
class LinePoints:
    """By what it stands there."""

    priority: int
    age: float
    """Points gained by waiting."""
    share: float | None
    """Of its queue; `None`: shares are not compared."""


@dataclass(frozen=True, slots=True)
class Start:
    """When it is expected to start."""

    p50: float | None = None
    """Seconds since the epoch; `None`: not known."""
    p90: float | None = None
    reserved: bool = False
    unknown: str = ""
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Of the first of its shards that wait."""

    position: int
    """From 1, counted in graphs."""
    ahead: str
    """How many graphs are ahead; those of other namespaces are counted, not named."""
    points: LinePoints
    start: Start

    def fields(self) -> dict[str, Any]:
        """For the status."""
        by, start = self.points, self.start
        share = share_in_figures(by.share)
        told: dict[str, Any] = {"basis": "Reservation" if start.reserved else "PredictedEnds"}
        for name, at in (("p50", start.p50), ("p90", start.p90)):
            if at is not None:
                told[name] = conditions.stamp(at)
        if start.unknown:
            told["unknown"] = start.unknown
        points = {"priority": by.priority, "age": age_in_figures(by.age), **({} if share is None else {"share": share})}
        return {"position": self.position, "ahead": self.ahead, "points": points, "expectedStart": told}

    def notable(self, before: "LinePlace | None", now: float) -> bool:
        """Whether it says notably another thing than what was told before."""
        if before is None or (before.position == 1) != (self.position == 1):
            return True
        if abs(before.position - self.position) > _SHARE * self.position or before.start.reserved != self.start.reserved:
            return True
        return _moved(before.start.p50, self.start.p50, now) or _moved(before.start.p90, self.start.p90, now)


def _moved(before: float | None, after: float | None, now: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(before - after) > max(_LEAST, _SHARE * (after - now))
