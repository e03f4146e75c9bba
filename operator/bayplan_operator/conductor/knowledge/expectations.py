"""When what was learned of run times counts: predictions are renewed beside the ticks, a slice at each."""

from collections.abc import Callable, Iterable

from bayplan.core.budget import seconds
from bayplan.knowledge.run_times import TaskRun
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan_operator import metrics
from bayplan_operator.clock import Clock

_PAUSES = 20.0
"""The rest after a renewal, in times that it took: all of them together take no more than a twentieth of one core."""
_SLICE = 0.02
"""Seconds that a renewal may take of one tick."""


class Renewal:
    """Renews expectations, so that no tick takes long."""

    def __init__(self, expectations: Expectations, clock: Clock) -> None:
        self._expectations, self._monotonic = expectations, clock.monotonic
        self._spent = 0.0

    def step(self, wanted: Callable[[], Iterable[TaskRun]]) -> bool:
        """Renew for a slice, if it is time; answers whether the renewal has just been completed."""
        due, began = self._expectations.due_at, self._monotonic()
        if not self._expectations.renewing:
            if due is None or began < due:
                return False
            self._spent = 0.0
        completed = self._expectations.renew(began, wanted, seconds(_SLICE, self._monotonic)())
        took = self._monotonic() - began
        self._spent += took
        metrics.EXPECTATION_SECONDS.observe(took)
        if completed:
            self._rest()
        return completed

    def followed(self, took: float) -> None:
        """The tick that followed a completed renewal took so many seconds: there may be far more graphs than predictions."""
        self._spent += took
        self._rest()

    def _rest(self) -> None:
        self._expectations.rest(self._monotonic() + _PAUSES * self._spent)

    @property
    def wait(self) -> float | None:
        """Seconds until `step` has something to do; none: nothing was learned since."""
        if self._expectations.renewing:
            return _SLICE
        due = self._expectations.due_at
        return None if due is None else max(_SLICE, due - self._monotonic())
