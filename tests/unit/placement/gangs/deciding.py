"""What a decider says of drawn gangs, checked for what must hold whatever it says."""

from __future__ import annotations

from collections.abc import Sequence

from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.gangs.drawing import cluster_of, decider_for, members_of, near
from tests.unit.placement.gangs.reference import Amounts, Place

BEHIND = "behind"
"""A request for a core with less priority than the gang."""


def decided(places: Sequence[Place], members: Sequence[Amounts], preset: str, **gang: object) -> list[Decision]:
    """What a decider says of each member, and at last of a request behind them. The cluster is left as it was."""
    on = cluster_of(places)
    used = on.used.copy()
    behind = Request(BEHIND, RequestClass((("cpu", 1),)), priority=-5)
    requests = [*members_of(near(**gang), members), behind]  # type: ignore[arg-type]
    decider: Decider = decider_for(on, compile_preset(preset), *requests)
    outcome = decider.decide(0.0)
    assert (on.used == used).all()
    found = {each.request_id: each for each in (*outcome.placements, *outcome.waiting)}
    return [found[each.id] for each in requests]


def check(places: Sequence[Place], members: Sequence[Amounts], found: Sequence[Decision]) -> list[Place]:
    """Nothing is over-committed, and what the gang leaves the request behind it gets; the nodes that the gang was given."""
    by_name = {each.name: each for each in places}
    free = {each.name: list(each.free) for each in places}
    for asked, decision in zip([*members, (1, 0)], found, strict=True):
        assert (decision.node is None) == (decision.reason is not None)
        assert len(decision.message) < 256
        for kind, amount in enumerate(asked):
            free[decision.node or places[0].name][kind] -= amount if decision.node else 0
    assert all(min(each) >= 0 for each in free.values())
    assert found[-1].node is not None or not any(cpu for cpu, _ in free.values())
    return [by_name[each.node] for each in found[:-1] if each.node is not None]
