"""What the status of a TaskGraph says, as far as tests and demos read it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Status = Mapping[str, Any]
_ENTRY = re.compile(r"(?P<state>\w+)(?: (?P<attempts>\d+)/(?P<failures>\d+))?(?: (?P<node>[a-z][\w.-]*))?(?: .*)?")


@dataclass(frozen=True)
class Entry:
    """What a status line says about one shard."""

    state: str
    attempts: int
    failures: int
    node: str | None


@dataclass(frozen=True)
class EndedRound:
    """A line of the history of rounds. `figure`: of the metric, if there is one."""

    number: int
    succeeded: str
    seconds: float | None
    figure: float | None


def entries(status: Status, task: str) -> list[Entry]:
    """The line of a task, one entry per shard; empty before there is one."""
    for line in status.get("tasks", ()):
        found, _, rest = line.partition(" ")
        if found == task:
            return [_entry(text) for text in rest.split(" | ")]
    return []


def results(status: Status) -> dict[str, dict[str, Any]]:
    """What the graph keeps of the results of shards, by TASK/SHARD; only TASK where there is one shard."""
    found = {}
    for line in status.get("results", ()):
        name, _, text = line.partition(" ")
        found[name] = json.loads(text)
    return found


def history(status: Status) -> list[EndedRound]:
    """The rounds that are over."""
    return [_round(line) for line in status.get("rounds", {}).get("history", ())]


def choices(status: Status) -> dict[str, str]:
    """By task, the candidate that was chosen last."""
    found = {}
    for line in status.get("choices", ()):
        task, _, candidate, score, *_ = line.split(" ")
        if score != "failed":
            found[task] = candidate
    return found


def condition(status: Status, kind: str) -> dict[str, Any] | None:
    """A condition that is True."""
    found = (each for each in status.get("conditions", ()) if each["type"] == kind and each["status"] == "True")
    return next(found, None)


def _entry(text: str) -> Entry:
    match = _ENTRY.fullmatch(text)
    assert match is not None, f"no entry of a status line: {text!r}"
    return Entry(match["state"], int(match["attempts"] or 0), int(match["failures"] or 0), match["node"])


def _round(line: str) -> EndedRound:
    number, succeeded, *words = line.split(" ")
    seconds = next((float(word[:-1]) for word in words if word.endswith("s") and "=" not in word), None)
    figure = next((float(word.partition("=")[2]) for word in words if "=" in word), None)
    return EndedRound(int(number), succeeded, seconds, figure)
