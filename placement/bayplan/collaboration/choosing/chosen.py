"""A choice among candidates, with what the others came to and why."""

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_WHY = 255
"""Bytes of the reason: it is recorded as one line of a status."""


class ChoosingError(ValueError):
    """Candidates or a rule that cannot be used; the message is one sentence that names the field."""


@dataclass(frozen=True, slots=True)
class Beaten:
    """A candidate that was not chosen."""

    name: str
    score: float | None
    """In the unit of the winner's; `None`: it has none, since it was left out or a rule chose."""
    excluded: str = ""
    """Why it could not be chosen at all; empty: it could."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidate that does a subtask."""

    winner: str | None
    """`None`: no candidate may be chosen, and `why` says the reason."""
    score: float | None
    """By performance: the figure that was drawn; by auction: its bid; `None`: a rule chose, or nothing was."""
    losers: tuple[Beaten, ...]
    """In the order of the candidates."""
    why: str
    """One sentence of at most 255 bytes."""
    charged: float | None = None
    """By auction: the second-highest bid; `None`: there was no other bid, or it was no auction."""


def short(text: str) -> str:
    """The text, cut where it would take more than `LONGEST_WHY` bytes."""
    found = text.encode()
    if len(found) <= LONGEST_WHY:
        return text
    return found[: LONGEST_WHY - 3].decode(errors="ignore") + "..."


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
