"""The shares of queues, in their statuses: they outlive the operator."""

from collections.abc import Callable, Mapping
from typing import Any

from bayplan.admission.shares import SharesState
from bayplan.admission.tree import QueueTree
from bayplan_operator.translate.share_record import FIELD, by_queue, same_course

ShareOf = Callable[[float], SharesState | None]
"""What queues have had until an instant, in seconds since the epoch; ``None``: shares are not compared."""


class Sharing:
    """What is to be written of the shares as they were last looked at."""

    def __init__(self, shares: ShareOf) -> None:
        self._shares = shares
        self._records: dict[str, dict[str, Any]] = {}
        self._said: Mapping[str, float] = {}
        self._tree: QueueTree | None = None
        self._half_life: dict[str, float] = {}
        self._nominal: dict[str, dict[str, float]] = {}
        self._stale: set[str] = set()
        """Queues whose records were made under other quotas."""

    def look(self, now: float, tree: QueueTree) -> None:
        """O(queues x measures), nothing where shares are not compared."""
        state = self._shares(now)
        self._records, self._said = ({}, {}) if state is None else (by_queue(state), state.shares)
        if tree is not self._tree:
            self._tree = tree
            self._half_life = {name: half_life for name in tree.queues if (half_life := tree.half_life_of(name)) is not None}
            self._nominal = tree.nominal()
            self._stale = set(self._records)

    def fields(self, name: str, status: Mapping[str, Any]) -> dict[str, Any] | None:
        """What has to be written of a queue, beside what stands in its status; ``None``: that still tells all. An idle queue
        is not written again: what it had decays by itself."""
        record, half_life = self._records.get(name), self._half_life.get(name)
        if record is None or half_life is None:
            return {FIELD: None, "share": None} if status.get(FIELD) is not None else None
        told = same_course(status.get(FIELD), record, half_life, self._nominal.get(name, {}))
        if told and name not in self._stale:
            return None
        self._stale.discard(name)
        return self.current(name)

    def current(self, name: str) -> dict[str, Any]:
        """The newest figures of a queue, to go with what is written anyway."""
        if name not in self._records or name not in self._half_life:
            return {}
        return {FIELD: self._records[name], "share": f"{self._said.get(name, 0.0):.3g}"}
