"""Small parts of drawings."""

import math
from collections.abc import Iterator
from html import escape

from bayplan_operator.views.units import seconds

WIDTH = 1000.0
"""Of all drawings, in their own units; the page scales them."""
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_DAY = 86400
_APART = 90.0
"""Least distance between two marks of an axis."""


def number(value: float) -> str:
    """As short as can be, to a tenth."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def drawing(kind: str, height: float, title: str, body: str, width: float = WIDTH) -> str:
    """An SVG with a name that screen readers say."""
    box = f"0 0 {number(width)} {number(height)}"
    return f'<svg class="{kind}" viewBox="{box}" role="img" aria-label="{escape(title)}">{body}</svg>'


class TimeAxis:
    """From seconds to places, between two edges."""

    def __init__(self, begin: float, end: float, left: float, right: float) -> None:
        self.begin, self.end = begin, max(end, begin + 1e-9)
        self.left, self.right = left, right

    def at(self, instant: float) -> float:
        """The place of an instant."""
        return self.left + (instant - self.begin) / (self.end - self.begin) * (self.right - self.left)

    def marks(self, top: float, bottom: float) -> Iterator[str]:
        """Vertical lines with their times below."""
        step = self._step()
        for count in range(math.floor((self.end - self.begin) / step) + 1):
            x = number(self.at(self.begin + count * step))
            yield f'<line class="grid" x1="{x}" x2="{x}" y1="{number(top)}" y2="{number(bottom)}"/>'
            yield f'<text class="tick" x="{x}" y="{number(bottom + 14)}">{seconds(count * step)}</text>'

    def _step(self) -> float:
        scale = (self.right - self.left) / (self.end - self.begin)
        if (self.end - self.begin) < 5:
            return next(step for step in (0.001, 0.01, 0.1, 0.2, 0.5, 1.0) if step * scale >= _APART or step == 1.0)
        days = (_DAY * 2**power for power in range(1, 20))
        return next((step for step in (*_TICKS, *days) if step * scale >= _APART), float(_TICKS[-1]))
