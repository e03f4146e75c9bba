"""The status of a graph."""

from typing import Any


class GraphStatus:
    """As the API server has it, and what it is to say next."""

    def __init__(self, status: dict[str, Any], version: int) -> None:
        """``status``: as it was found; ``version``: the resource version of the object then."""
        self.status = status
        """As we last wrote it, or found it."""
        self.conditions: list[dict[str, Any]] = [dict(condition) for condition in status.get("conditions") or ()]
        """Up to date, be they written or not."""
        self.seen_version = version
        """The newest resource version that is known."""
        self.version = 0
        """The resource version of our last write."""
        self.edits = 0
        """How often it was found to say something else than what we wrote."""
        self.next_at = 0.0
        """What can wait is not written before."""
        self.words_at = 0.0
        """Other words for the same are not written before."""
        self.in_turn = False
        """Its first status, which can wait, has its turn among those of other graphs."""
        self.essence: object = None
        """What the status was made of when it last had nothing new to say; ``None``: it is to be compared."""
        self.urgent: object = None
        """The part of that, at our last write, which should not wait for the interval."""
