"""Queues as text."""

from collections.abc import Sequence

from bayplan_operator.cli.text import graph, line
from bayplan_operator.cli.text.instants import instant
from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.queue import QueueLine, QueueView


def queues(lines: Sequence[QueueLine], screen: Screen) -> str:
    """A table of them; wide: also the pods that hold each, and when it was created."""
    if not lines:
        return "no Queues: every graph is of the queue default, which has no quotas"
    header, rows = ["NAME", "PARENT", "USED", "BORROWED", "PENDING", "READY", "AGE"], []
    header += ["SHARE", "ADMITTED", "CREATED"] if screen.wide else []
    for each in lines:
        more = [each.share or "", _number(each.admitted), instant(each.created)] if screen.wide else []
        numbers = [_number(each.pending), _ready(each), units.seconds(each.age)]
        rows.append([each.name, each.parent, each.usage, each.borrowed, *numbers, *more])
    return "\n".join(table(header, rows, screen))


def queue(view: QueueView, screen: Screen) -> str:
    """Everything about one."""
    parts = [_head(view, screen)]
    if view.rows:
        parts.append(_rows(view, screen))
    where = "" if view.looked_in is None else f" in the namespace {view.looked_in}"
    if any(each.line is not None for each in view.graphs):
        parts.append([screen.paint(f"The line, as far as you may list graphs{where}", "bold"), *_line(view, screen)])
    if view.graphs:
        graphs = graph.graphs(view.graphs, view.looked_in is None, screen)
        parts.append([screen.paint(f"Graphs that are not over{where}", "bold"), *graphs])
    else:
        parts.append([f"no graph of it is open{where}"])
    return "\n\n".join("\n".join(lines) for lines in parts)


def _head(view: QueueView, screen: Screen) -> list[str]:
    own = view.queue
    ready = "" if own.ready is None else ", ready" if own.ready else f", {screen.paint(f'not ready: {own.reason}', 'bad')}"
    lines = [f"{screen.paint(own.name, 'bold')}{ready}"]
    if view.why:
        lines.append(view.why)
    lines.append(f"namespaces {view.namespaces}; parent {own.parent or 'none'}; below it {', '.join(view.children) or 'none'}")
    if own.pending is not None:
        share = "" if own.share is None else f", its share is {own.share}"
        lines.append(f"{own.pending} shards wait, {own.admitted} pods hold it{share}")
    return lines


def _line(view: QueueView, screen: Screen) -> list[str]:
    """Positions count graphs of all queues and namespaces."""
    rows = [
        [str(place.position), f"{each.namespace}/{each.name}", line.points(place), line.start(place)]
        for each in view.graphs
        if (place := each.line) is not None
    ]
    return table(["POSITION", "GRAPH", "POINTS", "EXPECTED START"], rows, screen)


def _rows(view: QueueView, screen: Screen) -> list[str]:
    header = ["QUOTA", "NODES", "USED", "NOMINAL", "BORROWED", "BORROWING LIMIT", "LENDING LIMIT"]
    rows = [
        [
            each.resource, each.nodes or "all", each.used, each.nominal, each.borrowed,
            _limit(each.borrowing_limit), _limit(each.lending_limit),
        ]
        for each in view.rows
    ]  # fmt: skip
    if any(each.charged != "0" for each in view.rows):
        for line, charged in zip([header, *rows], ["CHARGED", *(each.charged for each in view.rows)], strict=True):
            line.insert(3, charged)
    return table(header, rows, screen)


def _ready(view: QueueLine) -> str:
    return "" if view.ready is None else "True" if view.ready else view.reason


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _limit(limit: str | None) -> str:
    return "none" if limit is None else limit
