"""Which candidate does a task."""

import msgspec


class LosingCandidate(msgspec.Struct, frozen=True, rename="camel"):
    """A candidate that was not chosen."""

    name: str
    score: float | None
    """What it came to, in the unit of the winner's; none: it has none, since a rule chose or it was left out."""
    left_out: str
    """Why it could not be chosen: that it has failed, and why, or that it was left out; empty: it could."""


class ChoiceView(msgspec.Struct, frozen=True, rename="camel"):
    """The choice of one task."""

    task: str
    round: int
    """In which round it was made, from 1; 0: outside of rounds."""
    candidate: str
    """The winner; empty: another one is to be chosen."""
    score: float | None
    """By performance the mean that was drawn for it, by auction its bid; none: a rule chose."""
    why: str
    losers: tuple[LosingCandidate, ...]
    """As far as the record names them."""
