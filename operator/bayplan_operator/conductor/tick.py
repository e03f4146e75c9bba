"""What one tick does."""

from collections.abc import Callable, Sequence

from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Step, Tick


class Conductor:
    """Decides, tick by tick. Nothing here waits for the API server."""

    def __init__(self, graphs: Register, steps: Sequence[Step], clock: Clock, relisted: Callable[[], None]) -> None:
        """``steps``: what a tick consists of, in order; ``relisted``: called when all graphs and policies were just listed."""
        self.graphs = graphs
        self.kinds_listed = relisted
        self._steps, self._clock = steps, clock
        for each in steps:
            graphs.on_close(each.forget)

    def tick(self) -> float | None:
        """Bring everything one step forward; answers when the next tick is due by the clock, if at all."""
        tick = Tick(self._clock.now(), self.graphs)
        try:
            with metrics.TICK_SECONDS.time():
                for each in self._steps:
                    each.step(tick)
        except Exception:
            self.graphs.look_at_all()
            raise
        if self.graphs.any_due:
            return tick.now
        times = (self.graphs.attention.next_time, *(each.next_time(tick.now) for each in self._steps))
        return min((at for at in times if at is not None), default=None)
