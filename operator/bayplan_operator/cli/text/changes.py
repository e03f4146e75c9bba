"""What changed between two reports of one graph, one line each."""

from collections.abc import Iterator

from bayplan_operator.cli.text.graph import node_words, state_words
from bayplan_operator.views import units
from bayplan_operator.views.graphs.model import FAILED, LOST, GraphReport, Task

_QUIET = ("Pending", "Skipped")


def changes(before: GraphReport | None, after: GraphReport) -> Iterator[str]:
    """Lines for tasks that are in another state than before, and for attempts that have failed since."""
    at = units.seconds(after.makespan).rjust(7)
    if after.problem and (before is None or after.problem != before.problem):
        yield f"{at}  {after.problem}"
    known = {attempt[:4] for attempt in _failed(before)} if before is not None else set()
    shards = {task.name: len(task.shards) for task in after.tasks}
    for name, shard, number, node, outcome, message in _failed(after):
        if (name, shard, number, node) not in known:
            which = f"{name} shard {shard}" if shards[name] > 1 else name
            yield f"{at}  {which}: attempt {number} {outcome.lower()} on {node}: {message or 'no message'}"
    told = {task.name: _told(task) for task in before.tasks} if before is not None else {}
    for task in after.tasks:
        words = _told(task)
        if words and words != told.get(task.name):
            yield f"{at}  {task.name}: {words}   [{after.progress} tasks]"


def _told(task: Task) -> str:
    if task.state in _QUIET:
        return ""
    if task.state == "Ready":  # how the attempt before failed has a line of its own
        return f"waits ({task.waiting.partition(';')[0]})" if task.waiting else ""
    nodes = node_words(task)
    return state_words(task) + (f" on {nodes}" if nodes else "")


def _failed(report: GraphReport) -> list[tuple[str, int, int, str, str, str]]:
    return [
        (attempt.task, attempt.shard, attempt.number, attempt.node, attempt.outcome, attempt.message)
        for attempt in report.attempts
        if attempt.outcome in (FAILED, LOST)
    ]
