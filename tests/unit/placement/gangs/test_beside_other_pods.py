"""Gangs in one domain whose members mind pods nearby, or ask for GPUs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.neighbour import HostPort, Neighbour, PodSelector, PodTerm
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.wish import Wish
from tests.unit.placement.gangs.drawing import RACK, near

HOST, MILLI = "kubernetes.io/hostname", "bayplan.dev/gpu-milli"
APART = Neighbour("a", (("app", "p"),), anti_affinity=(PodTerm(PodSelector((), frozenset("a")), HOST),))
SOME = pytest.mark.parametrize("preset", ["BestFit", "Spread", "IntegerProgram", "Random", "Auto", "RoundRobin"])


def racks(*nodes: int, gpus: int = 0) -> Cluster:
    """So many nodes in each rack."""
    on, offered = Cluster(), {"cpu": 8, "pods": 9} | ({MILLI: 1000 * gpus} if gpus else {})
    for rack, count in enumerate(nodes):
        for n in range(count):
            name = f"r{rack}-{n}"
            on.set_node(NodeInfo(name, offered, {RACK: f"r{rack}", HOST: name}, gpus=Gpus(gpus) if gpus else None))
    return on


def placed(on: Cluster, requests: list[Request], preset: str) -> list[str]:
    decider = Decider(on)
    decider.update(Changes(tuple(Wish(each, compile_preset(preset)) for each in requests)))
    return sorted(each.node or "" for each in decider.decide(0.0).placements)


@SOME
@pytest.mark.parametrize("pod", [APART, Neighbour("a", ports=(HostPort(80),))], ids=["anti-affinity", "host port"])
def test_members_that_keep_apart_need_a_domain_with_a_node_for_each(preset: str, pod: Neighbour) -> None:
    """The smaller racks have room for all of them, but not on nodes of their own."""
    members = [Request(n, RequestClass((("cpu", 1),)), gang=near(), neighbour=pod) for n in range(3)]
    assert placed(racks(2, 3, 4), members, preset) == ["r1-0", "r1-1", "r1-2"]
    assert placed(racks(2, 2, 2, 2), members, preset) == []
    elastic = [replace(each, gang=near(2)) for each in members]
    assert placed(racks(1, 2, 2), elastic, preset) == ["r1-0", "r1-1"]


def test_of_domains_that_hold_equally_many_on_nodes_of_their_own_the_smaller_is_taken() -> None:
    """By what is free, the first rack could hold all three."""
    on = racks(2, 2)
    for name in ("r1-0", "r1-1"):
        on.occupy(name, name, {"cpu": 7})
    members = [Request(n, RequestClass((("cpu", 1),)), gang=near(2), neighbour=APART) for n in range(3)]
    assert placed(on, members, "BestFit") == ["r1-0", "r1-1"]


@SOME
def test_stages_that_keep_apart_from_each_other(preset: str) -> None:
    """The large one has to be on a node of its own: the small ones only keep apart from it."""
    other = Neighbour("b", (("app", "small"),))
    apart = Neighbour("b", (), anti_affinity=(PodTerm(PodSelector((), frozenset("b")), HOST),))
    members = [
        Request(0, RequestClass((("cpu", 8),)), gang=near(), neighbour=apart),
        *(Request(n, RequestClass((("cpu", 2),)), gang=near(), neighbour=other) for n in range(1, 5)),
    ]
    assert {each.split("-")[0] for each in placed(racks(1, 2, 3), members, preset)} == {"r1"}


@SOME
@pytest.mark.parametrize(
    ("ask", "expected"), [(GpuAsk(1, 600), "r1"), (GpuAsk(1, 500), "r0"), (GpuAsk(2), "r1")], ids=["0.6", "0.5", "two"]
)
def test_gpus_are_counted_one_by_one(preset: str, ask: GpuAsk, expected: str) -> None:
    """A GPU holds two halves, but not two times 0.6, and a node of three GPUs one pair."""
    cls = RequestClass(((MILLI, ask.total), ("cpu", 1)), gpus=ask)
    members = [Request(n, cls, gang=near()) for n in range(2 if ask.count == 2 else 4)]
    found = placed(racks(1, 2, gpus=3), members, preset)
    assert len(found) == len(members)
    assert {each.split("-")[0] for each in found} == {expected}


def test_what_empty_nodes_could_hold_is_counted_in_whole_gpus() -> None:
    decider = Decider(racks(1, 2, gpus=3))
    cls = RequestClass(((MILLI, 2000), ("cpu", 1)), gpus=GpuAsk(2))
    wishes = [Wish(Request(n, cls, gang=near()), compile_preset("BestFit")) for n in range(3)]
    decider.update(Changes(tuple(wishes)))
    assert decider.decide(0.0).waiting[0].message.endswith("the largest, r1, has room for at most 2")
