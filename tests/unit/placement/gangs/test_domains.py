"""Gangs in one domain, with every planner, held to what trying everything finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.core.changes import Changes
from bayplan.core.engine import place
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.presets import PRESETS, compile_preset
from tests.draws import cases
from tests.unit.placement.gangs.deciding import check, decided
from tests.unit.placement.gangs.drawing import MEMBERS, PLACES, RACK, cluster_of, decider_for, members_of, near
from tests.unit.placement.gangs.reference import Amounts, Place, right

MINIMUM = st.sampled_from((None, None, 1, 2, 3))
EVERY = st.sampled_from(list(PRESETS))


@cases(60, search=150)
@given(PLACES, MEMBERS, MINIMUM, EVERY, st.lists(st.integers(0, 4), max_size=3))
def test_a_gang_is_in_the_right_domain_or_waits(
    places: list[Place], members: list[Amounts], minimum: int | None, preset: str, running: list[int]
) -> None:
    """The smallest that holds all; else, of an elastic gang, the one that holds most. It waits only where none holds enough."""
    beside = tuple(places[n % len(places)].name for n in running)
    found = decided(places, members, preset, minimum=minimum, beside=beside)
    given_ = check(places, members, found)
    least = near(minimum, beside=beside).least(len(members))
    rack, held = right(places, members, least, beside)
    assert len(given_) == held
    assert {each.rack for each in given_} <= {rack}


@pytest.mark.parametrize("scorer", ["BestFit", "Spread"])
def test_stages_for_which_only_one_way_leads_to_a_place(scorer: str) -> None:
    """By critical path the small ones go first, and would leave no node to the large one."""
    places = [Place("a", "r1", (8, 0), (0, 0)), Place("b", "r1", (8, 0), (0, 0))]
    on = cluster_of(places)
    strategy = compile_strategy(["CriticalPath"], [Named(scorer)], Named("Greedy"))
    members = members_of(near(), [(4, 0), (4, 0), (8, 0)])
    requests = [replace(each, critical_path=float(9 - n)) for n, each in enumerate(members)]
    outcome = decider_for(on, strategy, *requests).decide(0.0)
    assert len(outcome.placements) == 3


def test_no_domain_at_all() -> None:
    found = decided([Place("a", None, (8, 0), (0, 0))], [(1, 0)] * 2, "BestFit")
    assert {each.reason for each in found[:-1]} == {Reason.NO_SUCH_NODE}
    assert found[0].message == "gang train needs 2 places at once: no node has the label topology.kubernetes.io/rack"


@pytest.mark.parametrize("kept", ["cordoned", "refused"])
def test_nodes_that_admit_no_member_make_no_domain_larger_nor_take_one(kept: str) -> None:
    """The smaller rack has a large node on which nothing may go, but for kube-scheduler's refusals, which pass."""
    on = cluster_of([Place("a", "r1", (4, 0), (0, 0)), Place("b", "r2", (6, 0), (0, 0))])
    on.set_node(NodeInfo("large", {"cpu": 99}, {RACK: "r1"}, unschedulable=kept == "cordoned"))
    requests = members_of(near(), [(4, 0)])
    decider = decider_for(on, compile_preset("BestFit"), *requests)
    refused = {requests[0].request_class: frozenset({"large", "a"})}
    if kept == "refused":
        decider.update(Changes(refused=refused))
    assert [each.node for each in decider.decide(0.0).placements] == ["a" if kept == "cordoned" else "b"]


def test_the_scarcest_resource_says_which_domain_is_small() -> None:
    """Of GPUs the gang asks the larger share; nodes in no domain have plenty of them, and do not count."""
    places = [Place("a", "r1", (9, 2), (0, 0)), Place("b", "r2", (5, 3), (0, 0)), Place("c", None, (1, 99), (0, 0))]
    assert {each.node for each in decided(places, [(1, 1)] * 2, "Spread")[:2]} == {"a"}
    cpu = [replace(places[0], whole=(9, 8)), replace(places[1], whole=(5, 9))]
    assert {each.node for each in decided(cpu, [(2, 1)] * 2, "Spread")[:2]} == {"b"}


@pytest.mark.parametrize("second", [(2, 0), (1, 0)])
def test_amounts_beyond_all_measure_do_not_wrap_around(second: Amounts) -> None:
    places = [Place(f"n{n}", "r1", (2**60, 0), (0, 0)) for n in range(1_100)]
    small = Place("small", "r2", (4, 0), (0, 0))
    assert decided([*places, small], [(2, 0), second], "BestFit")[0].node == "small"
    assert decided(places, [(2, 0), second], "BestFit")[0].node is not None


def test_the_largest_member_is_left_out_where_more_of_the_others_have_room() -> None:
    found = decided([Place("n", "r", (4, 0), (0, 0))], [(3, 0), (2, 0), (2, 0)], "BestFit", minimum=1)
    assert [each.node for each in found[:-1]] == [None, "n", "n"]


@pytest.mark.parametrize("required", [True, False])
def test_a_larger_domain_is_no_way_out_of_a_search(required: bool) -> None:
    """Greedily, the small ones leave no node of the smaller rack to the large one; the larger rack has nodes to spare."""
    places = [Place(f"n{n}", "r1" if n < 2 else "r2", (8, 0), (0, 0)) for n in range(5)]
    strategy = compile_strategy(["CriticalPath"], [Named("Spread")], Named("Greedy"))
    members = members_of(near(required=required), [(4, 0), (4, 0), (8, 0)])
    requests = [replace(each, critical_path=float(9 - n)) for n, each in enumerate(members)]
    assert {each.node for each in decider_for(cluster_of(places), strategy, *requests).decide(0.0).placements} == {"n0", "n1"}


def test_a_node_that_kube_scheduler_refused_is_left_out_in_the_domain() -> None:
    on = cluster_of([Place("a", "r1", (4, 0), (0, 0)), Place("b", "r1", (4, 0), (0, 0))])
    requests = members_of(near(), [(4, 0)])
    found = place(requests, on, compile_preset("BestFit"), Context(rejected={requests[0].request_class: frozenset("a")}))
    assert [each.node for each in found] == ["b"]


@pytest.mark.parametrize("members", [[(4, 0)] * 3, [(4, 0), (3, 0), (3, 0)]])
def test_what_a_gang_has_is_not_given_to_what_is_behind_it_in_the_batch(members: list[Amounts]) -> None:
    """The planner alone, without a replay."""
    on = cluster_of([Place("a", "r1", (4, 0), (0, 0)), Place("b", "r1", (4, 0), (0, 0))])
    behind = Request("behind", RequestClass((("cpu", 2),)), priority=-5)
    found = place([*members_of(near(2), members), behind], on, compile_preset("BestFit"), Context())
    assert sum(each.node is not None for each in found[:-1]) == 2
    assert found[-1].node is None
