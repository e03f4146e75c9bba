"""Gangs of graphs that are planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.foresight.graph_plans import Plan
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import Gang, GangTopology, NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.building import cluster
from tests.unit.placement.gangs.drawing import RACK
from tests.unit.placement.test_following_plans import NOW, nodes, planned, request

NOWHERE = Request("nowhere", RequestClass((("pods", 99),)), priority=5, gang=Gang("g"))


def decided(plan: Plan, on: Cluster, *requests: Request) -> dict[object, str | None]:
    found = place(requests, on, compile_preset("GraphPlan"), Context(now=NOW, plans={"g": plan}))
    return {each.request_id: each.node for each in found}


def test_what_a_gang_that_fails_would_have_begun_has_not_begun() -> None:
    """The fast node is lent to the short task until the one ahead begins, whose gang has no place for its other member."""
    graph = Graph.build([Task("ahead", duration=10), Task("long", duration=8), Task("short", duration=1.5)])
    on = nodes()
    made = planned(graph, on)
    slow, fast = (made.nodes.slot_node.tolist().index(made.nodes.number[name]) for name in ("slow-0", "fast-0"))
    slot, start, seconds = np.array([fast, slow, slow]), NOW + np.array([2.0, 0.0, 32.0]), np.array([10.0, 32.0, 6.0])
    plan = replace(made, slot=slot, node=made.nodes.slot_node[slot], start=start, finish=start + seconds, seconds=seconds)
    on.occupy("another's", "slow-0", {"pods": 1})
    ahead = replace(request(graph, 0), priority=5, gang=Gang("g"))
    assert decided(plan, on, ahead)[0] == "fast-0"
    assert decided(plan, on, ahead, NOWHERE, request(graph, 2)) == {0: None, "nowhere": None, 2: "fast-0"}


@pytest.mark.parametrize("required", [True, False])
def test_a_gang_is_in_one_domain_wherever_the_plan_has_it(required: bool) -> None:
    """The plan has both on fast nodes, which are in two racks, and keeps the slow ones for others."""
    racks = {"fast-0": "a", "fast-1": "b", "slow-0": "c", "slow-1": "c"}
    on = cluster(*(NodeInfo(name, {"pods": 1}, {RACK: rack}, node_class=name[:4]) for name, rack in racks.items()))
    graph = Graph.build(
        [Task("one", duration=10), Task("other", duration=10), Task("third", duration=3), Task("fourth", duration=3)]
    )
    plan = planned(graph, on)
    assert set(decided(plan, on, *(request(graph, unit) for unit in range(2))).values()) == {"fast-0", "fast-1"}
    gang = Gang("g", topology=GangTopology(RACK, required))
    found = decided(plan, on, *(replace(request(graph, unit), gang=gang) for unit in range(2)))
    assert set(found.values()) == {"slow-0", "slow-1"}
