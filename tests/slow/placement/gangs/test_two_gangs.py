"""Gangs that compete: none of them is ever placed by half, whatever plans, and one of them runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.core.decider import Decider
from bayplan.model.workload import Gang, GangTopology, Request
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from tests.slow.placement.test_replay_of_planners import FEW
from tests.unit.placement.gangs.drawing import RACK, cluster_of, decider_for, members_of
from tests.unit.placement.gangs.reference import Place
from tests.unit.placement.nonsense import Answer, saying

NODES = 6
ANSWERS: list[Answer] = [(f"n{n}", ()) for n in range(NODES)]


def strategy_of(name: str, answers: Mapping[object, Answer]) -> Strategy:
    if name == "plugin":
        return saying(answers)
    parameters = {"first": "n0", "second": "n1"} if name == "Static" else FEW.get(name, {})
    return compile_strategy(["Priority"], [Named("BestFit")], Named(name, parameters=parameters))


def waiting(decider: Decider, gang: str) -> int:
    return sum(each.request.gang is not None and each.request.gang.id == gang for each in decider.wishes.values())


@pytest.mark.parametrize("name", [*PLANNERS, "plugin"])
@settings(max_examples=12, deadline=None)
@given(st.integers(2, NODES), st.integers(0, 2), st.sampled_from((None, True, False)), st.data())
def test_of_two_that_each_need_more_than_half_one_runs(
    name: str, nodes: int, taken: int, rack: bool | None, data: st.DataObject
) -> None:
    """In one rack with one place to a node, some of them taken. Once the first has ended, the other runs."""
    taken = min(taken, nodes - 1)
    on = cluster_of([Place(f"n{n}", "r1", (4, 0), (4 if n < taken else 0, 0)) for n in range(nodes)])
    size = data.draw(st.integers((nodes - taken) // 2 + 1, nodes - taken))
    topology = None if rack is None else GangTopology(RACK, rack)
    gangs = [Gang(each, topology=topology, name=each) for each in ("first", "second")]
    requests = [each for gang in gangs for each in members_of(gang, [(4, 0)] * size)]
    answers = data.draw(st.dictionaries(st.sampled_from([each.id for each in requests]), st.sampled_from(ANSWERS)))
    decider = decider_for(on, strategy_of(name, answers), *requests)
    waits_in_vain = name == "Static" or (name == "plugin" and rack is None)  # a map has one node for them; a plugin may say no
    ran: list[Hashable] = []
    for _ in range(2):
        outcome = decider.decide(0.0)
        ran += {
            wanted.gang.id for wanted in requests if wanted.gang and wanted.id in {e.request_id for e in outcome.placements}
        }
        assert len(outcome.placements) == size or (waits_in_vain and not outcome.placements)
        assert {waiting(decider, each) for each in ("first", "second")} <= {0, size}
        for each in outcome.placements:
            on.occupy(each.request_id, each.node or "", {"cpu": 4})
        assert not decider.decide(0.0).placements
        for each in outcome.placements:
            on.vacate(each.request_id)
    assert sorted(map(str, ran)) == ["first", "second"] or waits_in_vain


@pytest.mark.parametrize("topology", [None, GangTopology(RACK), GangTopology(RACK, required=False)])
def test_a_gang_of_512_has_all_its_places_or_none(topology: GangTopology | None) -> None:
    """Of 600 nodes, 512 have room, all in one rack; then one less."""
    on = cluster_of(
        [Place(f"n{n:03}", "r1" if n < 590 else "r2", (8, 0), (4 if not 78 <= n < 590 else 0, 0)) for n in range(600)]
    )
    requests = members_of(Gang("train", topology=topology, name="train"), [(8, 0)] * 512)
    assert len(decider_for(on, compile_preset("BestFit"), *requests).decide(0.0).placements) == 512
    on.occupy("one more", "n100", {"cpu": 4})
    outcome = decider_for(on, compile_preset("BestFit"), *requests).decide(0.0)
    assert (len(outcome.placements), len(outcome.waiting)) == (0, 512)
    (words,) = {each.message for each in outcome.waiting}
    if topology is not None and topology.required:
        assert words == (
            "gang train needs 512 places at once: no rack (label topology.kubernetes.io/rack) holds all 512: "
            "the best, r1, has room for 511"
        )
    else:
        assert words.startswith(
            "gang train needs 512 places at once: 511 nodes have room, 1 is missing; the next one: 0/600 nodes"
        )


def test_a_plugin_is_not_asked_about_a_gang_with_a_topology() -> None:
    """What it says would hold, but is not the smallest rack. Nor is it asked about one that joins; about others it is."""
    on = cluster_of([Place(f"n{n}", f"r{n // 2}", (8 + n // 2, 0), (0, 0)) for n in range(4)])
    strategy = saying({("train", 0): ("n2", ()), ("train", 1): ("n3", ()), "single": ("n3", ())})
    gang = Gang("train", topology=GangTopology(RACK), name="train")
    requests = [*members_of(gang, [(8, 0)] * 2), Request("single", members_of(gang, [(1, 0)])[0].request_class)]
    outcome = decider_for(on, strategy, *requests).decide(0.0)
    found = {each.request_id: each.node for each in outcome.placements}
    assert found == {("train", 0): "n0", ("train", 1): "n1", "single": "n3"}
    for beside in ((), ("n1",)):
        alone = replace(requests[0], gang=replace(gang, beside=beside))
        assert {each.node for each in decider_for(on, strategy, alone).decide(0.0).placements} == {"n0"}


@pytest.mark.parametrize("second", ["n2", "bare"])
def test_a_planner_that_says_it_minds_and_does_not_is_mended(second: str) -> None:
    """Members in two racks, or in none."""
    racks = [Place(f"n{n}", f"r{n // 2}", (8, 0), (0, 0)) for n in range(4)]
    on = cluster_of([*racks, Place("bare", None, (16, 0), (0, 0))])
    first = "n0" if second == "n2" else second
    strategy = saying({("train", 0): (first, ()), ("train", 1): (second, ())})
    object.__setattr__(strategy, "planner", _Minding(strategy.planner))
    gang = Gang("train", topology=GangTopology(RACK), name="train")
    decider = decider_for(on, strategy, *members_of(gang, [(8, 0)] * 2))
    assert {each.node for each in decider.decide(0.0).placements} == {"n0", "n1"}
    joining = replace(members_of(gang, [(8, 0)])[0], gang=replace(gang, beside=("n3",)))
    assert {each.node for each in decider_for(on, strategy, joining).decide(0.0).placements} == {"n2"}


class _Minding:
    """A planner that claims to mind domains."""

    minds_neighbours = True
    needs = frozenset()  # type: ignore[var-annotated]

    def __init__(self, planner: object) -> None:
        self._planner = planner

    def __call__(self, *given_: object) -> object:
        return self._planner(*given_)  # type: ignore[operator]
