"""What follows plans: the order, the scorer, the planner with its reservations; and when a plan is left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.foresight.graph_plans import Plan, Progress, Situation, make_plan, slots, still_needs, usable, why_remake
from bayplan.foresight.graph_plans.reservations import until
from bayplan.model.decision import Decision
from bayplan.model.graph import Graph, Task
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.upward_rank import upward_rank
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import FeasiblePlaces
from bayplan.strategy.scoring.earliest_finish import EarliestFinish
from tests.unit.placement.building import cluster
from tests.unit.placement.plan_checks import graphs

ASKED = RequestClass((("pods", 1),))
SPEEDS = {"slow": 0.25, "fast": 1.0}
NOW = 1000.0
BANDWIDTH = 10.0


def nodes(slow: int = 1, fast: int = 1) -> Cluster:
    """One task at a time each."""
    made = [
        NodeInfo(f"{kind}-{n}", {"pods": 1}, node_class=kind)
        for kind, count in (("slow", slow), ("fast", fast))
        for n in range(count)
    ]
    return cluster(*made)


def planned(graph: Graph, on: Cluster, data: float = 0.0, done: dict[int, int] | None = None) -> Plan:
    """Of a graph of which some units are done, on the nodes given."""
    found = slots(on, {ASKED: graph.units}, graph.units)
    base = np.array([task.duration for task in graph.tasks])
    seconds = base[:, None] / np.array([SPEEDS[each] for each in found.classes])
    moved, left = np.full(len(graph.parents.indices), data), np.full(graph.units, np.nan)
    over, where = np.zeros(graph.units, bool), np.full(graph.units, -1)
    for unit, node in (done or {}).items():
        over[unit], where[unit] = True, node
    return make_plan(Situation(graph, seconds, moved, BANDWIDTH, found, NOW, over, where, left))


def request(graph: Graph, unit: int) -> Request:
    task = graph.tasks[graph.unit_task[unit]]
    return Request(
        unit, ASKED, critical_path=1.0, arrival=(0,), task=f"g/{task.name}", duration=task.duration, graph="g", unit=unit
    )


def decide(
    plan: Plan | None,
    on: Cluster,
    units: list[int],
    graph: Graph,
    now: float = NOW,
    preset: str = "GraphPlan",
    rejected: Sequence[str] = (),
) -> list[Decision]:
    context = Context(now=now, plans=None if plan is None else {"g": plan}, rejected={ASKED: frozenset(rejected)})
    return place([request(graph, unit) for unit in units], on, compile_preset(preset), context)


CHAIN = Graph.build([Task("a", duration=10), Task("b", ("a",), duration=10), Task("side", duration=3)])


def test_who_has_the_longest_way_to_go_by_the_plan_goes_first() -> None:
    plan = planned(CHAIN, nodes())
    keys = upward_rank(
        [request(CHAIN, 0), request(CHAIN, 2), Request("other", ASKED, critical_path=7.0)], Context(plans={"g": plan})
    )
    assert keys.tolist() == [-plan.rank[0], -plan.rank[2], -7.0]
    assert upward_rank([request(CHAIN, 0)], Context()).tolist() == [-1.0]


def scores(plan: Plan, on: Cluster, unit: int) -> dict[str, float]:
    rows = np.arange(on.rows)
    found = EarliestFinish()(
        request(plan.situation.graph, unit), on, FeasiblePlaces(rows, np.full(on.rows, -1)), Context(plans={"g": plan})
    )
    assert ((found >= 0) & (found <= 1)).all()
    return dict(zip(on.names, found.tolist(), strict=True))


def test_the_node_on_which_it_ends_first_scores_best_unless_the_plan_keeps_it_for_others() -> None:
    on = nodes()
    plan = planned(CHAIN, on)
    assert scores(plan, on, 0)["fast-0"] == 1.0
    assert scores(plan, on, 0)["fast-0"] > scores(plan, on, 0)["slow-0"]
    assert scores(plan, on, 2)["slow-0"] > scores(plan, on, 2)["fast-0"], (
        "what is beside the critical path leaves the fast node"
    )


def test_bytes_that_lie_on_a_node_count() -> None:
    on = nodes(slow=0, fast=3)
    graph = Graph.build([Task("a", duration=10), Task("b", ("a",), duration=10)])
    there = planned(graph, on, data=1000.0, done={0: 1})
    assert scores(there, on, 1)["fast-1"] == 1.0
    assert scores(there, on, 1)["fast-0"] == pytest.approx(10 / 110 / 2 + 0.5)


def test_scores_are_kept_only_while_plan_and_inputs_are_the_same() -> None:
    on = nodes(slow=0, fast=2)
    graph = Graph.build([Task("a", duration=10), Task("b", ("a",), duration=10)])
    plan = planned(graph, on, data=1000.0)
    asked = request(graph, 1)

    def key(plan: Plan | None) -> object:
        return EarliestFinish().depends_on(asked, Context(plans={} if plan is None else {"g": plan}))

    moved = Progress(np.array([True, False]), np.array([1, -1]), np.array([True, False]), np.array([NOW + 1, np.nan]))
    assert key(plan) == key(plan.followed(plan.progress))
    assert key(plan) != key(plan.followed(moved))
    assert key(plan) != key(planned(graph, on, data=1000.0))
    assert key(None) is None


def test_without_a_plan_all_places_are_alike_and_the_planner_places_at_once() -> None:
    on = nodes()
    (decision,) = decide(None, on, [0], CHAIN)
    assert decision.node in ("fast-0", "slow-0")
    assert decision.message.startswith("not planned")


def test_tasks_go_where_they_are_planned() -> None:
    on = nodes()
    first, side = decide(planned(CHAIN, on), on, [0, 2], CHAIN)
    assert (first.node, side.node) == ("fast-0", "slow-0")
    assert first.message == "as planned; takes 10 s"


def two_long() -> tuple[Graph, Cluster]:
    """The slow node would take four times as long: both belong on the fast one, one after the other."""
    return Graph.build([Task("a", duration=10), Task("b", duration=10)]), nodes()


def test_a_task_waits_for_the_fast_node_rather_than_end_far_later() -> None:
    graph, on = two_long()
    plan = planned(graph, on)
    one, other = decide(plan, on, [0, 1], graph)
    assert sorted([one.node or "", other.node or ""]) == ["", "fast-0"]
    waits = one if one.node is None else other
    assert waits.reason is Reason.RESERVED
    assert waits.message == "waits for fast-0, planned in 10 s: where there is room now it would end 20 s later"


def test_what_its_planned_node_has_refused_does_not_wait_for_it() -> None:
    graph = Graph.build([Task("a", duration=10)])
    on = nodes()
    plan = planned(graph, on)
    (found,) = decide(plan, on, [0], graph, rejected=["fast-0"])
    assert found.node == "slow-0"
    assert found.message == "fast-0, where it was planned, has refused or evicted it lately; takes 40 s"


def test_what_its_planned_node_has_refused_leaves_the_others_what_the_plan_keeps_for_them() -> None:
    graph = Graph.build([Task("a", duration=10), Task("b", duration=2)])
    on = nodes()
    plan = planned(graph, on)
    assert [plan.nodes.names[node] for node in plan.node.tolist()] == ["fast-0", "slow-0"]
    (found,) = decide(plan, on, [0], graph, rejected=["fast-0"])
    assert (found.node, found.reason) == (None, Reason.RESERVED)
    assert found.message == (
        "fast-0, where it was planned, has refused or evicted it lately: what is free elsewhere is kept for other tasks "
        "of its graph"
    )
    (found,) = decide(plan, on, [0], graph, rejected=["fast-0"], now=until(plan, 0))
    assert found.node == "slow-0", "not for ever"


def test_where_every_node_has_refused_it_nothing_is_reserved() -> None:
    graph = Graph.build([Task("a", duration=10), Task("b", duration=2)])
    on = nodes()
    (found,) = decide(planned(graph, on), on, [0], graph, rejected=["fast-0", "slow-0"])
    assert found.reason is Reason.NO_CAPACITY
    assert found.message == "0/2 nodes: 2 have refused or evicted such a pod lately"


def test_the_wait_is_bounded_even_if_the_plan_is_never_made_again() -> None:
    graph, on = two_long()
    plan = planned(graph, on)
    late = int(np.argmax(plan.start))
    on.occupy("another's", "fast-0", {"pods": 1})
    assert decide(plan, on, [late], graph, NOW)[0].reason is Reason.RESERVED
    end = until(plan, late)
    assert end == NOW + 20.0
    assert decide(plan, on, [late], graph, end - 0.1)[0].node is None
    assert decide(plan, on, [late], graph, end)[0].node == "slow-0"


def test_a_place_that_is_kept_for_a_task_ahead_is_lent_only_to_who_ends_before() -> None:
    graph = Graph.build([Task("ahead", duration=10), Task("long", duration=8), Task("short", duration=1.5)])
    on = nodes()
    made = planned(graph, on)
    slow, fast = (made.nodes.slot_node.tolist().index(made.nodes.number[name]) for name in ("slow-0", "fast-0"))
    slot = np.array([fast, slow, slow])
    start = NOW + np.array([2.0, 0.0, 32.0])
    seconds = np.array([10.0, 32.0, 6.0])
    plan = replace(made, slot=slot, node=made.nodes.slot_node[slot], start=start, finish=start + seconds, seconds=seconds)
    on.occupy("another's", "slow-0", {"pods": 1})
    (long,) = decide(plan, on, [1], graph)
    assert long.reason is Reason.RESERVED
    assert long.message == "waits for slow-0, planned in 0 s: what is free is kept for other tasks of its graph"
    (short,) = decide(plan, on, [2], graph)
    assert (short.node, short.message) == ("fast-0", "in place of slow-0, as planned; takes 2 s")


def test_auto_says_that_it_goes_by_plan() -> None:
    on = nodes()
    first, side = decide(planned(CHAIN, on), on, [0, 2], CHAIN, preset="Auto")
    assert (first.node, side.node) == ("fast-0", "slow-0")
    assert first.message == "auto: a planned graph, as planned by upward rank; as planned; takes 10 s"


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), slow=st.integers(0, 2), fast=st.integers(1, 2), late=st.sampled_from([0.0, 5.0, 1e6]))
def test_nothing_is_overcommitted_and_nobody_waits_for_ever(graph: Graph, slow: int, fast: int, late: float) -> None:
    on = nodes(slow, fast)
    plan = planned(graph, on)
    ready = [unit for unit in range(graph.units) if not len(graph.parents.of(graph.unit_task[unit]))]
    decisions = decide(plan, on, ready, graph, NOW + late)
    used = [each.node for each in decisions if each.node is not None]
    assert len(used) == len(set(used))
    if late == 1e6:
        assert len(used) == min(len(ready), slow + fast), "every reservation has ended"
    assert used, "who is planned first goes at once"


def progress(plan: Plan, **ends: float) -> Progress:
    """Units of the tasks named have ended so many seconds after the plan was made, on their nodes."""
    graph = plan.situation.graph
    done, ended = np.zeros(graph.units, bool), np.full(graph.units, np.nan)
    for name, at in ends.items():
        unit = graph.unit_start[graph.index[name]]
        done[unit], ended[unit] = True, NOW + at
    return Progress(done, np.where(done, plan.node, -1), done, ended)


def test_a_plan_holds_as_long_as_reality_is_near_it() -> None:
    on = nodes()
    plan = planned(CHAIN, on)
    assert why_remake(plan, progress(plan), usable(on), NOW) == ""
    assert why_remake(plan, progress(plan, a=11.0, side=12.0), usable(on), NOW + 12) == ""
    assert why_remake(plan, progress(plan, a=14.0, side=12.0), usable(on), NOW + 14) == "a is 4 s late"
    assert why_remake(plan, progress(plan, a=6.0, side=12.0), usable(on), NOW + 12) == "a is 4 s early"
    assert why_remake(plan, progress(plan), usable(on), NOW + 30) == "a is 30 s late", "it should have begun"


def test_a_unit_that_runs_too_long_leaves_the_plan_behind() -> None:
    on = nodes()
    plan = planned(CHAIN, on)
    begun = replace(progress(plan), begun=np.array([True, False, True]), place=np.array([plan.node[0], -1, plan.node[2]]))
    assert why_remake(plan, begun, usable(on), NOW + 11) == ""
    assert why_remake(plan, begun, usable(on), NOW + 13) == "a is 3 s late"


def test_nodes_that_come_and_go_and_failures_leave_a_plan_behind() -> None:
    on = nodes()
    plan = planned(CHAIN, on)
    on.set_node(NodeInfo("fast-0", {"pods": 1}, node_class="fast", ready=False))
    assert why_remake(plan, progress(plan), usable(on), NOW) == "node fast-0 is gone"
    on = nodes(fast=2)
    assert why_remake(plan, progress(plan), usable(on), NOW) == "node fast-1 is new"
    begun = replace(progress(plan), begun=np.array([True, False, False]))
    assert why_remake(plan.followed(begun), progress(plan), plan.nodes.usable, NOW) == "a has to run again"


def test_what_a_unit_still_needs_never_runs_out() -> None:
    assert still_needs(100.0, 40.0) == 60.0
    assert still_needs(100.0, 100.0) == 25.0
    assert still_needs(100.0, 400.0) == 100.0


@pytest.mark.parametrize(("data", "by_plan"), [(0.0, False), (5.0, True)])
def test_auto_keeps_no_places_where_it_does_not_matter_where_tasks_run(data: float, by_plan: bool) -> None:
    on = nodes(slow=2, fast=0)
    first, side = decide(planned(CHAIN, on, data), on, [0, 2], CHAIN, preset="Auto")
    assert first.message.startswith("auto: a planned graph") is by_plan
    assert first.node is not None
    assert (side.reason is None) or by_plan
