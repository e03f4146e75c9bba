"""Folders that other units left in the workspace: `TASK/ROUND/SHARD/ATTEMPT`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import TaskError


@dataclass(frozen=True, slots=True)
class Recorded:
    """Of one task: the round, and per shard the attempt whose success is recorded; 0: none."""

    round: int
    attempts: tuple[int, ...]
    rounds: tuple[int, ...] = ()
    """Per shard, the round that its work is of, where rounds are asynchronous; none: all of `round`."""


def parsed(variable: str, text: str) -> dict[str, Recorded]:
    """What `BAYPLAN_INPUTS` or `BAYPLAN_PREVIOUS` says, by task. Raises `TaskError`."""
    try:
        return {task: _recorded(each) for task, each in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise TaskError(
            f'{variable} is "{text[:80]}": it must be JSON such as {{"local": {{"round": 3, "attempts": [1, 0, 2]}}}}'
        ) from None


def weights(variable: str, text: str) -> dict[str, float]:
    """What `BAYPLAN_WEIGHTS` says, by subtask. Raises `TaskError`."""
    try:
        return {name: float(each) for name, each in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise TaskError(f'{variable} is "{text[:80]}": it must be JSON such as {{"intent": 0.4}}') from None


def folders(workspace: Path, task: str, recorded: Recorded) -> list[Path | None]:
    """One per shard; None where no attempt of the shard succeeded."""
    rounds = recorded.rounds or (recorded.round,) * len(recorded.attempts)
    return [
        workspace / task / str(round_) / str(shard) / str(attempt) if attempt else None
        for shard, (attempt, round_) in enumerate(zip(recorded.attempts, rounds, strict=True))
    ]


def found(workspace: Path, task: str, round_: int) -> Recorded | None:
    """What is in the workspace of a program that runs by hand: per shard the highest attempt. None: no such task ran."""
    for candidate in dict.fromkeys((round_, 0)):  # a task of this round, or one outside rounds
        of_round = workspace / task / str(candidate)
        shards = _numbers(of_round)
        if shards:
            attempts = (max(_numbers(of_round / str(shard)), default=0) for shard in range(max(shards) + 1))
            return Recorded(candidate, tuple(attempts))
    return None


def _recorded(value: Mapping[str, object]) -> Recorded:
    round_, attempts, rounds = value["round"], value["attempts"], value.get("rounds", [])
    if not (isinstance(round_, int) and isinstance(attempts, list) and isinstance(rounds, list)):
        raise TypeError
    if not all(isinstance(each, int) for each in (*attempts, *rounds)) or len(rounds) not in (0, len(attempts)):
        raise TypeError
    return Recorded(round_, tuple(attempts), tuple(rounds))


def _numbers(folder: Path) -> list[int]:
    return [int(each.name) for each in folder.iterdir() if each.name.isdecimal()] if folder.is_dir() else []
