"""Choices among candidates as text."""

from collections.abc import Sequence

from bayplan_operator.cli.text.table import Screen, brief, table
from bayplan_operator.views.model.choice import ChoiceView, LosingCandidate

_MOST_CHOICES = 20


def choices(views: Sequence[ChoiceView], screen: Screen) -> list[str]:
    """A row for each of the first ones; on a wide screen for all, with every reason in full."""
    shown = views if screen.wide else views[:_MOST_CHOICES]
    lines = table(["TASK", "CANDIDATE", "SCORE", "OTHERS", "WHY"], [_row(each, screen) for each in shown], screen)
    more = len(views) - len(shown)
    return [*lines, f"... and {more} more"] if more else lines


def _row(view: ChoiceView, screen: Screen) -> list[str]:
    task = f"{view.task} (round {view.round})" if view.round else view.task
    others = ", ".join(_loser(each, screen) for each in view.losers)
    why = view.why if screen.wide else brief(view.why)
    return [task, view.candidate or "none yet", _score(view.score), others, why]


def _loser(loser: LosingCandidate, screen: Screen) -> str:
    if loser.left_out:
        return f"{loser.name} ({loser.left_out if screen.wide else loser.left_out.partition(':')[0]})"
    return " ".join(part for part in (loser.name, _score(loser.score)) if part)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4g}"
