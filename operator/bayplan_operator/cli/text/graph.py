"""A report as text."""

from collections.abc import Iterator, Mapping, Sequence

from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.cli.text import attempts, choices, line, outlook, rounds
from bayplan_operator.cli.text.gantt import gantt
from bayplan_operator.cli.text.instants import ago, between, instant
from bayplan_operator.cli.text.table import Screen, brief, style_of, table
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import ENDED_EARLY, PodAttempt
from bayplan_operator.views.model.graph import GraphLine, LiveGraph
from bayplan_operator.views.model.node import LiveNode
from bayplan_operator.views.model.task import LiveTask, Result

_MOST_FAILURES = 20
_MOST_REPORTS = 20
_ROUNDS_REPORTED = 2


def graphs(lines: Sequence[GraphLine], with_namespace: bool, screen: Screen) -> list[str]:
    """A table of graphs."""
    rows = []
    for each in lines:
        times = (units.seconds(each.duration), units.seconds(each.age))
        more = (instant(each.created),) if screen.wide else ()
        waiting = each.waiting if screen.wide else brief(each.waiting)
        rows.append([each.namespace, each.name, each.status, each.progress, *times, *more, waiting])
    header = ["NAMESPACE", "NAME", "STATUS", "TASKS", "DURATION", "AGE", *(["CREATED"] if screen.wide else []), "WAITING"]
    first = 0 if with_namespace else 1
    return table(header[first:], [row[first:] for row in rows], screen, state=2 - first)


def full(report: LiveGraph, screen: Screen) -> str:
    """Everything."""
    parts = [_head(report, screen), _tasks(report, screen)]
    parts.append(_titled("Timeline", _timeline(report, screen), screen))
    parts.append(_titled("Share of each node that the graph's pods asked for, over its run", _nodes(report, screen), screen))
    parts.append(_titled("Rounds", rounds.rounds(report.rounds, screen) if report.rounds else [], screen))
    parts.append(_titled("Candidates", choices.choices(report.choices, screen) if report.choices else [], screen))
    parts.append(_titled("Results that the graph keeps", _results(report, screen), screen))
    parts.append(_titled("What the tasks report of themselves", _reports(report, screen), screen))
    parts.append(_titled("Retries and failures", _failures(report, screen), screen))
    parts.append(_makespan(report, screen))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def live(report: LiveGraph, screen: Screen) -> str:
    """What is redrawn while the graph runs."""
    parts = [_head(report, screen), _tasks(report, screen), _timeline(report, screen)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def state_words(task: LiveTask) -> str:
    """The state, with how many shards are in it."""
    return task.state if len(task.shards) == 1 else f"{task.state} {task.in_state}/{len(task.shards)}"


def node_words(task: LiveTask) -> str:
    """One or two nodes; of more, the first and how many others."""
    nodes = task.nodes
    return ", ".join(nodes) if len(nodes) <= 2 else f"{nodes[0]} +{len(nodes) - 1}"


def _head(report: LiveGraph, screen: Screen) -> list[str]:
    name = screen.paint(f"{report.namespace}/{report.name}", "bold")
    words = [screen.paint(report.status, style_of(report.status))]
    if report.progress:
        words.append(rounds.progress(report.progress))
    skipped = sum(bool(task.skipped) for task in report.tasks)
    if skipped:
        words.append(f"{skipped} skipped")
    if report.makespan is not None:
        words.append(units.seconds(report.makespan) + ("" if report.over else " so far"))
        if report.bound is not None and not report.over:
            words.append(f"at least {units.seconds(report.bound.remaining)} to go")
    words += _ahead(report)
    strategy = f", strategy {report.strategy}" if report.strategy else ""
    queue = f", queue {report.queue}" if report.queue not in ("", DEFAULT_QUEUE) else ""
    told = f"(policy {report.policy}{strategy}{queue}, priority {report.priority})"
    lines = [f"{name}   {' · '.join(words)}   {told}", *_times(report)]
    if report.problem:
        lines.append(screen.paint(report.problem, "bad"))
    if report.waiting:
        lines.append(screen.paint(report.waiting, "wait"))
    if report.line is not None:
        lines += [line.place(report.line), f"Expected start: {line.start(report.line)}"]
    if report.charged:
        lines.append(f"Charged to queue {report.queue} for all of the graph: {report.charged}")
    if report.outlook is not None:
        lines += outlook.live(report.outlook, over=report.over)
        if report.outlook.risk:
            lines.append(screen.paint(report.outlook.risk, "bad"))
    return lines


def _ahead(report: LiveGraph) -> Iterator[str]:
    """How far the expected end and the deadline are; the instants stand below."""
    if report.over or report.outlook is None or report.accepted_at is None or report.age is None:
        return
    for what, at in (("expected end", report.outlook.estimated), ("deadline", report.outlook.deadline)):
        if at is not None:
            yield f"{what} {ago(report.age - between(report.accepted_at, at))}"


def _times(report: LiveGraph) -> list[str]:
    if report.accepted_at is None or report.age is None or report.makespan is None:
        return []
    accepted = f"Accepted {instant(report.accepted_at)} ({ago(report.age)})"
    if not report.over:
        return [accepted]
    return [f"{accepted}, ended {instant(report.accepted_at, report.makespan)} ({ago(report.age - report.makespan)})"]


def _tasks(report: LiveGraph, screen: Screen) -> list[str]:
    if not report.tasks:
        return []
    rows = []
    for task in report.tasks:
        why = task.skipped or (task.waiting if task.waiting and task.state != "Running" else task.why)
        times = (units.seconds(task.start), units.seconds(task.duration))
        row = [task.name, state_words(task), node_words(task), str(task.retries or ""), *times]
        if screen.wide:
            started = "" if report.accepted_at is None or task.start is None else instant(report.accepted_at, task.start)
            rows.append([*row, started, why])
        else:
            rows.append([*row, brief(why)])
    header = ["TASK", "STATE", "NODE", "RETRIES", "START", "DURATION", *(["STARTED"] if screen.wide else []), "WHY"]
    return table(header, rows, screen, state=1)


def _timeline(report: LiveGraph, screen: Screen) -> list[str]:
    chart = gantt(report, screen)
    if not chart:
        return []
    legend = "█ runs (its height: how many of the shards)   ░ failed or lost   · waits"
    if any(task.critical for task in report.tasks):
        legend += "   ◆ critical path"
    return [*chart, screen.paint(legend, "dim")]


def _nodes(report: LiveGraph, screen: Screen) -> list[str]:
    if not report.nodes:
        return []
    rows = [_node(use) for use in report.nodes]
    lines = table(["NODE", "PODS", "CPU", "MEMORY", "GPU", "OVER TIME"], rows, screen)
    if report.other_nodes is None:
        lines.append("(shares are unknown: nodes may not be listed with these credentials)")
    elif report.other_nodes:
        lines.append(f"({units.count(report.other_nodes, 'other node')} not used)")
    return lines


def _node(use: LiveNode) -> list[str]:
    shares = [units.percent(share) for share in (use.cpu, use.memory, use.gpu)]
    timeline = units.bars(use.timeline).replace(" ", "·") if use.timeline else ""
    return [use.name, str(use.attempts), *shares, f"{use.resource} {timeline}" if timeline else "unknown"]


def _results(report: LiveGraph, screen: Screen) -> list[str]:
    """A line for each shard that said what the graph keeps."""
    lines = []
    for task in report.tasks:
        for number, shard in enumerate(task.shards):
            if shard.results:
                which = task.name + (f" shard {number}" if len(task.shards) > 1 else "")
                lines.append(f"{which}: {', '.join(f'{key} {_result(value)}' for key, value in shard.results.items())}")
    return (
        lines
        if len(lines) <= _MOST_REPORTS or screen.wide
        else [*lines[:_MOST_REPORTS], f"... and {len(lines) - _MOST_REPORTS} more"]
    )


def _result(value: Result) -> str:
    """As manifests write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value.split()) if isinstance(value, str) else f"{value:.6g}"


def _reports(report: LiveGraph, screen: Screen) -> list[str]:
    """Of tasks that repeat, what they said in the last two rounds; on a wide screen all."""
    shards = {task.name: len(task.shards) for task in report.tasks}
    said = [attempt for attempt in report.attempts if attempt.reported or attempt.ignored]
    older = sorted({attempt.round for attempt in said} - {0})[:-_ROUNDS_REPORTED]
    lines = [_report(attempt, shards) for attempt in said if screen.wide or attempt.round not in older]
    if screen.wide:
        return lines
    if len(lines) > _MOST_REPORTS:
        lines = [*lines[:_MOST_REPORTS], f"... and {len(lines) - _MOST_REPORTS} more"]
    return [f"({units.count(len(older), 'earlier round')} not shown: -o wide shows them)", *lines] if older else lines


def _report(attempt: PodAttempt, shards: Mapping[str, int]) -> str:
    words = ", ".join(f"{name} {value:g}" for name, value in attempt.reported.items())
    ignored = f"ignored: {attempt.ignored}" if attempt.ignored else ""
    return f"{attempts.which(attempt, shards)}: {'; '.join(part for part in (words, ignored) if part)}"


def _failures(report: LiveGraph, screen: Screen) -> list[str]:
    failed = [attempt for attempt in report.attempts if attempt.outcome in ENDED_EARLY]
    failures = sum(task.failures for task in report.tasks)
    if not failed and not failures and not report.retries:
        return []
    shards = {task.name: len(task.shards) for task in report.tasks}
    lines = [f"{units.count(failures, 'failure')}, {units.count(report.retries, 'retry')}"]
    for attempt in failed[:_MOST_FAILURES]:
        at = f" at {units.seconds(attempt.end)}" if attempt.end is not None else ""
        lines.append(attempts.failed(attempt, shards, at, screen.paint))
    if len(failed) > _MOST_FAILURES:
        lines.append(f"... and {len(failed) - _MOST_FAILURES} more")
    return lines


def _makespan(report: LiveGraph, screen: Screen) -> list[str]:
    if report.makespan is None or not report.tasks:
        return []
    took = f"Makespan: {units.seconds(report.makespan)}{'' if report.over else ' so far'}"
    bound = report.bound
    if bound is None:
        return [screen.paint(took, "bold")]
    over = f" ({report.makespan / bound.seconds:.2f} times that)" if report.over and bound.seconds else ""
    durations = "measured durations" if bound.measured else "measured and expected durations"
    where = "on these nodes, at median run times" if bound.on_these_nodes else "with unlimited nodes"
    return [
        screen.paint(f"{took}; lower bound {where}: {units.seconds(bound.seconds)}{over}", "bold"),
        f"Critical path, by {durations}: {' → '.join(bound.critical_path)}",
    ]


def _titled(title: str, lines: list[str], screen: Screen) -> list[str]:
    return [screen.paint(title, "bold"), *lines] if lines else []
