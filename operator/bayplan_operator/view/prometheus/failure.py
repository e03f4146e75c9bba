"""What can go wrong with a measurement, in one word for programs and one sentence for users."""

from typing import Literal

Reason = Literal[
    "NotConfigured", "Unreachable", "Timeout", "Certificate", "Unauthorized", "BadAnswer", "TooLong",
    "QueryRefused", "WrongShape", "NoData", "UnknownNodes", "BadValues", "Credentials", "Internal",
]  # fmt: skip

_OF_ONE_QUERY = frozenset({"QueryRefused", "WrongShape", "NoData", "UnknownNodes", "BadValues"})


class LoadError(Exception):
    """A poll, or one query of it, brought nothing."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason: Reason = reason

    @property
    def of_one_query(self) -> bool:
        """The other queries may still bring something."""
        return self.reason in _OF_ONE_QUERY
