"""What is wrong with how the tasks of a graph follow each other."""

from types import TracebackType

MOST = 10
"""Sentences that are told of a graph."""


class FlowError(ValueError):
    """The graph cannot run; each sentence names the field."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; and ".join(sentences))
        self.sentences = sentences


class Faults:
    """Gathers what is wrong in the blocks that it is the context of, so that all of it is told at once.

    What depends on a block in which something was wrong must be left out: it would be told a fault that is none.
    """

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def __enter__(self) -> None:
        """Begin a block."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, FlowError):
            return False
        self._found.update(dict.fromkeys(error.sentences))
        return True

    def told(self) -> None:
        """Raises `FlowError` if anything was wrong, with ten sentences at most."""
        if self._found:
            raise FlowError(*list(self._found)[:MOST])
