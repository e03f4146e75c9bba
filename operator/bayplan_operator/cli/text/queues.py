"""Queues as text."""

from collections.abc import Sequence

from bayplan_operator.cli.text import graph
from bayplan_operator.cli.text.instants import instant
from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.queue import QueueLine, QueueView


def queues(lines: Sequence[QueueLine], screen: Screen) -> str:
    """A table of them; wide: also the pods that hold each, and when it was created."""
    if not lines:
        return "no Queues: every graph is of the queue default, which has no quotas"
    header, rows = ["NAME", "PARENT", "USED", "BORROWED", "PENDING", "READY", "AGE"], []
    header += ["ADMITTED", "CREATED"] if screen.wide else []
    for line in lines:
        more = [_number(line.admitted), instant(line.created)] if screen.wide else []
        numbers = [_number(line.pending), _ready(line), units.seconds(line.age)]
        rows.append([line.name, line.parent, line.usage, line.borrowed, *numbers, *more])
    return "\n".join(table(header, rows, screen))


def queue(view: QueueView, screen: Screen) -> str:
    """Everything about one."""
    parts = [_head(view, screen)]
    if view.rows:
        parts.append(_rows(view, screen))
    where = "" if view.looked_in is None else f" in the namespace {view.looked_in}"
    if view.graphs:
        graphs = graph.graphs(view.graphs, view.looked_in is None, screen)
        parts.append([screen.paint(f"Graphs that are not over{where}", "bold"), *graphs])
    else:
        parts.append([f"no graph of it is open{where}"])
    return "\n\n".join("\n".join(lines) for lines in parts)


def _head(view: QueueView, screen: Screen) -> list[str]:
    line = view.queue
    ready = "" if line.ready is None else ", ready" if line.ready else f", {screen.paint(f'not ready: {line.reason}', 'bad')}"
    lines = [f"{screen.paint(line.name, 'bold')}{ready}"]
    if view.why:
        lines.append(view.why)
    lines.append(f"namespaces {view.namespaces}; parent {line.parent or 'none'}; below it {', '.join(view.children) or 'none'}")
    if line.pending is not None:
        lines.append(f"{line.pending} shards wait, {line.admitted} pods hold it")
    return lines


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


def _ready(line: QueueLine) -> str:
    return "" if line.ready is None else "True" if line.ready else line.reason


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _limit(limit: str | None) -> str:
    return "none" if limit is None else limit
