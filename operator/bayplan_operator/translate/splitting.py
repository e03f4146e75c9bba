"""Tasks whose shards are Auto: what is weighed, in the library's terms, and the record of what was decided."""

from collections.abc import Iterable, Mapping
from typing import Any

from bayplan.foresight.shards import Advice, Splitting, explain
from bayplan_operator.api.duration import format_duration
from bayplan_operator.api.v1alpha1 import AUTO, AutoShards, Task

_LONGEST = 4
"""Digits of a number of shards."""
_TOLD = 20
"""At most so many tasks of a graph have their numbers explained one by one. The status has the numbers of all."""


def splitting(task: Task) -> Splitting | None:
    """What is weighed of a valid task; ``None`` if its number of shards is given."""
    if task.shards != AUTO or task.expected_duration is None:
        return None
    bounds = task.auto_shards or AutoShards()
    return Splitting(task.expected_duration, bounds.startup, bounds.serial, least=bounds.min, most=bounds.max)


def write_numbers(numbers: Mapping[str, int]) -> list[str]:
    """As the status holds them: "train=8"."""
    return [f"{task}={shards}" for task, shards in numbers.items()]


def read_numbers(divisible: Mapping[str, Splitting], status: Mapping[str, Any]) -> dict[str, int]:
    """The numbers in a status, by task. A number outside the task's bounds was edited, and counts as missing."""
    lines = status.get("shards")
    said = (
        dict(line.split("=", 1) for line in lines if isinstance(line, str) and "=" in line) if isinstance(lines, list) else {}
    )
    found = {}
    for task, whole in divisible.items():
        number = number_within(whole, said.get(task, ""))
        if number is not None:
            found[task] = number
    return found


def number_within(bounds: Splitting, text: str) -> int | None:
    """A number of shards that was written down; ``None`` if it is none, or none that is allowed."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else 0
    return number if bounds.least <= number <= bounds.most else None


def in_words(advice: Iterable[tuple[str, Advice]]) -> str:
    """Why each task has the number of shards that it has."""
    told = [f"task {task}: {explain(each, _spelled)}" for task, each in advice]
    more = len(told) - _TOLD
    return "; ".join([*told[:_TOLD], *([f"and {more} more tasks: see status.shards"] if more > 0 else [])])


def _spelled(seconds: float) -> str:
    """To the tenth below a minute, to the second above."""
    return format_duration(round(seconds, 1) if seconds < 60 else round(seconds))
