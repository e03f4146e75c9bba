"""Units of one queue, in its order: sorted once, for orders that change with what else waits."""

from collections.abc import Hashable, Sequence

from bayplan.admission.line.places import Place, among_queues, keys_now, rest
from bayplan.admission.queue import Ageing
from bayplan.cluster.cluster import Cluster
from bayplan.strategy.assigning.size import sizes
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish

Unit = list[Wish]
"""A request, or a gang: what is passed on as one."""


def units_in_order(
    waiting: Sequence[tuple[int, Wish]], ageing: Ageing | None, cluster: Cluster, context: Context
) -> list[tuple[Place, Unit]]:
    """Each with its place among queues. `waiting`: when each joined, and the wish. O(n log n)."""
    orders = _orders([wish for _, wish in waiting], context)
    devices, shares = sizes([wish.request for _, wish in waiting], cluster)
    places: list[tuple[Place, int]] = []
    for at, (joined, wish) in enumerate(waiting):
        request = wish.request
        gained = 0.0 if ageing is None or request.since is None else ageing.points(context.now - request.since)
        size = (-float(devices[at]), -float(shares[at]))
        places.append(((-(request.priority + gained), rest(orders[at], request, size, joined)), at))
    units: list[tuple[Place, Unit]] = []
    gangs: dict[Hashable, Unit] = {}
    for _, at in sorted(places):
        joined, wish = waiting[at]
        gang = wish.request.gang
        if gang is not None and gang.id in gangs:
            gangs[gang.id].append(wish)
            continue
        units.append((among_queues(wish, joined), [wish]))
        if gang is not None:
            gangs[gang.id] = units[-1][1]
    return units


def _orders(wishes: Sequence[Wish], context: Context) -> list[Place]:
    """What each policy's order goes by."""
    groups: dict[int, list[int]] = {}
    for at, each in enumerate(wishes):
        groups.setdefault(id(each.strategy), []).append(at)
    found: list[Place] = [()] * len(wishes)
    for numbers in groups.values():
        keys = keys_now(wishes[numbers[0]].strategy, [wishes[at].request for at in numbers], context)
        for at, key in zip(numbers, keys, strict=True):
            found[at] = key
    return found
