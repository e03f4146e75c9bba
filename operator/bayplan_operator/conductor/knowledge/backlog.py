"""Which profiles are to be written, and when: each only now and then, and few in all."""

import math
from collections.abc import Mapping

from bayplan_operator.conductor.knowledge.profile_status import Profile
from bayplan_operator.view.inbox import Key

_GATHER = 1.0
"""Seconds from the first news of a task to their being written."""
_ONCE = 60.0
"""The same of a task that has run but once, in a graph that names no family: most of these never run again, and when many come
at once, other writes are more urgent. The record of its graph has the run as well."""
_BATCH = 1.0
"""Seconds between two batches of writes: what is expected is worked out once for each."""
_SOON = 0.1
_LONGEST_WAIT = 300.0


class Backlog:
    """Profiles that have changed since they were last written."""

    def __init__(self, interval: float, per_second: float) -> None:
        """``interval``: seconds between two writes of one profile; ``per_second``: writes of all together."""
        self._interval = interval
        self._pause, self._at_once = max(_BATCH, 1.0 / per_second), max(1, int(per_second * _BATCH))
        self._since: dict[Key, float] = {}
        """To when the first news came that are not written."""
        self._last_batch = -math.inf
        self._soonest = math.inf
        """None of them is due before."""

    def __len__(self) -> int:
        return len(self._since)

    def add(self, key: Key, now: float, *, under_way: bool) -> None:
        """There is news of a profile; while a write of it is under way, they are for the next one."""
        self._since[key] = now if under_way else self._since.get(key, now)
        self._soonest = min(self._soonest, self._since[key] + _GATHER)

    def since(self, key: Key) -> float:
        """When the first of the news came."""
        return self._since[key]

    def written(self, key: Key, since: float) -> None:
        """What was news at ``since`` is written; what came later is not."""
        if self._since.get(key) == since:
            del self._since[key]

    def drop(self, key: Key) -> None:
        """Nothing of it is to be written any more."""
        self._since.pop(key, None)

    def batch(self, now: float) -> int:
        """How many writes may begin now."""
        if 0 <= now - self._last_batch < self._pause:
            return 0
        self._last_batch = now
        return self._at_once

    def due(self, known: Mapping[Key, Profile], now: float) -> list[Key]:
        """Those whose time has come, in the order of their news. O(backlog), to be asked once for each batch."""
        times = {key: self._due_at(key, known[key]) for key in self._since}
        self._soonest = min(times.values(), default=math.inf)
        return [key for key, at in times.items() if at <= now]

    def next(self, now: float, *, at_once: bool) -> float | None:
        """When the next batch is worth a look; ``at_once``: something waits for nothing else. O(1)."""
        due = now if at_once else self._soonest
        return None if math.isinf(due) else max(due, self._last_batch + self._pause, now + _SOON)

    def _due_at(self, key: Key, profile: Profile) -> float:
        pause = min(self._interval * 2.0 ** min(profile.tries, 10), max(self._interval, _LONGEST_WAIT))
        return max(self._since[key] + (_GATHER if profile.recurs else _ONCE), profile.written_at + pause)
