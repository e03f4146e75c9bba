"""A graph's place in the line."""

import msgspec


class LineView(msgspec.Struct, frozen=True, rename="camel"):
    """As the operator has said it."""

    position: int
    """From 1, counted in graphs."""
    ahead: str
    """Who is ahead, in words."""
    priority: int
    age: str
    """Points gained by waiting."""
    share: str | None
    """Of its queue; `None`: shares are not compared."""
    p50: str | None
    """RFC 3339; `None`: not known."""
    p90: str | None
    reserved: bool
    """`p90` is what was promised."""
    unknown: str
    """Why its start is not known. Empty: it is."""
