"""What changed between two reports of one graph, one line each."""

from collections.abc import Iterator

from bayplan_operator.cli.text import attempts, rounds
from bayplan_operator.cli.text.graph import node_words, state_words
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import ENDED_EARLY, PodAttempt
from bayplan_operator.views.model.graph import LiveGraph
from bayplan_operator.views.model.task import LiveTask

_QUIET = ("Pending", "Skipped")


def changes(before: LiveGraph | None, after: LiveGraph) -> Iterator[str]:
    """Lines for tasks that are in another state than before, for attempts that have failed since, and for rounds."""
    at = units.seconds(after.makespan).rjust(7)
    if after.problem and (before is None or after.problem != before.problem):
        yield f"{at}  {after.problem}"
    known = {_identity(attempt) for attempt in before.attempts if _failed(attempt)} if before is not None else set()
    shards = {task.name: len(task.shards) for task in after.tasks}
    for attempt in after.attempts:
        if _failed(attempt) and _identity(attempt) not in known:
            yield f"{at}  {attempts.failed(attempt, shards)}"
    if after.rounds:
        known_rounds = len(before.rounds.history) if before is not None and before.rounds else 0
        for each in after.rounds.history[known_rounds:]:
            yield f"{at}  {rounds.over(each, after.rounds.metric)}"
        if after.rounds.over and not (before is not None and before.rounds and before.rounds.over):
            yield f"{at}  no further round: {after.rounds.over}"
    told = {task.name: _told(task) for task in before.tasks} if before is not None else {}
    for task in after.tasks:
        words = _told(task)
        if words and words != told.get(task.name):
            yield f"{at}  {task.name}: {words}   [{rounds.progress(after.progress)}]"


def _told(task: LiveTask) -> str:
    if task.skipped:
        return f"skipped ({task.skipped})"
    if task.state in _QUIET:
        return ""
    if task.state == "Ready":  # how the attempt before failed has a line of its own
        return f"waits ({task.waiting.partition(';')[0]})" if task.waiting else ""
    nodes = node_words(task)
    return state_words(task) + (f" on {nodes}" if nodes else "")


def _failed(attempt: PodAttempt) -> bool:
    return attempt.outcome in ENDED_EARLY


def _identity(attempt: PodAttempt) -> tuple[str, int, int, str | None]:
    return attempt.task, attempt.shard, attempt.number, attempt.node
