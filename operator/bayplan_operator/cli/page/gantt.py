"""Which attempts had room on which node, over time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape

from bayplan_operator.cli.page.svg import BELOW, WIDTH, TimeAxis, drawing, label, number, room
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import SimulatedAttempt
from bayplan_operator.views.model.simulation import Simulation

MOST_BARS = 4_000
"""Attempts that are drawn one by one, each with its words; of more, each node's are drawn together."""
COLOURS = 8
_LABEL, _LINE, _GAP, _LEAST = 90.0, 11.0, 6.0, 3.0
_TALLEST = 88.0
_Which = tuple[str, str, int, int]
"""Graph, task, shard, number of the attempt."""
_BROKEN = {"Failed": "failed", "Lost": "lost", "Preempted": "lost", "Stopped": "lost", "TakenBack": "lost"}


def gantt(simulation: Simulation) -> str:
    """One row per node that was used; what runs side by side on it is stacked."""
    by_node: dict[str, list[SimulatedAttempt]] = defaultdict(list)
    for attempt in simulation.attempts:
        if attempt.node is not None:
            by_node[attempt.node].append(attempt)
    if not by_node:
        return '<p class="none">Nothing was placed.</p>'
    begin = min(graph.submitted for graph in simulation.graphs)
    left = room(by_node, _LABEL)
    axis = TimeAxis(begin, max(_end(each, simulation) for each in simulation.attempts if each.node), left, WIDTH - 10)
    several = sum(len(of_node) for of_node in by_node.values()) > MOST_BARS
    colours = colours_of(simulation)
    critical = _critical(simulation)
    parts, y = [], 4.0
    for name in sorted(by_node, key=_natural):
        lanes = _lanes(by_node[name], simulation)
        height = max(_LEAST, min(_LINE, _TALLEST / (max(lanes) + 1)))
        tall = max(height * (max(lanes) + 1), _LINE)
        parts.append(label(name, left - 8, y + tall / 2 + 4))
        area = f'width="{number(axis.right - left)}" height="{number(tall)}"'
        parts.append(f'<rect class="lane" x="{number(left)}" y="{number(y)}" {area}/>')
        placed = [(attempt, y + lane * height) for attempt, lane in zip(by_node[name], lanes, strict=True)]
        if several:
            parts.append(_together(placed, height, axis, colours, simulation))
        else:
            parts += [_bar(attempt, top, height, axis, colours, critical, simulation) for attempt, top in placed]
        y += tall + _GAP
    marks = "".join(axis.marks(0, y))
    return drawing("gantt", y + BELOW, "Attempts on each node over time", _HATCH + marks + "".join(parts))


def colours_of(simulation: Simulation) -> dict[str, int]:
    """Graph to the number of its colour."""
    return {graph.name: place % COLOURS for place, graph in enumerate(simulation.graphs)}


def _critical(simulation: Simulation) -> set[_Which]:
    """The last attempt to end of each task on a critical path."""
    on_path = {(graph.name, task.name) for graph in simulation.graphs for task in graph.tasks if task.critical}
    last: dict[tuple[str, str], SimulatedAttempt] = {}
    for each in simulation.attempts:
        key = (each.graph, each.task)
        if key in on_path and each.end is not None and (key not in last or each.end > (last[key].end or 0.0)):
            last[key] = each
    return {(each.graph, each.task, each.shard, each.number) for each in last.values()}


def _bar(
    attempt: SimulatedAttempt,
    top: float,
    height: float,
    axis: TimeAxis,
    colours: dict[str, int],
    critical: set[_Which],
    simulation: Simulation,
) -> str:
    left, right = axis.at(attempt.placed or 0.0), axis.at(_end(attempt, simulation))
    classes = ["bar", f"c{colours[attempt.graph]}"]
    if (attempt.graph, attempt.task, attempt.shard, attempt.number) in critical:
        classes.append("critical")
    shape = f'x="{number(left)}" y="{number(top + 0.5)}" width="{number(max(right - left, 0.6))}" height="{number(height - 1)}"'
    broken = f'<rect class="{_BROKEN[attempt.outcome]}" {shape}/>' if attempt.outcome in _BROKEN else ""
    key = escape(f"{attempt.graph}/{attempt.task}")
    return (
        f'<g data-task="{key}"><title>{escape(_words(attempt))}</title><rect class="{" ".join(classes)}" {shape}/>{broken}</g>'
    )


def _together(
    placed: Iterable[tuple[SimulatedAttempt, float]],
    height: float,
    axis: TimeAxis,
    colours: dict[str, int],
    simulation: Simulation,
) -> str:
    """All of a node in a few paths: thousands of elements would make the page slow."""
    paths: dict[str, list[str]] = defaultdict(list)
    for attempt, top in placed:
        left, right = axis.at(attempt.placed or 0.0), axis.at(_end(attempt, simulation))
        wide = number(max(right - left, 0.4))
        kind = _BROKEN.get(attempt.outcome, f"c{colours[attempt.graph]}")
        paths[kind].append(f"M{number(left)} {number(top)}h{wide}v{number(height)}h-{wide}z")
    return "".join(f'<path class="bar {kind}" d="{"".join(of_kind)}"/>' for kind, of_kind in sorted(paths.items()))


def _lanes(attempts: Sequence[SimulatedAttempt], simulation: Simulation) -> list[int]:
    """Per attempt, the first line that is free when it comes."""
    free: list[float] = []
    lanes = [0] * len(attempts)
    for position in sorted(range(len(attempts)), key=lambda each: attempts[each].placed or 0.0):
        begin, end = attempts[position].placed or 0.0, _end(attempts[position], simulation)
        lane = next((number for number, at in enumerate(free) if at <= begin), len(free))
        if lane == len(free):
            free.append(end)
        free[lane] = end
        lanes[position] = lane
    return lanes


def _end(attempt: SimulatedAttempt, simulation: Simulation) -> float:
    return simulation.figures.ended_at if attempt.end is None else attempt.end


def _words(attempt: SimulatedAttempt) -> str:
    shard = f" shard {attempt.shard}" if attempt.shard else ""
    begin, end = attempt.start, attempt.end
    lasted = "" if begin is None or end is None else f", {units.seconds(end - begin)}"
    when = "it never ran" if begin is None else f"from {units.seconds(begin)}{lasted}"
    waited = (
        f"waited {units.seconds(attempt.placed - attempt.wanted)} ({attempt.reason})"
        if attempt.reason and attempt.placed
        else ""
    )
    candidate = f" ({attempt.candidate})" if attempt.candidate else ""
    parts = [
        f"{attempt.graph} {attempt.task}{candidate}{shard}, attempt {attempt.number}: {attempt.outcome}",
        when,
        waited,
        attempt.why,
    ]
    return "\n".join(part for part in parts if part)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """node-2 before node-10."""
    parts = "".join(each if each.isdecimal() else f" {each} " for each in name).split()
    joined: list[str] = []
    for part in parts:
        if part.isdecimal() and joined and joined[-1].isdecimal():
            joined[-1] += part
        else:
            joined.append(part)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in joined]


_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch" width="2.2" height="5"/></pattern></defs>'
)
