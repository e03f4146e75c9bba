"""What can be said of a graph's end, as text."""

from collections.abc import Iterator

from bayplan_operator.views import units
from bayplan_operator.views.model.outlook import LiveOutlook, PlannedOutlook, SuggestionView

_MOST_NAMES = 3


def planned(outlook: PlannedOutlook) -> Iterator[str]:
    """One line each: bound and estimate; the chance to meet the deadline; what would help."""
    bound = f"at median run times, not before {units.seconds(outlook.lower_bound)}"
    if outlook.nowhere:
        names = ", ".join(outlook.nowhere[:_MOST_NAMES])
        more = f" and {len(outlook.nowhere) - _MOST_NAMES} more" if len(outlook.nowhere) > _MOST_NAMES else ""
        yield f"Expected end: unknown, since no node could hold {names}{more}"
    elif outlook.estimate is None:
        yield f"Expected end: unknown ({outlook.basis})"
    else:
        between = f"80 % between {units.seconds(outlook.low)} and {units.seconds(outlook.high)}"
        yield f"Expected end: after {units.seconds(outlook.estimate)}, {between} ({outlook.basis}); {bound}"
    if outlook.apart:
        yield f"The plan above ends outside that interval: {outlook.apart}"
    if outlook.probability is not None:
        yield f"Probability of meeting the deadline: {units.percent(outlook.probability)}"
    if outlook.advice:
        yield "What would help: " + "; ".join(_help(each) for each in outlook.advice)


def live(outlook: LiveOutlook, *, over: bool) -> Iterator[str]:
    """One line for the end, one for the deadline."""
    if not over:
        if outlook.estimated is not None:
            first = f"; at median run times, not before {outlook.earliest}" if outlook.earliest is not None else ""
            yield f"Expected end: {outlook.estimated} ({outlook.basis}){first}"
        elif outlook.basis:
            yield f"Expected end: unknown ({outlook.basis})"
    if outlook.deadline is not None:
        chance = f", met with a probability of {outlook.probability} %" if outlook.probability is not None and not over else ""
        yield f"Deadline: {outlook.deadline}{chance}"


def _help(suggestion: SuggestionView) -> str:
    chance = f"({units.percent(suggestion.probability)})"
    of_class = f"of class {suggestion.subject} " if suggestion.subject else ""
    words = {
        "MoreQuota": f"a larger quota of its queue {chance}",
        "MoreNodes": f"more nodes {of_class}{chance}",
        "FasterNodes": f"as many of the fastest nodes as it can use {of_class}{chance}",
        "ShorterTask": f"half the run time of {suggestion.subject}, by more shards or less work {chance}",
        "LaterDeadline": f"a deadline of {units.seconds(suggestion.seconds)} (90 %)",
    }
    return words[suggestion.help]
