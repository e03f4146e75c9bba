"""Small parts of drawings."""

import math
from collections.abc import Iterable, Iterator
from html import escape

from bayplan_operator.views.units import seconds

WIDTH = 1000.0
"""Of all drawings, in their own units; the page scales them."""
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_DAY = 86400
_APART = 90.0
"""Least distance between two marks of an axis."""
_LETTER, _WIDE_LETTER = 7.0, 11.0
"""Widths of letters of the drawings' font, which is not known here: those of a wide one (DejaVu Sans)."""
_WIDEST = 400.0
"""Of the labels of rows; longer ones are squeezed into it."""
BELOW = 40.0
"""Height of what stands below an axis: its marks, and what it is about."""


def number(value: float) -> str:
    """As short as can be, to a tenth."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def drawing(kind: str, height: float, title: str, body: str, width: float = WIDTH) -> str:
    """An SVG with a name that screen readers say."""
    box = f"0 0 {number(width)} {number(height)}"
    return f'<svg class="{kind}" viewBox="{box}" role="img" aria-label="{escape(title)}">{body}</svg>'


def length(text: str) -> float:
    """About how wide a text is."""
    wide = sum(text.count(each) for each in "mwMW")
    return (len(text) - wide) * _LETTER + wide * _WIDE_LETTER


def room(labels: Iterable[str], least: float) -> float:
    """Width of a column that holds the labels of all rows."""
    return min(_WIDEST, max([least, *(length(each) + 16.0 for each in labels)]))


def label(text: str, right: float, y: float) -> str:
    """The label of a row, whole, from the left edge to `right`."""
    squeezed = f' textLength="{number(right - 4)}" lengthAdjust="spacingAndGlyphs"' if length(text) > right - 4 else ""
    return f'<text class="row" x="{number(right)}" y="{number(y)}"{squeezed}>{escape(text)}</text>'


class TimeAxis:
    """From seconds to places, between two edges."""

    def __init__(self, begin: float, end: float, left: float, right: float) -> None:
        self.begin, self.end = begin, max(end, begin + 1e-9)
        self.left, self.right = left, right

    def at(self, instant: float) -> float:
        """The place of an instant."""
        return self.left + (instant - self.begin) / (self.end - self.begin) * (self.right - self.left)

    def marks(self, top: float, bottom: float) -> Iterator[str]:
        """Vertical lines with their times below, and what these are."""
        step = self._step()
        for count in range(math.floor((self.end - self.begin) / step) + 1):
            place, words = self.at(self.begin + count * step), _time(count * step, step)
            x = number(place)
            inside = number(min(place, WIDTH - length(words) / 2))  # the last one would reach over the edge
            yield f'<line class="grid" x1="{x}" x2="{x}" y1="{number(top)}" y2="{number(bottom)}"/>'
            yield f'<text class="tick" x="{inside}" y="{number(bottom + 14)}">{words}</text>'
        middle = number((self.left + self.right) / 2)
        yield f'<text class="tick" x="{middle}" y="{number(bottom + 31)}">time since the first graph was submitted</text>'

    def _step(self) -> float:
        scale = (self.right - self.left) / (self.end - self.begin)
        if (self.end - self.begin) < 5:
            return next(step for step in (0.001, 0.01, 0.1, 0.2, 0.5, 1.0) if step * scale >= _APART or step == 1.0)
        days = (_DAY * 2**power for power in range(1, 20))
        return next((step for step in (*_TICKS, *days) if step * scale >= _APART), float(_TICKS[-1]))


def _time(since: float, step: float) -> str:
    return f"{round(since * 1000)}ms" if 0 < step < 0.1 else seconds(since)
