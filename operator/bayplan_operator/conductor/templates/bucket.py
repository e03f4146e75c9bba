"""How often something may be done."""

_MARGIN = 1e-3
"""Seconds: more than what is lost where instants since the epoch are added up."""


class TokenBucket:
    """Holds tokens up to a number, and gets new ones at a rate. Whatever is to be done takes one."""

    def __init__(self, rate: float, most: float) -> None:
        """``rate``: tokens per second; ``most``: how many it holds, which it does at first."""
        self._rate, self._most = rate, most
        self._tokens, self._at = most, float("-inf")

    def take(self, now: float) -> bool:
        """Take a token, if there is one. ``now`` in seconds."""
        self._fill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is a token; 0: there is one."""
        self._fill(now)
        return (1.0 - self._tokens) / self._rate + _MARGIN if self._tokens < 1.0 else 0.0

    def full(self, now: float) -> bool:
        """It holds all that it can."""
        self._fill(now)
        return self._tokens >= self._most

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
