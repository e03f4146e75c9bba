"""Rounds as text."""

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.rounds import RoundsView, RoundView

_MOST_ROUNDS = 20
_NAMED = 3


def rounds(view: RoundsView, screen: Screen) -> list[str]:
    """Where they are, and a row for each of the last ones; on a wide screen for all."""
    lines = [_now(view)]
    if view.left_out:
        lines.append(f"Round {view.next} is without {listed(view.left_out, screen)}")
    if view.joint:
        lines.append(f"Weights of the joint loss: {', '.join(f'{name} {weight:.4g}' for name, weight in view.joint.items())}")
    shown = view.history if screen.wide else view.history[-_MOST_ROUNDS:]
    if len(shown) < len(view.history):
        lines.append(f"({units.count(len(view.history) - len(shown), 'earlier round')} not shown: -o wide shows them)")
    if shown:
        header = ["ROUND", "SUCCEEDED", "DURATION", *([view.metric] if view.metric else []), "WITHOUT"]
        lines += table(header, [_row(each, view.metric, screen) for each in shown], screen)
    return lines


def listed(names: tuple[str, ...], screen: Screen) -> str:
    """The first of them, and how many more there are; on a wide screen all."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED and not screen.wide else ""
    return ", ".join(names if screen.wide else names[:_NAMED]) + more


def progress(words: str) -> str:
    """How many tasks are over, and the round, from the status: "2/4, round 3/50" counts tasks, and then a round."""
    count, comma, rest = words.partition(",")
    return f"{count} tasks{comma}{rest}"


def over(each: RoundView, metric: str) -> str:
    """One round in one line, once it is over."""
    figure = "" if each.figure is None else f", {metric} {each.figure:g}"
    without = f", without {', '.join(each.without)}" if each.without else ""
    took = "" if each.seconds is None else f", {units.seconds(each.seconds)}"
    return f"round {each.number}: {each.succeeded}/{each.taking_part} succeeded{took}{figure}{without}"


def _now(view: RoundsView) -> str:
    ends = f", until {view.until}" if view.until else ""
    if view.over:
        return f"Over after {units.count(view.number, 'round')} of at most {view.max}{ends}: {view.over}"
    return f"Round {view.number} of at most {view.max}{ends}"


def _row(each: RoundView, metric: str, screen: Screen) -> list[str]:
    figure = "" if each.figure is None else f"{each.figure:g}"
    without = "" if each.without is None else listed(each.without, screen)
    succeeded = f"{each.succeeded}/{each.taking_part}"
    return [str(each.number), succeeded, units.seconds(each.seconds), *([figure] if metric else []), without]
