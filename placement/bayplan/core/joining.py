"""Gangs of which a part was placed: the others wait to go beside it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from bayplan.model.decision import Decision
from bayplan.strategy.wish import Wish


def joining(placed: Sequence[tuple[Wish, Decision]], waits: Mapping[Hashable, Wish]) -> dict[Hashable, Wish]:
    """By id, those that wait of gangs of which others were placed, as they ask by now. O(waiting) where there are any."""
    nodes: dict[Hashable, tuple[str, ...]] = {}
    for wish, decision in placed:
        gang = wish.request.gang
        if gang is not None and decision.node is not None:
            nodes[gang.id] = (*nodes.get(gang.id, ()), decision.node)
    found: dict[Hashable, Wish] = {}
    for id_, wish in waits.items() if nodes else ():
        gang = wish.request.gang
        if gang is not None and gang.id in nodes:
            beside = replace(gang, beside=(*gang.beside, *nodes[gang.id]))
            found[id_] = replace(wish, request=replace(wish.request, gang=beside))
    return found
