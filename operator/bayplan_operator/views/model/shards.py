"""How many shards pay off for a task."""

import msgspec


class ShardChoice(msgspec.Struct, frozen=True, rename="camel"):
    """What a task takes with so many shards."""

    shards: int
    seconds: float
    """Until the last shard has ended."""
    node_seconds: float
    """Of all shards together: what it costs."""


class ShardAdvice(msgspec.Struct, frozen=True, rename="camel"):
    """How many shards pay off for a task."""

    task: str
    auto: bool
    """The number was decided by itself."""
    shards: int
    """It has."""
    advised: int
    work: float
    """Seconds of all shards together on a node of speed 1, start-up left aside."""
    startup: float
    serial: float
    """The share, 0 to 1, that every shard does in full."""
    places: int
    """How many shards can run at once on the nodes, each taken as empty."""
    choices: tuple[ShardChoice, ...]
    why: str
