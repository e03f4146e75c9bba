"""Gangs that are larger than what their queue may ever hold."""

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.quotas.limits import QuotaKey
from bayplan.strategy.wish import Wish

_LINE = 255
_NAME = 60


def too_large(wish: Wish, asked: int, cluster: Cluster) -> str:
    """In a sentence, of a gang of which so many ask for places; empty: it is not. O(rows + quota rows x depth)."""
    request, quotas = wish.request, cluster.quotas
    gang, queue = request.gang, quotas.limited(request.queue)
    if gang is None or queue < 0:
        return ""
    demand, members = cluster.demand(request.request_class), gang.least(asked)
    never = [number for number, row in enumerate(quotas.rows) if row.most(queue) < members * quotas.asked(number, demand.pairs)]
    if not never:
        return ""
    rows = admission(cluster, request.request_class, wish.strategy.node_selector).codes == 0
    for number in never:
        # Of several quotas on different nodes it may have a part of each.
        if quotas.everywhere(number) or not (rows & ~quotas.closed((number,), cluster.rows)).any():
            row = quotas.rows[number]
            each, most = quotas.asked(number, demand.pairs), row.most(queue)
            return in_words(gang.name, members, request.queue or "", (row.limits.key, members * each, most))
    return ""


def in_words(gang: str, members: int, queue: str, row: tuple[QuotaKey, int, int]) -> str:
    """`row`: which, what all members together ask of it, and the most that the queue may ever hold of it."""
    key, asked, most = row
    name = f"gang {_short(gang)}" if gang else "the gang"
    asks = f"{name} of {members} asks for {key.in_words(asked, up=True)} of {_short(str(key))} at once"
    return f"{asks}, and queue {_short(queue)} may never hold more than {key.in_words(most, up=False)}"[:_LINE]


def _short(text: str) -> str:
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"
