"""A Gantt chart in characters: a row per task; for a task with shards, the height says how many of them run."""

import math
from collections import defaultdict
from collections.abc import Sequence

from bayplan_operator.cli.text.table import Paint, Screen, style_of
from bayplan_operator.views.model.attempt import ENDED_EARLY, PodAttempt
from bayplan_operator.views.model.graph import LiveGraph
from bayplan_operator.views.model.task import LiveTask
from bayplan_operator.views.units import bars, seconds

MOST_ROWS = 60
_LONGEST_NAME = 28
_NARROWEST = 20
_WAITING, _LOST = "·", "░"
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_TICK_WIDTH = 10


def gantt(report: LiveGraph, screen: Screen) -> list[str]:
    """Lines of at most the screen's columns. Tasks that have started, in the order in which they did."""
    by_task: dict[str, list[PodAttempt]] = defaultdict(list)
    for attempt in report.attempts:
        if attempt.start is not None:
            by_task[attempt.task].append(attempt)
    begins = {name: min(attempt.start or 0.0 for attempt in attempts) for name, attempts in by_task.items()}
    tasks = sorted((task for task in report.tasks if task.name in begins), key=lambda task: begins[task.name])
    if not tasks:
        return []
    shown = tasks[:MOST_ROWS]
    label = min(_LONGEST_NAME, max(len(_label(task)) for task in shown))
    columns = max(_NARROWEST, screen.columns - label - 5)
    ends = {task.name: _end(by_task[task.name], report.span) for task in report.tasks}
    lines = []
    for task in shown:
        ready = max((ends[parent] for parent in task.depends_on), default=0.0)
        cells = _cells(task, by_task[task.name], ready, report.span, columns)
        name = _label(task)
        name = name if len(name) <= label else name[: label - 1] + "…"
        mark = "◆" if task.critical else " "
        lines.append(f"{name.ljust(label)} {mark} {_painted(cells.rstrip(), task.state, screen.paint)}")
    if len(tasks) > len(shown):
        lines.append(f"... and {len(tasks) - len(shown)} more")
    return [*lines, " " * (label + 3) + _axis(report.span, columns)]


def _label(task: LiveTask) -> str:
    return task.name if len(task.shards) == 1 else f"{task.name} ×{len(task.shards)}"


def _end(attempts: Sequence[PodAttempt], span: float) -> float:
    return max((span if attempt.end is None else attempt.end for attempt in attempts), default=span)


def _cells(task: LiveTask, attempts: Sequence[PodAttempt], ready: float, span: float, columns: int) -> str:
    running, lost = [0] * columns, [0] * columns
    first, last = math.floor(ready / span * columns + 0.5), -1
    for attempt in attempts:
        begin, end = _columns(attempt, span, columns)
        last = max(last, end)
        for column in range(begin, end):
            (lost if attempt.outcome in ENDED_EARLY else running)[column] += 1
    height = bars(tuple(min(1.0, number / len(task.shards)) for number in running))
    return "".join(
        height[column] if running[column] else _LOST if lost[column] else _WAITING if first <= column < last else " "
        for column in range(columns)
    )


def _columns(attempt: PodAttempt, span: float, columns: int) -> tuple[int, int]:
    """First column and the one after the last; at least one."""
    begin = math.floor((attempt.start or 0.0) / span * columns + 0.5)
    end = math.floor((span if attempt.end is None else attempt.end) / span * columns + 0.5)
    begin = max(0, min(begin, columns - 1))
    return begin, max(begin + 1, min(end, columns))


def _painted(cells: str, state: str, paint: Paint) -> str:
    """Runs of like characters, each in its style."""
    styles = {_WAITING: "dim", _LOST: "bad"}
    parts, start = [], 0
    for column in range(1, len(cells) + 1):
        style = styles.get(cells[start], style_of(state))
        if column == len(cells) or styles.get(cells[column], style_of(state)) != style:
            parts.append(paint(cells[start:column], style))
            start = column
    return "".join(parts)


def _axis(span: float, columns: int) -> str:
    step = next((tick for tick in _TICKS if columns * tick / span >= _TICK_WIDTH), _TICKS[-1])
    axis = [" "] * columns
    for number in range(math.floor(span / step) + 1):
        column = round(number * step / span * columns)
        text = f"│{seconds(number * step)}"
        if column + len(text) <= columns:
            axis[column : column + len(text)] = text
    return "".join(axis).rstrip()
