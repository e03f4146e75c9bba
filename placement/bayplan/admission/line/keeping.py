"""What is said of requests that find no place only because of promises ahead of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from bayplan.admission.line.asking import Asking
from bayplan.admission.line.too_large import too_large
from bayplan.admission.promises.promise import Promise
from bayplan.admission.promises.promises import Promises
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.quotas import Asker
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.strategy.wish import Wish

_DAY = 86_400.0
_FULL = (Reason.NO_CAPACITY, Reason.QUOTA_EXCEEDED, Reason.GANG_INCOMPLETE)


class Keeping:
    """Between the line and the words. Nothing is decided by it."""

    def __init__(self, cluster: Cluster, promises: Promises) -> None:
        self._cluster, self._promises = cluster, promises

    def said(self, wish: Wish, decision: Decision, asking: Asking, now: float) -> Decision:
        """What is said of a request that found no place."""
        large = too_large(wish, len(asking.unit), self._cluster)
        if large:
            return replace(decision, reason=Reason.QUOTA_EXCEEDED, message=large)
        promises = self._promises.ahead.charged
        if not promises or decision.reason not in _FULL or not self.keeps_out(list(asking.unit.values())):
            return decision
        return replace(decision, reason=Reason.RESERVED, message=words(promises, now))

    def keeps_out(self, unit: Sequence[Wish]) -> bool:
        """Whether there would be room for a unit if nothing were promised, as far as sums tell. O(rows)."""
        first, cluster, ahead = unit[0], self._cluster, self._promises.ahead
        request = first.request
        demand = cluster.demand(request.request_class)
        if demand.impossible:
            return False
        members = len(unit) if request.gang is None else request.gang.least(len(unit))
        total = [(column, members * amount) for column, amount in demand.pairs]
        asks = request.queue, total, Asker(request.graph, request.request_class)
        beside, on_nodes = cluster.quotas.short(*asks), ahead.on_nodes
        if not beside and not on_nodes:
            return False
        with ahead.quotas_lifted(cluster.quotas.limited(request.queue)):
            short = cluster.quotas.short(*asks)
        if any(map(cluster.quotas.everywhere, short)):
            return False
        rows = admission(cluster, request.request_class, first.strategy.node_selector).codes == 0
        if short:
            rows = rows & ~cluster.quotas.closed(short, cluster.rows)
        left = members
        for row, kept in on_nodes.items():
            if rows[row]:
                left -= self._room(row, demand.pairs, kept)
                if left <= 0:
                    return True
        if left == members and short == beside:
            return False  # what is kept would not help it
        others = rows.copy()
        others[list(on_nodes)] = False
        free = (cluster.allocatable[others] - cluster.used[others])[:, demand.columns]
        room = np.maximum(free // np.maximum(demand.amounts, 1), 0).min(axis=1, initial=members)
        return int(room.sum()) >= left

    def _room(self, row: int, pairs: Sequence[tuple[int, int]], kept: Mapping[int, int]) -> int:
        """How many would fit on a row where something is kept."""
        cluster = self._cluster
        free = (
            (cluster.allocatable.item(row, column) - cluster.used.item(row, column) + kept.get(column, 0)) // amount
            for column, amount in pairs
            if amount
        )
        return max(0, min(free, default=0))


def words(promises: Sequence[Promise], now: float) -> str:
    """Other namespaces are not named: requests are counted."""
    count, last = len(promises), max(each.at for each in promises)
    kept = f"there is room, and it is kept for {count} request{'s' if count > 1 else ''} ahead"
    if not math.isfinite(last):
        return f"{kept}; when that starts is not known"
    if last <= now:
        return f"{kept}, which may start at any moment"
    form = "%H:%M" if last - now < _DAY else "%Y-%m-%d %H:%M"
    return f"{kept} until {datetime.fromtimestamp(last, UTC).strftime(form)} UTC"
