"""One attempt as text."""

from collections.abc import Mapping

from bayplan_operator.cli.text.table import Paint, plain
from bayplan_operator.views.model.attempt import PodAttempt


def which(attempt: PodAttempt, shards: Mapping[str, int]) -> str:
    """The task, the shard where it has several, and the round; `shards`: how many each task has."""
    shard = f" shard {attempt.shard}" if shards[attempt.task] > 1 else ""
    return attempt.task + shard + (f" (round {attempt.round})" if attempt.round else "")


def failed(attempt: PodAttempt, shards: Mapping[str, int], at: str = "", paint: Paint = plain) -> str:
    """How it failed or was lost, on which node; `at`: when, if that is to be said."""
    node = f" on {attempt.node}" if attempt.node else ""
    word = paint(attempt.outcome.lower(), "bad")
    return f"{which(attempt, shards)}: attempt {attempt.number} {word}{node}{at}: {attempt.message or 'no message'}"
