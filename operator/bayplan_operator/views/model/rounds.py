"""The rounds of a graph of which some tasks repeat."""

import msgspec


class RoundView(msgspec.Struct, frozen=True, rename="camel"):
    """One round that is over."""

    number: int
    succeeded: int
    """How many shards of the tasks that repeat have succeeded in it."""
    taking_part: int
    """Of how many that took part."""
    seconds: float | None
    """From the first start to the last end; none: it is not known."""
    figure: float | None
    """The metric; none: there is none, or it is not known."""
    without: tuple[str, ...] | None
    """Shards without which it went on, such as local/2: they failed, were late, or took no part. Missing: the record has that
    of the last two rounds only."""


class RoundsView(msgspec.Struct, frozen=True, rename="camel"):
    """How far the rounds are."""

    number: int
    """The one that the tasks' states speak of, from 1."""
    max: int
    next: int | None
    """One that is decided and has not begun."""
    until: str
    """The condition that ends the rounds; empty: there is none."""
    metric: str
    """What is told of each round, such as evaluate.accuracy; empty: nothing is."""
    joint: dict[str, float]
    """What each term of the joint loss counts; empty: there is none."""
    over: str
    """Why there is no further round; empty: there may be."""
    without: tuple[str, ...]
    """Shards without which the round goes on, as it stands."""
    left_out: tuple[str, ...]
    """Shards that take no part in the next one."""
    history: tuple[RoundView, ...]
    """Of rounds that are over, the first one first."""
