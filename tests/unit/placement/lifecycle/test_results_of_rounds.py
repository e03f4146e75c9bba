"""What conditions and fusions of asynchronous rounds look at."""

from __future__ import annotations

import numpy as np

from bayplan.lifecycle import Run, UnitState, values_of
from bayplan.model.graph import Graph, Task


def test_a_condition_looks_at_the_work_by_which_the_round_goes() -> None:
    graph = Graph.build([Task("local", shards=3), Task("aggregate", ("local",))])
    run = Run.fresh(graph.units)
    run.state[:3] = np.int8(UnitState.SUCCEEDED)
    run.results = {shard: {"loss": float(shard)} for shard in range(3)}
    assert values_of(graph, run, "local", "loss") == [0.0, 1.0, 2.0]
    run.taken = frozenset({0, 2})
    assert values_of(graph, run, "local", "loss") == [0.0, 2.0]
    assert values_of(graph, run, "aggregate", "loss") == []
