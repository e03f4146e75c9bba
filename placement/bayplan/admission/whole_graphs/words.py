"""Why a graph is not admitted as a whole, in a sentence."""

from collections.abc import Sequence

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


def never_fits(quotas: Quotas, graph: WholeGraph, ways: Sequence[GraphCharge]) -> str:
    """In a sentence, that its queue may never hold what it asks as a whole, were all else empty; empty: it may."""
    number = quotas.limited(graph.queue)
    if number < 0:
        return ""
    numbers = {each.limits.key: n for n, each in enumerate(quotas.rows)}
    found = []
    for way in ways:
        over = [(row, amount) for key, amount in way.rows if quotas.rows[row := numbers[key]].most(number) < amount]
        if not over:
            return ""
        found.append(over[0])
    return never_in_words(quotas, *found[0], graph.queue, " by the whole graph") if found else ""
