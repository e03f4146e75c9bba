"""What can be said of a graph's end before it has come."""

import msgspec


class OutlookView(msgspec.Struct, frozen=True, rename="camel"):
    """An expected end."""

    basis: str
    """What is known of the run times, in words."""


class LiveOutlook(OutlookView, frozen=True, kw_only=True, rename="camel"):
    """What the operator expects, and of the deadline. Instants in RFC 3339; none: unknown."""

    estimated: str | None
    earliest: str | None
    deadline: str | None
    probability: int | None
    """Of meeting the deadline, in percent."""
    risk: str
    """Why the deadline is at risk or missed, and what would help; empty: it is not."""
    missed: bool = False
    """The deadline has passed before the graph's end."""


class SuggestionView(msgspec.Struct, frozen=True, rename="camel"):
    """What would help to meet the deadline."""

    help: str
    """MoreQuota, MoreNodes, FasterNodes, ShorterTask or LaterDeadline."""
    subject: str
    """The class of nodes or the task."""
    probability: float
    """Chance to meet the deadline with as much of this help as can be used, 0 to 1."""
    seconds: float
    """Seconds from the submission: with the help, the graph has ended by then in 90 % of the cases."""


class PlannedOutlook(OutlookView, frozen=True, kw_only=True, rename="camel"):
    """What is expected of a graph that is planned, as if the nodes were its own. Seconds from its submission."""

    lower_bound: float
    """What no schedule beats at median run times: the longest chain on the fastest nodes, or the work over all nodes. A task
    without a known run time counts as 0 s. `estimate` is never less; `low` may be, where run times come out short."""
    nowhere: tuple[str, ...] = ()
    """Tasks that no node could hold."""
    estimate: float | None = None
    """The graph has ended by then in half of the cases, placed by its policy. None: its run times are not known, or a task
    finds no place."""
    low: float | None = None
    high: float | None = None
    """Four cases in five lie between these."""
    probability: float | None = None
    """Chance to meet the deadline, 0 to 1. None: the graph has no deadline."""
    advice: tuple[SuggestionView, ...] = ()
    """What would help; given where the probability is below 0.9."""
    apart: str = ""
    """Why the simulated end lies outside `low` to `high`; empty: it lies between them, or there is none."""
