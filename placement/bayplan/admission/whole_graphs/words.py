"""Why a graph is not admitted as a whole, in a sentence."""

from collections.abc import Sequence

import numpy as np

from bayplan.admission.whole_graphs.demand import GraphDemand
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.quotas import GraphCharge, Quotas
from bayplan.cluster.quotas.words import asked_in_words, never_in_words


def whole_in_words(quotas: Quotas, graph: WholeGraph, ways: Sequence[GraphCharge]) -> str:
    """One line such as `queue vision: nvidia.com/gpu: 6 of 8 used, 4 asked, 2 missing for the whole graph; held by ...`. Of
    several ways to choose its rows about the one that misses least, and of its rows about the one that misses most, in parts of
    what is asked."""
    number = quotas.limited(graph.queue)
    numbers = {each.limits.key: n for n, each in enumerate(quotas.rows)}
    held = quotas.graphs.held(graph.id)
    worst: list[tuple[float, int, int]] = []
    for way in ways:
        short = []
        for key, amount in way.rows:
            row = numbers[key]
            asked = max(0, amount - held.get(row, 0))
            missing = asked - quotas.rows[row].rest(number)
            if asked and missing > 0:
                never = quotas.rows[row].most(number) < amount
                short.append((missing / asked + (2 if never else 0), row, asked))
        if short:
            worst.append(max(short))
    if not worst:
        return f"queue {graph.queue}: the whole graph waits to be admitted"
    _, row, asked = min(worst)
    return asked_in_words(quotas, row, graph.queue, asked, (graph.namespace, " for the whole graph"))


def never_fits(quotas: Quotas, demand: GraphDemand, queue: str) -> str:
    """In a sentence, that a queue may never hold what a graph asks as a whole, were all else empty, whichever rows were chosen
    for it; empty: it may."""
    number = quotas.limited(queue)
    for row, usage in enumerate(quotas.rows):
        if number >= 0 and usage.limits.limited[number]:
            asked = demand.heaviest(demand.weights(usage.limits.key, None), np.zeros(len(demand.asks), bool)).weight
            if asked > usage.most(number):
                return never_in_words(quotas, row, asked, queue, " for the whole graph")
    return ""
