"""Work beside the decisions: asked now, answered later."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of a piece of work."""

    seconds: float
    """That it took."""
    value: T | None
    error: Exception | None = None

    def answer(self) -> T:
        """The answer of the work. Raises what the work raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error it is what the work answered


class Background(Protocol):
    """Has one piece of work done at a time. The work must not touch what anything else changes: it goes by copies."""

    @property
    def busy(self) -> bool:
        """A piece of work is under way."""
        ...

    def begin(self, work: Callable[[], T], over: Callable[[Done[T]], None]) -> None:
        """Have it done; ``over`` is told between two decisions, and may begin the next. Raises ``RuntimeError`` if busy."""
        ...


class Inline:
    """Does it at once: for a world whose time stands still meanwhile, such as a simulation's."""

    busy = False

    def begin(self, work: Callable[[], T], over: Callable[[Done[T]], None]) -> None:
        """Do it, and tell ``over``."""
        try:
            value = work()
        except Exception as error:  # the caller hears of it
            over(Done(0.0, None, error))
        else:
            over(Done(0.0, value))
