"""Pre-emption beside graphs that are charged as a whole, or are to be."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.admission.whole_graphs.demand import demand_of
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.quotas import GraphCharge
from bayplan.core.changes import Changes
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import RequestClass
from tests.unit.placement.admission.preemption.small_cluster import GPU, SmallCluster, two_queues


def whole(name: str, queue: str, gpus: int, charge: GraphCharge | None = None) -> Changes:
    """A graph of one pod."""
    demand = demand_of(Graph.build([Task("t")]), None, [[RequestClass((("gpu", gpus),))]])
    return Changes(graphs={name: WholeGraph(name, name, queue, "test", demand, np.zeros(1, bool), charge)})


@pytest.mark.parametrize("waits", [False, True])
def test_a_graph_that_waits_to_be_charged_evicts_nothing(waits: bool) -> None:
    on = SmallCluster(two_queues())
    on.runs("v", "b", 8)
    if waits:
        on.decider.update(whole("p", "a", 4))
    on.wants("p", "a", 4, graph="p")
    assert on.evicted(on.decide()) == (set() if waits else {"v"})


@pytest.mark.parametrize("charged", [False, True])
def test_what_is_charged_for_a_graph_is_not_taken_back_by_evicting_its_pods(charged: bool) -> None:
    on = SmallCluster(two_queues())
    if charged:
        on.decider.update(whole("v", "b", 8, GraphCharge("b", ((GPU, 8),))))
    on.runs("v", "b", 8)
    on.wants("p", "a", 4)
    assert on.evicted(on.decide()) == (set() if charged else {"v"})
