"""Which candidates do the tasks of a graph, as its status records it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bayplan_operator.translate.choice_record import FAILED, ChoiceLine, read_choices
from bayplan_operator.views.model.choice import ChoiceView, LosingCandidate


def read(status: Mapping[str, Any]) -> tuple[ChoiceView, ...]:
    """In the order of the tasks. O(choices)."""
    by_task: dict[str, list[ChoiceLine]] = {}
    for line in read_choices(status):
        by_task.setdefault(line.task, []).append(line)
    return tuple(view(task, lines) for task, lines in by_task.items())


def view(task: str, lines: Sequence[ChoiceLine]) -> ChoiceView:
    """Of one task, by its lines: those of candidates that have failed, and the one of the choice that holds, if any."""
    failed = {line.candidate: line.why for line in lines if line.failed}
    made = next((line for line in lines if not line.failed), None)
    losers = [LosingCandidate(name, None, f"failed: {why}") for name, why in failed.items()]
    if made is None:
        return ChoiceView(task, max(line.round for line in lines), "", None, "another candidate is to be chosen", tuple(losers))
    for name, _, score in (each.partition("=") for each in made.others.split(",")):
        if score and name not in failed:
            left_out = "it was left out" if score == "left-out" else "failed" if score == FAILED else ""
            losers.append(LosingCandidate(name, _number(score), left_out))
    return ChoiceView(task, made.round, made.candidate, _number(made.score), made.why, tuple(losers))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # there is none, or it was edited
