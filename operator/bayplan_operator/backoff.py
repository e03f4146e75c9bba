"""How long to wait before something that failed is tried again."""

from bayplan_operator import metrics


class Backoff:
    """After each failure in a row twice as long as after the one before, up to a longest. Each is counted by a metric."""

    def __init__(self, what: str, first: float, longest: float) -> None:
        """``what`` is tried, for the metric; seconds after the first failure, and the most."""
        self._what, self._first, self._longest = what, first, longest
        self.wait = first
        """Seconds to wait after the next failure."""

    def failed(self) -> float:
        """It has failed once more; answers the seconds to wait now."""
        metrics.RETRIES.labels(self._what).inc()
        wait, self.wait = self.wait, min(2 * self.wait, self._longest)
        return wait

    def worked(self) -> None:
        """The row of failures is over."""
        self.wait = self._first
