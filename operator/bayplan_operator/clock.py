"""The clocks of the machine: nothing else of the operator reads them."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Handed to what needs to know the time, so that tests can move it by hand."""

    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds of a clock that is never set, for how long something took and when it may happen again."""
    thread: Callable[[], float] = time.thread_time
    """Seconds that the calling thread has computed."""


_SHORTEST = 1e-3

MACHINE = Clock()
"""The real ones."""


class Rest:
    """Between two pieces of work of one kind, so that all of them together take no more than a share of one core."""

    def __init__(self, clock: Clock, least: float, times: float) -> None:
        """At least so many seconds, and so many times as long as the piece of work before took."""
        self._clock, self._least, self._times = clock, least, times
        self.until = float("-inf")
        """When it is over, by the monotonic clock."""

    def after(self, took: float) -> None:
        """A piece of work has just ended that took so many seconds."""
        self.hold(max(self._least, self._times * took))

    def hold(self, seconds: float) -> None:
        """The next one begins no sooner than after so many seconds from now."""
        self.until = self._clock.monotonic() + seconds

    @property
    def wait(self) -> float:
        """Seconds until it is over; 0: it is. Else no less than what an instant since the epoch can tell apart."""
        left = self.until - self._clock.monotonic()
        return max(left, _SHORTEST) if left > 0.0 else 0.0

    @property
    def over(self) -> bool:
        """The next piece of work may begin."""
        return self._clock.monotonic() >= self.until
