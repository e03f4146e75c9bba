"""Gangs of which a part is enough, with planners that go one by one."""

from __future__ import annotations

import pytest

from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from tests.unit.placement.building import asking, cluster, node
from tests.unit.placement.test_greedy import snapshot

EVERY = pytest.mark.parametrize("planner", ["Greedy", "RoundRobin", "Random", "Planned", "Auto", "Static"])


def decided(planner: str, minimum: int | None, cpu: int, *asked: int) -> list[Decision]:
    """For a gang of requests for so many cores each, and a single request for two behind it, on one node."""
    on = cluster(node("n", cpu=cpu))
    requests = [Request(n, asking(cores), 5, task="t", gang=Gang("g", minimum)) for n, cores in enumerate(asked)]
    named = Named(planner, parameters={"t": "n"} if planner == "Static" else {})
    before = snapshot(on)
    strategy = compile_strategy(["Priority"], [Named("BestFit")], named)
    found = place([*requests, Request("single", asking(2), task="t")], on, strategy, Context())
    assert snapshot(on) == before
    return found


def placed(decisions: list[Decision]) -> list[object]:
    return [each.request_id for each in decisions if each.node is not None]


@EVERY
@pytest.mark.parametrize(
    ("minimum", "cpu", "expected"),
    [
        (None, 6, [0, 1, 2]),
        (None, 5, ["single"]),
        (3, 5, ["single"]),
        (2, 5, [0, 1]),
        (2, 4, [0, 1]),
        (2, 3, ["single"]),
        (1, 3, [0]),
        (9, 6, [0, 1, 2]),
        (9, 5, ["single"]),
    ],
)
def test_the_minimum_of_a_gang_of_three_times_two_cores(
    planner: str, minimum: int | None, cpu: int, expected: list[object]
) -> None:
    """Met, not met, none; more than there are counts as all. What a gang that failed held is free for the request behind it."""
    assert placed(decided(planner, minimum, cpu, 2, 2, 2)) == expected


def test_those_of_a_gang_that_wait_say_how_far_it_came() -> None:
    found = decided("Greedy", 2, 4, 2, 2, 2)
    assert (found[2].reason, found[2].message) == (
        Reason.GANG_INCOMPLETE,
        "only 2 of the 3 of the gang have a place; the next one: "
        "0/1 nodes: 1 has too little cpu free (2 asked, at most 0 free)",
    )
    found = decided("Greedy", 3, 5, 2, 2, 2)
    assert {(each.reason, each.message.split(";")[0]) for each in found[:3]} == {
        (Reason.GANG_INCOMPLETE, "only 2 of the 3 of the gang have a place")
    }


@EVERY
def test_one_that_finds_no_place_does_not_keep_the_others_from_the_minimum(planner: str) -> None:
    """The largest goes first, and would fit on no node."""
    found = decided(planner, 2, 5, 99, 2, 2)
    assert placed(found) == [1, 2]
    assert found[0].reason is Reason.NO_SUCH_NODE
    assert placed(decided(planner, None, 5, 99, 2, 2)) == ["single"]


def test_turns_go_on_after_those_that_stay_and_not_after_those_that_are_undone() -> None:
    on = cluster(*(node(name, cpu=2) for name in "abc"))
    turns = compile_strategy(["Priority"], [Named("BestFit")], Named("RoundRobin"))
    for minimum, expected in ((None, "a"), (2, "c")):
        nowhere = asking(2, node_selector=(("pool", "none"),))
        gang = [Request(n, asking(2) if n < 2 else nowhere, 5, gang=Gang("g", minimum)) for n in range(3)]
        found = place([*gang, Request("single", asking(1))], on, turns, Context())
        assert found[3].node == expected


@pytest.mark.parametrize("minimum", [0, -1])
def test_a_minimum_below_one_is_refused(minimum: int) -> None:
    with pytest.raises(ValueError, match=f"gang g: minimum is {minimum}: it must be 1 or above"):
        Gang("g", minimum)


def test_equal_gangs_are_equal() -> None:
    assert Gang("g") == Gang("g", None) != Gang("g", 1)
    assert len({Gang("g", 2), Gang("g", 2)}) == 1
