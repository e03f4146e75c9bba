"""A graph's place in the line, from its status."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.views.model.line import LineView


def read(status: Mapping[str, Any]) -> LineView | None:
    """`None`: nothing of it waits, or nothing was said of it yet."""
    position = status.get("position")
    if not isinstance(position, int):
        return None
    points, start = status.get("points") or {}, status.get("expectedStart") or {}
    return LineView(
        position=position,
        ahead=status.get("ahead") or "",
        priority=points.get("priority") or 0,
        age=points.get("age") or "0",
        share=points.get("share"),
        p50=start.get("p50"),
        p90=start.get("p90"),
        reserved=start.get("basis") == "Reservation",
        unknown=start.get("unknown") or "",
    )
