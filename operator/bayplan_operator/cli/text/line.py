"""A place in the line as text."""

from bayplan_operator.cli.text.instants import instant
from bayplan_operator.views.model.line import LineView


def place(view: LineView) -> str:
    """Such as `2nd in line: 1 graph of this namespace is ahead; points: priority 7, age 3.5`."""
    return f"{ordinal(view.position)} in line: {view.ahead}; points: {points(view)}"


def points(view: LineView) -> str:
    """By what it stands there."""
    share = "" if view.share is None else f", share of its queue {view.share}"
    return f"priority {view.priority}, age {view.age}{share}"


def start(view: LineView) -> str:
    """When it is expected to start."""
    times = []
    if view.p50 is not None:
        times.append(f"{instant(view.p50)} as likely as not")
    if view.p90 is not None:
        times.append(f"by {instant(view.p90)} {'as promised' if view.reserved else 'with 90 %'}")
    return ", ".join([*times, *([f"unknown: {view.unknown}"] if view.unknown else [])])


def ordinal(number: int) -> str:
    """`1st`, `22nd`, `113th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
