"""Which requests of a batch share quota rows that the batch could exhaust."""

from collections.abc import Sequence

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import Request


def exhausting(requests: Sequence[Request], cluster: Cluster) -> set[int]:
    """Their numbers. O(requests x quota rows x depth).

    All requests are charged at once, each to every row that counts what it asks, wherever it goes: what is left after that
    is the least that can be left. A planner that knows of no quota may be asked about the others together. Those of graphs that
    are charged as a whole are always among them: they keep to certain rows.
    """
    quotas = cluster.quotas
    limited = [(n, quotas.limited(each.queue)) for n, each in enumerate(requests)]
    limited = [pair for pair in limited if pair[1] >= 0]
    if not limited:
        return set()
    charged: list[tuple[int, int, int, int]] = []
    try:
        for number, queue in limited:
            pairs = cluster.demand(requests[number].request_class).pairs
            for row, usage in enumerate(quotas.rows):
                amount = quotas.asked(row, pairs)
                if amount:
                    usage.charge(queue, amount)
                    charged.append((number, row, queue, amount))
        over = {(row, queue): quotas.rows[row].rest(queue) < 0 for _, row, queue, _ in charged}
    finally:
        for _, row, queue, amount in reversed(charged):
            quotas.rows[row].charge(queue, -amount)
    whole = {number for number, _ in limited if quotas.graphs.account(requests[number].graph) is not None}
    return whole | {number for number, row, queue, _ in charged if over[row, queue]}
