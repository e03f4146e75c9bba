"""Utilisation over time, and waiting by reason."""

from collections.abc import Mapping
from html import escape

from bayplan_operator.cli.page.svg import BELOW, WIDTH, TimeAxis, drawing, label, length, number, room
from bayplan_operator.views import units
from bayplan_operator.views.model.simulation import Simulation, Usage

_LEFT, _HEIGHT, _TOP = 60.0, 150.0, 10.0
_ROW, _LABEL = 28.0, 130.0
WORDS: Mapping[str, str] = {
    "DependencyPending": "for the tasks before",
    "BackingOff": "between two attempts",
    "NoSuchNode": "no node could ever hold it",
    "NoCapacity": "too little was free",
    "GangIncomplete": "for the rest of its gang",
    "Reserved": "room was kept for others",
    "Preempting": "until what was evicted had ended",
    "Binding": "from its place to its start",
}


def usage(simulation: Simulation, of_one: Usage) -> str:
    """A step line: the share of all nodes' resource that is taken."""
    bottom = _TOP + _HEIGHT
    axis = TimeAxis(of_one.times[0], of_one.times[-1], _LEFT, WIDTH - 10)

    def y(share: float) -> float:
        return bottom - min(1.0, share) * _HEIGHT

    capacity = max(1, of_one.capacity)
    shares = [used / capacity for used in of_one.used]
    path = [f"M{number(axis.at(of_one.times[0]))} {number(y(shares[0]))}"]
    for at, share in zip(of_one.times[1:], shares[1:], strict=True):
        path.append(f"H{number(axis.at(at))}V{number(y(share))}")
    line = "".join(path)
    area = f"{line}V{number(bottom)}H{number(_LEFT)}Z"
    average = simulation.figures.utilisation.get(of_one.resource, 0.0)
    grid = "".join(
        f'<line class="grid" x1="{_LEFT:g}" x2="{WIDTH - 10:g}" y1="{number(y(part))}" y2="{number(y(part))}"/>'
        f'<text class="scale" x="{_LEFT - 8:g}" y="{number(y(part) + 4)}">{part:.0%}</text>'
        for part in (0.0, 0.5, 1.0)
    )
    mean = (
        f'<line class="mean" x1="{_LEFT:g}" x2="{WIDTH - 10:g}" y1="{number(y(average))}" y2="{number(y(average))}">'
        f"<title>average {units.percent(average)}</title></line>"
    )
    body = f'{grid}{"".join(axis.marks(_TOP, bottom))}<path class="area" d="{area}"/><path class="line" d="{line}"/>{mean}'
    return drawing(
        "usage", bottom + BELOW, f"Share of {of_one.resource} in use over time, {units.percent(average)} on average", body
    )


def waiting(simulation: Simulation) -> str:
    """A bar per reason, all shards together."""
    if not simulation.waiting:
        return '<p class="none">Nothing has waited.</p>'
    longest = max(simulation.waiting.values())
    left = room(simulation.waiting, _LABEL)
    right = WIDTH - max(length(units.seconds(each)) for each in simulation.waiting.values()) - 18
    parts = []
    for place, (reason, seconds) in enumerate(simulation.waiting.items()):
        y = place * _ROW + 4
        long = seconds / longest * (right - left)
        parts.append(
            f"<g><title>{escape(reason)}: {WORDS.get(reason, '')}</title>"
            f"{label(reason, left - 8, y + 15)}"
            f'<rect class="wait" x="{number(left)}" y="{number(y)}" width="{number(max(long, 1.0))}" height="20" rx="2"/>'
            f'<text class="figure" x="{number(left + long + 8)}" y="{number(y + 15)}" data-waiting="{escape(reason)}" '
            f'data-value="{seconds!r}">{units.seconds(seconds)}</text></g>'
        )
    return drawing(
        "waiting", len(simulation.waiting) * _ROW + 4, "Time that all shards together have waited, by reason", "".join(parts)
    )
