"""What waits starts as early as it is said to, as often as it is said."""

from __future__ import annotations

import pytest

from bayplan.admission.queue import Queue
from bayplan.admission.tree import tree_of
from tests.unit.placement.admission.full_nodes import Cluster, gang, request


@pytest.mark.parametrize("reserve", [0, 1])
def test_ninety_percent_start_by_then_where_the_laws_are_right(reserve: int) -> None:
    kept, half, count = 0, 0, 0
    for seed in range(60):
        world = Cluster(2, tree_of([Queue("q", reserve=reserve)]), seed)
        if reserve:
            world.want(*gang("g", 16))
        world.want(*(request(n, at=float(n)) for n in range(12)))
        said = {each.unit.first.id: each for each in world.told()}
        really = world.starts()
        for id_ in [("g", 0)] if reserve else [0, 4, 11]:
            each = said[id_]
            assert each.p50 is not None
            assert each.p90 is not None
            assert each.reserved is bool(reserve)
            kept += really[id_] <= each.p90
            half += really[id_] <= each.p50
            count += 1
    assert 0.82 <= kept / count <= 0.98
    assert 0.35 <= half / count <= 0.75
