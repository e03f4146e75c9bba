"""Decisions about pods that matter for each other, held to the rules of kube-scheduler one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.neighbour import Neighbour, PodSelector, PodTerm, SpreadConstraint
from bayplan.model.occupant import Tenant
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish
from tests.draws import cases
from tests.unit.placement.neighbours.drawing import NAMESPACES, nodes_in, pods
from tests.unit.placement.neighbours.reference import Pod, allowed
from tests.unit.placement.nonsense import saying

ASKED = RequestClass((("cpu", 1), ("pods", 1)))
STRATEGIES = ["BestFit", "Spread", "Auto", "RoundRobin", "IntegerProgram", "Genetic", "Random"]


class World:
    """A cluster, what is on it as the reference sees it, and a decider."""

    def __init__(self, nodes: Sequence[NodeInfo]) -> None:
        self.nodes = {each.name: each for each in nodes}
        self.cluster = Cluster()
        for each in nodes:
            self.cluster.set_node(each)
        self.cluster.neighbours.set_namespaces(NAMESPACES)
        self.there: dict[object, Pod] = {}
        self.waiting: dict[object, Neighbour] = {}
        self.decider = Decider(self.cluster)

    def put(self, key: object, pod: Pod) -> None:
        self.there[key] = pod
        tenant = Tenant(neighbour=pod.seen, bound=pod.bound, leaving=pod.leaving)
        self.cluster.occupy(key, pod.node.name, dict(ASKED.resources), tenant=tenant)

    def take(self, key: object) -> None:
        self.cluster.vacate(key)
        del self.there[key]

    def want(self, key: object, pod: Neighbour, strategy: Strategy, gang: Gang | None = None, **more: Any) -> None:
        self.waiting[key] = pod
        request = Request(key, ASKED, neighbour=pod, gang=gang, **more)
        self.decider.update(Changes((Wish(request, strategy),)))

    def decide(self) -> int:
        """Have it place what it places. Each place must be allowed beside those decided before. Which these are is not told, so
        there must be an order in which all are allowed; those come first that ask something of others."""
        outcome = self.decider.decide(0.0)
        left = sorted(outcome.placements, key=lambda each: not self.waiting[each.request_id].asks)
        while left:
            allowed_now = next((each for each in left if self.permits(*self.placed(each))), None)
            assert allowed_now is not None, left
            node, pod = self.placed(allowed_now)
            assert self.fits(node), allowed_now
            self.put(allowed_now.request_id, Pod(node, pod, bound=False))
            del self.waiting[allowed_now.request_id]
            left.remove(allowed_now)
        return len(outcome.placements)

    def placed(self, decision: Decision) -> tuple[NodeInfo, Neighbour]:
        return self.nodes[decision.node or ""], self.waiting[decision.request_id]

    def fits(self, node: NodeInfo) -> bool:
        return sum(each.node.name == node.name for each in self.there.values()) < 3

    def permits(self, node: NodeInfo, pod: Neighbour) -> bool:
        return allowed(node, pod, list(self.nodes.values()), list(self.there.values()), NAMESPACES)

    def label(self, node: str, zone: str) -> None:
        known = self.nodes[node] = replace(self.nodes[node], labels={**self.nodes[node].labels, "zone": zone})
        self.cluster.set_node(known)
        self.there = {key: replace(each, node=self.nodes[each.node.name]) for key, each in self.there.items()}

    def bind(self) -> None:
        for key, each in self.there.items():
            self.put(key, replace(each, bound=True))


@cases(70, search=200)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.lists(pods, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=5),
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.sampled_from(STRATEGIES),
    st.data(),
)
def test_no_rule_is_broken_and_nothing_waits_that_has_a_place(
    zones: list[int],
    kinds: list[Neighbour],
    others: list[tuple[int, int, bool]],
    wanted: list[int],
    preset: str,
    data: st.DataObject,
) -> None:
    world, strategy = World(nodes_in(zones)), compile_preset(preset)
    for number, (kind, node, leaving) in enumerate(others):
        world.put(("other", number), Pod(world.nodes[f"n{node % len(zones)}"], kinds[kind % len(kinds)], leaving=leaving))
    for number, kind in enumerate(wanted):
        world.want(number, kinds[kind % len(kinds)], strategy)
    for _ in range(4):
        while world.decide():
            pass
        for pod in world.waiting.values():
            assert not any(world.fits(node) and world.permits(node, pod) for node in world.nodes.values())
        what = data.draw(st.sampled_from(["bind", "leave", "label"]))
        if what == "bind":
            world.bind()
        elif what == "leave" and world.there:
            world.take(data.draw(st.sampled_from(sorted(world.there, key=str))))
        elif what == "label":
            world.label(data.draw(st.sampled_from(sorted(world.nodes))), "z9")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=5), pods, st.integers(2, 5), st.sampled_from(["BestFit", "Genetic"]))
def test_a_gang_with_terms_gets_all_its_places_or_none(zones: list[int], kind: Neighbour, size: int, preset: str) -> None:
    world, strategy = World(nodes_in(zones)), compile_preset(preset)
    for number in range(size):
        world.want(number, kind, strategy, Gang("g"))
    assert world.decide() in (0, size)


@pytest.mark.parametrize("preset", STRATEGIES)
def test_a_gang_that_must_keep_apart_takes_a_node_each(preset: str) -> None:
    apart = Neighbour("a", (("app", "p"),), anti_affinity=(PodTerm(PodSelector((), frozenset("a")), "kubernetes.io/hostname"),))
    for nodes, placed in ((3, 3), (2, 0)):
        world = World(nodes_in([0] * nodes))
        for number in range(3):
            world.want(number, apart, compile_preset(preset), Gang("g"))
        assert world.decide() == placed


@pytest.mark.parametrize("preset", ["BestFit", "Auto"])
def test_what_has_fewer_places_goes_first_among_those_of_a_priority(preset: str) -> None:
    """Whatever their critical paths. Plain ones would fill the node of one zone, and leave the others one place."""
    spread = SpreadConstraint("zone", 1, PodSelector((), frozenset("a")))
    world, strategy = World(nodes_in([1, 2])), compile_preset(preset)
    for number in range(2):
        world.want(("plain", number), Neighbour("b"), strategy, critical_path=9.0)
    for number in range(4):
        world.want(("spread", number), Neighbour("a", (("app", "p"),), spread=(spread,)), strategy)
    assert world.decide() == 6


def test_a_higher_priority_still_goes_first() -> None:
    apart = Neighbour("a", anti_affinity=(PodTerm(PodSelector((), frozenset("a")), "kubernetes.io/hostname"),))
    world, strategy = World(nodes_in([0])), compile_preset("BestFit")
    for number in range(3):
        world.want(("plain", number), Neighbour("b"), strategy, priority=1)
    world.want("apart", apart, strategy)
    assert world.decide() == 3
    assert list(world.waiting) == ["apart"]


@pytest.mark.parametrize("preset", ["IntegerProgram", "Genetic"])
def test_a_gang_of_two_priorities_is_not_torn_apart_by_what_stands_between(preset: str) -> None:
    apart = Neighbour("a", (("app", "p"),), anti_affinity=(PodTerm(PodSelector((), frozenset("a")), "kubernetes.io/hostname"),))
    world, strategy = World(nodes_in([0, 0])), compile_preset(preset)
    for number in range(2):
        world.want(("gang", number), apart if number else Neighbour("b"), strategy, Gang("g"), priority=5 * number)
    for number in range(5):
        world.want(("between", number), Neighbour("b"), strategy, priority=3)
    world.decide()
    assert sum(key[0] == "gang" for key in world.waiting) == 0


@pytest.mark.parametrize("preset", ["IntegerProgram", "Genetic"])
def test_a_gang_of_which_one_minds_pods_nearby_is_not_torn_apart(preset: str) -> None:
    apart = Neighbour("a", (("app", "p"),), anti_affinity=(PodTerm(PodSelector((), frozenset("a")), "kubernetes.io/hostname"),))
    world, strategy = World(nodes_in([0, 0])), compile_preset(preset)
    for number in range(8):
        world.want(("plain", number), Neighbour("b"), strategy, critical_path=9.0)
    for number in range(2):
        world.want(("gang", number), apart if number else Neighbour("b"), strategy, Gang("g"))
    world.decide()
    assert sum(key[0] == "gang" for key in world.waiting) in (0, 2)


@pytest.mark.parametrize("preset", ["LeastCost", "plugin"])
def test_what_has_few_places_is_decided_before_a_planner_gives_them_away(preset: str) -> None:
    """Planners that know nothing of pods nearby want the long one on the cheap node, off which another pod keeps it."""
    world = World(
        [
            replace(each, allocatable={"cpu": 1, "pods": 2}, cost=cost)
            for each, cost in zip(nodes_in([0, 1]), (0, 1), strict=True)
        ]
    )
    there = Neighbour("a", (("app", "there"),))
    apart = Neighbour("a", (), anti_affinity=(PodTerm(PodSelector((), frozenset("a")), "kubernetes.io/hostname"),))
    world.there["there"] = Pod(world.nodes["n0"], there)
    world.cluster.occupy("there", "n0", {"pods": 1}, tenant=Tenant(neighbour=there))
    strategy = saying({"long": ("n0", ()), "short": ("n1", ())}) if preset == "plugin" else compile_preset(preset)
    world.want("long", apart, strategy, duration=1000.0)
    world.want("short", Neighbour("b"), strategy, duration=1.0)
    placed = {each.request_id: each.node for each in world.decider.decide(0.0).placements}
    assert placed == {"long": "n1", "short": "n0"}
