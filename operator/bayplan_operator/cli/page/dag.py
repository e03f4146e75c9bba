"""A graph with its critical path."""

from collections.abc import Iterator
from html import escape

from bayplan_operator.cli.page.layout import Spot, layout
from bayplan_operator.cli.page.svg import drawing, length, number
from bayplan_operator.views import units
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.task import SimulatedTask

_WITH_NAMES = 80
"""Tasks up to which each has a box with its name; those of larger graphs are dots."""
_BOX = (150.0, 30.0)
"""Width and height at least."""
_APART = (56.0, 12.0)
_MARGIN = 8.0
_NAMES = 1.2
"""How much larger names are written than the rest, bold ones too."""
_GATES = {
    "Any": ("any", "starts once one of the tasks before it has succeeded"),
    "BestOf": ("best of", "takes the best of the tasks before it"),
    "Always": ("always", "runs however the tasks before it have ended"),
}
"""In a corner of the box, and in full."""
_DOT, _TALLEST = 4.0, 560.0


def dag(graph: SimulatedGraph) -> str:
    """From left to right; the critical path stands out."""
    spots = layout(graph.tasks)
    named = len(graph.tasks) <= _WITH_NAMES
    place = _Boxes(spots) if named else _Dots(spots)
    critical = frozenset(zip(graph.critical_path, graph.critical_path[1:], strict=False))
    plain: list[str] = []
    strong: list[str] = []
    for task in graph.tasks:
        for parent in task.depends_on:
            on_path = (parent, task.name) in critical
            (strong if on_path else plain).append(_edge(place.right(spots[parent]), place.left(spots[task.name])))
    edges = f'<path class="edge" d="{"".join(plain)}"/><path class="edge critical" d="{"".join(strong)}"/>'
    nodes = "".join(_node(graph, task, spots[task.name], place) for task in graph.tasks)
    path = units.count(len(graph.critical_path), "task")
    title = f"{graph.name}: {units.count(len(graph.tasks), 'task')}, critical path of {path}"
    return drawing("dag", place.height, title, edges + nodes, place.width)


class _Boxes:
    """Boxes with names."""

    def __init__(self, spots: dict[str, Spot]) -> None:
        columns, rows = _extent(spots)
        self._rows = rows
        self._count = _per_column(spots)
        self._wide = max([_BOX[0], *(length(name) * _NAMES + 16.0 for name in spots)])
        self.width = 2 * _MARGIN + columns * self._wide + (columns - 1) * _APART[0]
        self.height = 2 * _MARGIN + rows * _BOX[1] + (rows - 1) * _APART[1]

    def corner(self, spot: Spot) -> tuple[float, float]:
        free = (self._rows - self._count[spot.column]) * (_BOX[1] + _APART[1]) / 2
        return _MARGIN + spot.column * (self._wide + _APART[0]), _MARGIN + free + spot.row * (_BOX[1] + _APART[1])

    def left(self, spot: Spot) -> tuple[float, float]:
        x, y = self.corner(spot)
        return x, y + _BOX[1] / 2

    def right(self, spot: Spot) -> tuple[float, float]:
        x, y = self.corner(spot)
        return x + self._wide, y + _BOX[1] / 2

    def shape(self, spot: Spot, name: str) -> str:
        x, y = self.corner(spot)
        return (
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(self._wide)}" height="{_BOX[1]:g}" rx="4"/>'
            f'<text x="{number(x + self._wide / 2)}" y="{number(y + _BOX[1] / 2 + 4)}">{escape(name)}</text>'
        )

    def sign(self, spot: Spot, words: str) -> str:
        x, y = self.corner(spot)
        return f'<text class="gate" x="{number(x + 4)}" y="{number(y + 8)}">{escape(words)}</text>' if words else ""


class _Dots:
    """Dots, as near as they must be."""

    def __init__(self, spots: dict[str, Spot]) -> None:
        columns, rows = _extent(spots)
        self._count = _per_column(spots)
        self._step = max(2.5, min(14.0, _TALLEST / rows))
        self._size = min(_DOT, self._step * 0.45)
        self._column = max(40.0, min(140.0, 1000.0 / max(1, columns)))
        self._rows = rows
        self.width = 4 * _MARGIN + (columns - 1) * self._column
        self.height = 4 * _MARGIN + (rows - 1) * self._step

    def left(self, spot: Spot) -> tuple[float, float]:
        free = (self._rows - self._count[spot.column]) * self._step / 2
        return 2 * _MARGIN + spot.column * self._column, 2 * _MARGIN + free + spot.row * self._step

    right = left

    def shape(self, spot: Spot, name: str) -> str:
        x, y = self.left(spot)
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(self._size)}"/>'

    def sign(self, spot: Spot, words: str) -> str:
        return ""  # there is no room for it; the title says it


def _node(graph: SimulatedGraph, task: SimulatedTask, spot: Spot, place: "_Boxes | _Dots") -> str:
    when = "it never ran" if task.start is None else f"from {units.seconds(task.start)}"
    if task.start is not None and task.end is not None:
        when += f", {units.seconds(task.end - task.start)}"
    shards = f", {task.shards} shards" if task.shards > 1 else ""
    state = " ".join(word for word, holds in (("critical", task.critical), ("unfinished", task.end is None)) if holds)
    words = "; ".join([f"{task.name}{shards}: {when}{', on the critical path' if task.critical else ''}", *_follows(task)])
    key = escape(f"{graph.name}/{task.name}")
    shape = place.shape(spot, task.name) + place.sign(spot, _sign(task))
    return f'<g class="task {state}" data-task="{key}"><title>{escape(words)}</title>{shape}</g>'


def _follows(task: SimulatedTask) -> Iterator[str]:
    """What is more than "once all tasks before it have succeeded"."""
    if task.gate:
        yield _GATES[task.gate][1]
    if task.when:
        yield f"only if {task.when}"
    if task.repeats:
        yield "again in each round"


def _sign(task: SimulatedTask) -> str:
    """The same in short; empty: there is nothing of it."""
    parts = [_GATES[task.gate][0] if task.gate else "", "if" if task.when else "", "round" if task.repeats else ""]
    return ", ".join(filter(None, parts))


def _edge(begin: tuple[float, float], end: tuple[float, float]) -> str:
    bend = (end[0] - begin[0]) / 2
    x, y = number(begin[0] + bend), number(begin[1])
    return f"M{number(begin[0])} {y}C{x} {y} {x} {number(end[1])} {number(end[0])} {number(end[1])}"


def _extent(spots: dict[str, Spot]) -> tuple[int, int]:
    return max(spot.column for spot in spots.values()) + 1, max(spot.row for spot in spots.values()) + 1


def _per_column(spots: dict[str, Spot]) -> dict[int, int]:
    count: dict[int, int] = {}
    for spot in spots.values():
        count[spot.column] = count.get(spot.column, 0) + 1
    return count
