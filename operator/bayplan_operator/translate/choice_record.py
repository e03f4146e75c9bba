"""The record of choices in a TaskGraph's status, one line each, and back.

intent 0 small 0.93 large=0.91,tiny=failed accuracy 0.93 after 4 runs, the best that is known
└task  │ └candidate └scores of the others  └why
       └round, 0 outside of rounds
intent 0 tiny failed - Error (exit code 3)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayplan.collaboration.choosing import Chosen
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1.task_graph_status import MAX_CHOICE
from bayplan_operator.translate.candidates import CandidatePods

FAILED = "failed"
_NOTHING = "-"
_OTHERS = 80
"""Bytes of the others' scores, so that room is left for the reason."""


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A candidate that was chosen, or has failed."""

    task: str
    round: int
    """From 1; 0: outside of rounds."""
    candidate: str
    score: str
    """`-`: a rule chose; `failed`: it has."""
    others: str
    """The scores of the others, as in `large=0.91,tiny=failed`; `-`: none."""
    why: str

    @property
    def failed(self) -> bool:
        """It has failed for good."""
        return self.score == FAILED

    @property
    def text(self) -> str:
        """At most 256 bytes."""
        return f"{self.task} {self.round} {self.candidate} {self.score} {self.others} {self.why}"


def chosen_line(task: str, round_: int, made: Chosen) -> ChoiceLine:
    """Of a choice that has a winner."""
    winner = made.winner or ""
    others = [f"{each.name}={_score(each.score) if not each.excluded else _excluded(each.excluded)}" for each in made.losers]
    why = made.why.removeprefix(f"{winner}: ")
    return _cut(ChoiceLine(task, round_, winner, _score(made.score), _listed(others), why))


def failed_line(task: str, round_: int, candidate: str, why: str) -> ChoiceLine:
    """Of a candidate that has failed for good."""
    return _cut(ChoiceLine(task, round_, candidate, FAILED, _NOTHING, why))


def read_choices(status: Mapping[str, Any]) -> Sequence[ChoiceLine]:
    """What was edited so that it cannot be read is left out."""
    lines = status.get("choices")
    return list(_read(lines)) if isinstance(lines, list) else []


def recorded_choices(graph: Graph, candidates: CandidatePods, status: Mapping[str, Any]) -> dict[int, int]:
    """By task, the position of the candidate that does it, or did."""
    found = {}
    for line in read_choices(status):
        task = graph.index.get(line.task, -1)
        names = [pod.name for pod in candidates.get(task, ())]
        if not line.failed and line.candidate in names:
            found[task] = names.index(line.candidate)
    return found


def _read(lines: Sequence[object]) -> Iterator[ChoiceLine]:
    for line in lines:
        parts = line.split(" ", 5) if isinstance(line, str) else []
        if len(parts) == 6 and parts[1].isdecimal() and len(parts[1]) <= 4:
            yield ChoiceLine(parts[0], int(parts[1]), *parts[2:])


def _score(score: float | None) -> str:
    return _NOTHING if score is None else f"{score:.4g}"


def _excluded(why: str) -> str:
    return FAILED if why.startswith("it failed") else "left-out"


def _listed(others: Sequence[str]) -> str:
    found = ",".join(others)
    while len(found) > _OTHERS:
        others = others[:-1]
        found = ",".join([*others, "..."])
    return found or _NOTHING


def _cut(line: ChoiceLine) -> ChoiceLine:
    """Its reason in one line, and no longer than there is room."""
    why = " ".join(line.why.split()) or _NOTHING
    room = MAX_CHOICE - len(line.text.encode()) + len(line.why.encode())
    if len(why.encode()) > room:
        why = why.encode()[: room - 3].decode(errors="ignore") + "..."
    return ChoiceLine(line.task, line.round, line.candidate, line.score, line.others, why)
