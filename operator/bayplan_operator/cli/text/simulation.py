"""A simulation as text."""

from collections import Counter

from bayplan_operator.cli.text import choices, line, outlook, queue_outcomes
from bayplan_operator.cli.text.table import Screen, brief, table
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import SimulatedAttempt
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.shards import ShardAdvice
from bayplan_operator.views.model.simulation import Simulation

_MOST_ROWS = 60
_MOST_NAMES = 12
_MOST_SWITCHES = 5


def plan(simulation: Simulation, screen: Screen) -> str:
    """What would happen: each attempt in the order in which it starts, then each graph."""
    critical = {(graph.name, task.name) for graph in simulation.graphs for task in graph.tasks if task.critical}
    several = len(simulation.graphs) > 1
    attempts = sorted(simulation.attempts, key=lambda each: (each.start is None, each.start or 0.0))
    rows = []
    for attempt in attempts[:_MOST_ROWS]:
        mark = "◆" if (attempt.graph, attempt.task) in critical else ""
        times = (_at(attempt.start), _at(attempt.end))
        why = attempt.why if attempt.node else f"{attempt.reason}: {attempt.why}"
        why = why if screen.wide else brief(why)
        rows.append([_name(attempt, several), mark, attempt.node or "-", *times, _waited(attempt), why])
    lines = table(["TASK", "", "NODE", "START", "END", "WAITED", "WHY"], rows, screen)
    if len(attempts) > _MOST_ROWS:
        lines.append(f"... and {len(attempts) - _MOST_ROWS} more; all of them: -o json")
    parts = ["\n".join(lines), *(_graph(graph, simulation, screen) for graph in simulation.graphs)]
    return "\n\n".join([*parts, *_shards(simulation, screen)])


def summary(simulation: Simulation, screen: Screen) -> str:
    """Of many graphs: one line each, then the figures."""
    rows = []
    for graph in simulation.graphs[:_MOST_ROWS]:
        bound = units.seconds(graph.lower_bound)
        rows.append(
            [graph.name, graph.status, _at(graph.submitted), units.seconds(graph.took), bound, _deadline(graph), graph.failure]
        )
    header = ["GRAPH", "STATUS", "SUBMITTED", "TOOK", "AT LEAST", "DEADLINE", "FAILURE"]
    if any(graph.strategy for graph in simulation.graphs):
        header.insert(2, "STRATEGY")
        for row, graph in zip(rows, simulation.graphs, strict=False):
            row.insert(2, graph.strategy)
    lines = table(header, rows, screen, state=1)
    if len(simulation.graphs) > _MOST_ROWS:
        lines.append(f"... and {len(simulation.graphs) - _MOST_ROWS} more; all of them: -o json")
    return "\n".join([*lines, "", *figures(simulation, screen)])


def figures(simulation: Simulation, screen: Screen) -> list[str]:
    """The figures, one line each."""
    found = simulation.figures
    makespan = "none, since not all graphs ended" if found.makespan is None else units.seconds(found.makespan)
    lines = [
        f"policy {simulation.policy}, seed {simulation.seed}: {units.count(found.graphs, 'graph')}, "
        f"{found.succeeded} succeeded; {units.count(found.attempts, 'attempt')}, {found.failed} failed, "
        f"{found.lost} lost with their nodes",
        screen.paint(f"Makespan: {makespan}; no schedule could beat {units.seconds(found.lower_bound)}", "bold"),
        f"Waiting: {units.seconds(found.waiting)} on average, 95 % at most {units.seconds(found.waiting_p95)}, "
        f"longest {units.seconds(found.waiting_longest)}",
    ]
    if simulation.waiting:
        reasons = ", ".join(f"{reason} {units.seconds(seconds)}" for reason, seconds in simulation.waiting.items())
        lines.append(f"All shards together waited for: {reasons}")
    shares = ", ".join(f"{resource} {units.percent(share)}" for resource, share in found.utilisation.items())
    lines.append(f"Utilisation: {shares or 'nothing was asked for'}")
    if found.deadlines:
        lines.append(f"Deadlines: {found.missed} of {found.deadlines} missed")
    if any(node.cost_per_hour for node in simulation.nodes):
        lines.append(f"Cost of the hours in which nodes had something to do: {found.cost:.2f}")
    lines += adaptive(simulation)
    lines += candidates(simulation)
    if found.unplaced:
        lines.append(screen.paint(f"{units.count(found.unplaced, 'shard')} never got a place", "bad"))
    if simulation.queues:
        lines += ["", *queue_outcomes.lines(simulation.queues, screen)]
    return lines


def adaptive(simulation: Simulation) -> list[str]:
    """How many graphs each candidate got, and when another was preferred."""
    chosen = Counter(graph.strategy for graph in simulation.graphs if graph.strategy)
    if not chosen:
        return []
    lines = [f"Graphs by strategy: {', '.join(f'{name} {count}' for name, count in chosen.most_common())}"]
    lines += [f"At {units.seconds(each.at)}: now {each.why}" for each in simulation.switches[-_MOST_SWITCHES:]]
    return lines


def candidates(simulation: Simulation) -> list[str]:
    """How often each candidate of a task was chosen, a line for each task; tasks of one name are counted together."""
    found: dict[str, Counter[str]] = {}
    for graph in simulation.graphs:
        for each in graph.choices or ():
            found.setdefault(each.task, Counter())[each.candidate] += 1
    return [
        f"Candidates of {task}: {', '.join(f'{name} {count}' for name, count in counts.most_common())}"
        for task, counts in list(found.items())[:_MOST_NAMES]
    ]


def _shards(simulation: Simulation, screen: Screen) -> list[str]:
    """Tasks with a decided number of shards; wide: also those that another number would suit better, largest gain first."""
    several = len(simulation.graphs) > 1
    found = [
        (graph, each)
        for graph in simulation.graphs
        for each in graph.shards
        if each.auto or (screen.wide and each.shards != each.advised)
    ]
    found.sort(key=lambda pair: (not pair[1].auto, -_gain(pair[1])))
    rows = []
    for graph, each in found[:_MOST_NAMES]:
        name = f"{graph.name.rpartition('/')[2]}/{each.task}" if several else each.task
        why = each.why if screen.wide else brief(each.why)
        rows.append([name, "Auto" if each.auto else str(each.shards), str(each.advised), why])
    if not rows:
        return []
    lines = table(["TASK", "SHARDS", "PAY OFF", "WHY"], rows, screen)
    if len(found) > _MOST_NAMES:
        lines.append(f"... and {len(found) - _MOST_NAMES} more; all of them: -o json")
    return ["\n".join(lines)]


def _gain(each: ShardAdvice) -> float:
    """Seconds that the advised number saves."""
    seconds = {choice.shards: choice.seconds for choice in each.choices}
    return seconds[each.shards] - seconds[each.advised]


def _graph(graph: SimulatedGraph, simulation: Simulation, screen: Screen) -> str:
    took, bound = graph.took, graph.lower_bound
    lines = [screen.paint(f"{graph.name}: {_verdict(graph)}", "bold")]
    if took is not None and graph.status == "Succeeded":
        rounds = f", in {units.count(graph.rounds, 'round')}" if graph.rounds else ""
        after = f" after {units.seconds(took)}{rounds}"
        lines[0] += f"{after}; no schedule on these nodes could take less than {units.seconds(bound)}"
    if graph.failure:
        lines.append(graph.failure)
    if graph.skipped:
        lines.append(f"Skipped: {', '.join(graph.skipped[:_MOST_NAMES])}{'…' if len(graph.skipped) > _MOST_NAMES else ''}")
    lines += _unplaced(graph, simulation)
    if graph.choices:
        lines += ["Candidates:", *choices.choices(graph.choices, screen)]
    path = graph.critical_path
    shown = path if len(path) <= _MOST_NAMES else (*path[: _MOST_NAMES // 2], "…", *path[-_MOST_NAMES // 2 :])
    lines.append(f"Critical path ({units.seconds(graph.critical_seconds)}): {' → '.join(shown)}")
    if graph.deadline is not None:
        lines.append(f"Deadline: {units.seconds(graph.deadline - graph.submitted)}; {_deadline(graph)}")
    if graph.line:
        lines.append(line.place(graph.line))
        if start := line.start(graph.line):
            lines.append(f"Expected start in this line: {start}")
    return "\n".join([*lines, *(outlook.planned(graph.outlook) if graph.outlook is not None else ())])


def _unplaced(graph: SimulatedGraph, simulation: Simulation) -> list[str]:
    """What never got a place, a line for each reason: the table has only its first words."""
    names: dict[str, list[str]] = {}
    for each in simulation.attempts:
        if each.graph == graph.name and each.node is None:
            names.setdefault(f"{each.reason}: {each.why}", []).append(_name(each, several=False))
    return [
        f"{first}{f' and {len(more)} more' if more else ''} would get no place: {why}"
        for why, (first, *more) in list(names.items())[:_MOST_NAMES]
    ]


def _verdict(graph: SimulatedGraph) -> str:
    return {"Succeeded": "would complete", "Failed": "would fail", "Unfinished": "would not complete"}[graph.status]


def _deadline(graph: SimulatedGraph) -> str:
    if graph.deadline is None:
        return ""
    if graph.ended is None:
        return "missed" if graph.missed else "open"
    spare = graph.deadline - graph.ended
    return (
        f"missed by {units.seconds(-spare)}"
        if spare < 0
        else "missed"
        if graph.missed
        else f"met, {units.seconds(spare)} spare"
    )


def _name(attempt: SimulatedAttempt, several: bool) -> str:
    name = f"{attempt.graph.rpartition('/')[2]}/{attempt.task}" if several else attempt.task
    return name + (f" [{attempt.shard}]" if attempt.shard else "") + _which(attempt)


def _which(attempt: SimulatedAttempt) -> str:
    """Of the attempts of a shard. They are counted over all rounds: only where one had to be repeated, that says more."""
    words = [attempt.candidate] if attempt.candidate else []
    words += [f"round {attempt.round}"] if attempt.round else []
    if attempt.number > max(attempt.round, 1):
        words.append(f"attempt {attempt.number}")
    return f" ({', '.join(words)})" if words else ""


def _waited(attempt: SimulatedAttempt) -> str:
    waited = (attempt.placed or 0.0) - attempt.wanted if attempt.placed is not None else 0.0
    return units.seconds(waited) if waited > 0 else ""


def _at(seconds: float | None) -> str:
    return "-" if seconds is None else units.seconds(seconds)
