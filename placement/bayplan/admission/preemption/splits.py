"""A unit on nodes of quota rows that count only some nodes: which of its members go there is decided beforehand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.model.constraints import Requirement, Term
from bayplan.model.workload import RequestClass
from bayplan.strategy.wish import Wish

Labels = tuple[tuple[str, str], ...]
_BETWEEN = 6
"""Of a large gang, so many ways to split it are tried, beside all of it here and all of it there."""


def splits(unit: Sequence[Wish], cluster: Cluster) -> Iterator[Sequence[Wish]]:
    """The unit; and where quota rows count some of its nodes and not others, the unit with some members on these alone and the
    rest elsewhere."""
    yield unit
    for labels in sorted({row.limits.key.node_selector for row in cluster.quotas.rows}):
        if labels and any(_partly(wish, labels, cluster) for wish in unit):
            for some in _counts(len(unit)):
                yield [_inside(wish, labels) if n < some else _outside(wish, labels) for n, wish in enumerate(unit)]


def _counts(members: int) -> list[int]:
    steps = range(1, members, max(1, members // _BETWEEN))
    return [members, 0, *steps]


def _partly(wish: Wish, labels: Labels, cluster: Cluster) -> bool:
    """Whether some of its nodes have the labels, and others have not."""
    rows = admission(cluster, wish.request.request_class, wish.strategy.node_selector).rows
    there = admission(cluster, _inside(wish, labels).request.request_class, wish.strategy.node_selector).rows
    return bool(there.any() and (rows & ~there).any())


def _inside(wish: Wish, labels: Labels) -> Wish:
    asked = wish.request.request_class
    return _asking(wish, replace(asked, node_selector=tuple(sorted({*asked.node_selector, *labels}))))


def _outside(wish: Wish, labels: Labels) -> Wish:
    """On nodes that lack any of the labels."""
    asked = wish.request.request_class
    lacks = [Requirement(key, "NotIn", (value,)) for key, value in labels]
    terms = asked.required or (Term(),)
    both = tuple(replace(term, expressions=(*term.expressions, lack)) for term in terms for lack in lacks)
    return _asking(wish, replace(asked, required=both))


def _asking(wish: Wish, asked: RequestClass) -> Wish:
    return replace(wish, request=replace(wish.request, request_class=asked))
