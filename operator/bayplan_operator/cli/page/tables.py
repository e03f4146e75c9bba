"""The figures, and what is drawn once more in words."""

from collections.abc import Iterable, Sequence
from html import escape

from bayplan_operator.cli.text import queue_outcomes
from bayplan_operator.views import units
from bayplan_operator.views.model.choice import LosingCandidate
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.simulation import Simulation

MOST_ROWS = 1_000


def figures(simulation: Simulation) -> str:
    """The figures in large."""
    found = simulation.figures
    cards = [
        ("makespan", "Makespan", found.makespan, units.seconds(found.makespan)),
        ("lowerBound", "Lower bound of the makespan", found.lower_bound, units.seconds(found.lower_bound)),
        ("completion", "Mean completion of a graph", found.completion, units.seconds(found.completion)),
        ("waiting", "Mean waiting", found.waiting, units.seconds(found.waiting)),
        ("waitingP95", "95th percentile of waiting", found.waiting_p95, units.seconds(found.waiting_p95)),
        ("waitingLongest", "Longest wait", found.waiting_longest, units.seconds(found.waiting_longest)),
        ("succeeded", "Graphs that succeeded", found.succeeded, f"{found.succeeded} of {found.graphs}"),
        ("attempts", "Attempts", found.attempts, str(found.attempts)),
        ("failed", "Failed attempts", found.failed, str(found.failed)),
        ("lost", "Attempts lost with their nodes", found.lost, str(found.lost)),
    ]
    cards += [
        (f"utilisation.{resource}", f"Use of {resource}", share, units.percent(share))
        for resource, share in found.utilisation.items()
    ]
    if found.deadlines:
        cards.append(("missed", "Deadlines missed", found.missed, f"{found.missed} of {found.deadlines}"))
    if found.unplaced:
        cards.append(("unplaced", "Shards without a place", found.unplaced, str(found.unplaced)))
    if any(node.cost_per_hour for node in simulation.nodes):
        cards.append(("cost", "Cost of busy nodes", found.cost, f"{found.cost:.2f}"))
    body = "".join(
        f'<div><dt>{escape(label)}</dt><dd data-figure="{escape(name)}" data-value="{value!r}">{escape(text) or "–"}</dd></div>'
        for name, label, value, text in cards
    )
    return f'<dl class="figures">{body}</dl>'


def graphs(simulation: Simulation) -> str:
    """One line per graph."""
    header: tuple[str, ...] = ("Graph", "Status", "Submitted", "Took", "At least", "Deadline", "Failure")
    rows: list[tuple[str, ...]] = [
        (
            graph.name, graph.status, units.seconds(graph.submitted), _took(graph), units.seconds(graph.lower_bound),
            _deadline(graph), graph.failure,
        )
        for graph in simulation.graphs
    ]  # fmt: skip
    if any(graph.strategy for graph in simulation.graphs):
        header = (*header, "Strategy")
        rows = [(*row, graph.strategy) for row, graph in zip(rows, simulation.graphs, strict=True)]
    return _table("graphs", header, rows)


def queues(simulation: Simulation) -> str:
    """One line per queue, if anything is known of them."""
    if not simulation.queues:
        return ""
    header = tuple(each.capitalize() for each in queue_outcomes.header(simulation.queues))
    return _table("queues", header, [tuple(queue_outcomes.row(each)) for each in simulation.queues.queues])


def attempts(simulation: Simulation) -> str:
    """One line per attempt."""
    header = ("Graph", "Task", "Shard", "Attempt", "Node", "Wanted (s)", "Placed (s)", "Start (s)", "End (s)", "Outcome", "Why")
    rows = (
        (
            each.graph, each.task, str(each.shard), str(each.number), each.node or "–", _at(each.wanted), _at(each.placed),
            _at(each.start), _at(each.end), each.outcome, f"{each.reason}: {each.why}" if each.reason else each.why,
        )
        for each in simulation.attempts
    )  # fmt: skip
    return _table("attempts", header, list(rows))


def candidates(simulation: Simulation) -> str:
    """One line per choice; empty: none was made."""
    rows = [
        (
            graph.name, each.task, str(each.round) if each.round else "–", each.candidate,
            "–" if each.score is None else f"{each.score:.4g}", ", ".join(map(_loser, each.losers)), each.why,
        )
        for graph in simulation.graphs
        for each in graph.choices or ()
    ]  # fmt: skip
    return _table("candidates", ("Graph", "Task", "Round", "Candidate", "Score", "Others", "Why"), rows) if rows else ""


def nodes(simulation: Simulation) -> str:
    """One line per node."""
    resources = list(simulation.figures.utilisation)
    header = ("Node", "Class", "Attempts", *(f"Use of {each}" for each in resources))
    rows = [
        (each.name, each.node_class, str(each.attempts), *(units.percent(each.utilisation.get(name)) for name in resources))
        for each in simulation.nodes
    ]
    return _table("nodes", header, rows)


def _table(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in header)
    body = "".join(_row(row) for row in rows[:MOST_ROWS])
    more = f'<p class="none">… and {len(rows) - MOST_ROWS:,} more, which the JSON has.</p>' if len(rows) > MOST_ROWS else ""
    return (
        f'<label class="filter" hidden>Filter <input type="search" data-table="{name}"></label>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table id="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def _row(cells: Iterable[str]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in others)}</tr>'


def _loser(loser: LosingCandidate) -> str:
    said = loser.left_out or ("" if loser.score is None else f"{loser.score:.4g}")
    return f"{loser.name} ({said})" if said else loser.name


def _took(graph: SimulatedGraph) -> str:
    return "–" if graph.took is None else units.seconds(graph.took)


def _deadline(graph: SimulatedGraph) -> str:
    if graph.deadline is None:
        return "–"
    return (
        f"{units.seconds(graph.deadline - graph.submitted)}, {'missed' if graph.missed else 'met' if graph.ended else 'open'}"
    )


def _at(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f}"
