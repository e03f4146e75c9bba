"""The page as a whole."""

from datetime import datetime
from html import escape
from importlib.resources import files

from bayplan_operator.cli.page import charts, tables
from bayplan_operator.cli.page.dag import dag
from bayplan_operator.cli.page.gantt import COLOURS, MOST_BARS, gantt
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.views import units
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.simulation import Origin, Simulation, Usage

_MOST_GRAPHS = 12
_MOST_SAID = 8
_MOST_NAMED = 3
# Nothing may be fetched, whatever stands in a name.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def html(simulation: Simulation, made: datetime) -> str:
    """One file. `made`: when."""
    title = f"Simulation of {_names(simulation)}"
    sections = [
        _section("figures", "Figures", tables.figures(simulation) + _adaptive(simulation) + _alerts(simulation)),
        _section("timeline", "Nodes over time", _legend(simulation) + _scroll(gantt(simulation), "Nodes over time")),
        *_graphs(simulation),
        _section("utilisation", "Utilisation over time", _usage(simulation)),
        _section("waiting", "Waiting by reason", f'<p class="note">Of all shards together.</p>{charts.waiting(simulation)}'),
        _section("tables", "Tables", _tables(simulation)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{_file('style.css')}</style></head><body>"
        f"<header><h1>{escape(title)}</h1>{_about_run(simulation, made)}"
        '<button type="button" id="theme" hidden>Light or dark</button></header>'
        f"<main>{''.join(sections)}</main><footer>Times are virtual.</footer>"
        f"<script>{_file('script.js')}</script></body></html>\n"
    )


def _names(simulation: Simulation) -> str:
    names = [graph.name for graph in simulation.graphs]
    return ", ".join(names) if len(names) <= _MOST_NAMED else f"{len(names)} graphs: {', '.join(names[:_MOST_NAMED])} …"


def _about_run(simulation: Simulation, made: datetime) -> str:
    """Where the figures come from: command, inputs, version, date."""
    origin = simulation.origin or Origin("unknown", ("unknown",), "unknown")
    found = simulation.figures
    ended = "not all of them ended" if found.makespan is None else f"makespan {units.seconds(found.makespan)}"
    lines = (
        ("Command", f"<code>{escape(origin.command)}</code>"),
        ("Inputs", escape(", ".join(origin.inputs))),
        ("Ran", escape(f"{units.count(found.graphs, 'graph')} on {units.count(len(simulation.nodes), 'node')}, "
                       f"policy {simulation.policy}, seed {simulation.seed}; {ended}")),
        ("Version", escape(f"Bayplan {origin.version}")),
        ("Date", f'<time datetime="{made.isoformat()}">{made:%Y-%m-%d %H:%M} {escape(made.tzname() or "")}</time>'),
    )  # fmt: skip
    return f'<dl class="run">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in lines)}</dl>'


def _section(name: str, title: str, body: str) -> str:
    return f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{escape(title)}</h2>{body}</section>'


def _scroll(body: str, name: str) -> str:
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">{body}</div>'


def _legend(simulation: Simulation) -> str:
    placed = sum(attempt.node is not None for attempt in simulation.attempts)
    keys = [("critical", "on the critical path"), ("failed", "failed"), ("lost", "lost or stopped")]
    parts = "".join(f'<li><span class="key {kind}"></span>{words}</li>' for kind, words in keys)
    several = "one colour per graph" + (f", each again after {COLOURS} graphs" if len(simulation.graphs) > COLOURS else "")
    colours = f"<li>{several}</li>" if len(simulation.graphs) > 1 else ""
    if placed > MOST_BARS:
        parts = '<li><span class="key failed"></span>failed</li><li>too many attempts to tell them apart</li>'
    return f'<ul class="legend">{parts}{colours}</ul>'


def _adaptive(simulation: Simulation) -> str:
    return "".join(f'<p class="note">{escape(each)}</p>' for each in text.adaptive(simulation))


def _alerts(simulation: Simulation) -> str:
    """What went wrong, in words."""
    said = [f"{graph.name} failed: {graph.failure}" for graph in simulation.graphs if graph.failure]
    for each in simulation.attempts:
        if each.outcome == "Waiting":
            said.append(f"{each.graph}: task {each.task} never got a place: {each.reason}: {each.why}")
    missed = [graph.name for graph in simulation.graphs if graph.missed]
    if missed:
        said.append(f"Deadline missed: {', '.join(missed[:_MOST_SAID])}{' …' if len(missed) > _MOST_SAID else ''}")
    shown = list(dict.fromkeys(said))
    more = [f"… and {len(shown) - _MOST_SAID} more"] if len(shown) > _MOST_SAID else []
    items = "".join(f"<li>{escape(each)}</li>" for each in [*shown[:_MOST_SAID], *more])
    return f'<ul class="alerts">{items}</ul>' if items else ""


def _graphs(simulation: Simulation) -> list[str]:
    """Those of several tasks, the largest first, each but the first folded."""
    several = sorted((graph for graph in simulation.graphs if len(graph.tasks) > 1), key=lambda graph: -len(graph.tasks))
    if not several:
        return []
    parts = [
        f"<details{' open' if number == 0 else ''}><summary>{escape(_about(graph))}</summary>"
        f"{_scroll(dag(graph), graph.name)}</details>"
        for number, graph in enumerate(several[:_MOST_GRAPHS])
    ]
    if len(several) > _MOST_GRAPHS:
        parts.append(f'<p class="none">… and {len(several) - _MOST_GRAPHS} more graphs.</p>')
    return [_section("graph", "Graph and critical path" if len(several) == 1 else "Graphs and critical paths", "".join(parts))]


def _about(graph: SimulatedGraph) -> str:
    return (
        f"{graph.name}: {units.count(len(graph.tasks), 'task')}, {graph.status.lower()}; critical path "
        f"{units.seconds(graph.critical_seconds)}, {units.count(len(graph.critical_path), 'task')}"
    )


def _usage(simulation: Simulation) -> str:
    if not simulation.usage:
        return '<p class="none">Nothing was asked for.</p>'
    return "".join(f"<h3>{escape(_used(simulation, each))}</h3>{charts.usage(simulation, each)}" for each in simulation.usage)


def _used(simulation: Simulation, usage: Usage) -> str:
    return f"{usage.resource}: {units.percent(simulation.figures.utilisation.get(usage.resource))} on average (dashed)"


def _tables(simulation: Simulation) -> str:
    parts = (
        ("Graphs", tables.graphs(simulation)),
        ("Queues", tables.queues(simulation)),
        ("Nodes", tables.nodes(simulation)),
        ("Candidates", tables.candidates(simulation)),
        ("Attempts", tables.attempts(simulation)),
    )
    return "".join(f"<details><summary>{title}</summary>{body}</details>" for title, body in parts if body)


def _file(name: str) -> str:
    return files("bayplan_operator.cli.page").joinpath(name).read_text(encoding="utf-8")
