"""What holds for every strategy there is, checked by plain arithmetic on the answers."""

from collections import defaultdict

import pytest
from hypothesis import given

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import mix_model
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.strategy.protocols import Strategy
from tests.draws import cases
from tests.unit.placement.any_batch import MILLI, NODES, REQUESTS, USED, Drawn, build, request
from tests.unit.placement.test_greedy import snapshot

SOME = cases(8, search=15)
STATIC = compile_strategy(["Age"], [Named("BestFit")], Named("Static", parameters={"t0": "n0", "t1": "n1", "t2": "gone"}))
STRATEGIES: dict[str, Strategy] = {name: compile_preset(name) for name in PRESETS} | {"Static": STATIC}
EVERY = pytest.mark.parametrize("name", list(STRATEGIES))


def context(strategy: Strategy, on: Cluster, requests: list[Request]) -> Context:
    """With the mix of what arrives where a scorer goes by it; to make it takes longer than most decisions."""
    mix = mix_model({each.request_class: 1.0 for each in requests}, on, seed=0) if strategy.uses_mix else None
    return Context(now=5.0, seed=3, turn=2, mix=mix)


def decided(strategy: Strategy, nodes: list[Drawn], used: list[tuple[int, int]], drawn: list[Drawn]) -> list[Decision]:
    on, requests = build(nodes, used), [request(number, each) for number, each in enumerate(drawn)]
    return place(requests, on, strategy, context(strategy, on, requests))


@EVERY
@SOME
@given(NODES, USED, REQUESTS)
def test_nothing_is_overcommitted_and_no_filter_ignored(
    name: str, nodes: list[Drawn], used: list[tuple[int, int]], drawn: list[Drawn]
) -> None:
    before = build(nodes, used)
    free = {f"n{n}": [device.free for device in before.gpus(f"n{n}")] for n in range(len(nodes))}
    left = {f"n{n}": {"cpu": each["cpu"], "pods": each["pods"], MILLI: each["gpus"] * 1000} for n, each in enumerate(nodes)}
    for where, part in used:
        if where < len(nodes) and nodes[where]["gpus"]:
            left[f"n{where}"]["pods"] -= 1
            left[f"n{where}"][MILLI] -= part
    wanted = defaultdict(set)
    for each, decision in zip(drawn, decided(STRATEGIES[name], nodes, used, drawn), strict=True):
        assert len(decision.message) < 256
        wanted[each["gang"]].add(decision.node is not None)
        if decision.node is None:
            assert decision.reason is not None
            assert decision.gpus == ()
            continue
        there = nodes[int(decision.node[1:])]
        count, part = each["gpu"]
        assert each["pool"] in ("", there["pool"])
        assert not count or not each["models"] or there["model"] in each["models"]
        assert len(set(decision.gpus)) == len(decision.gpus) == count
        for index in decision.gpus:
            free[decision.node][index] -= part
        for resource, amount in (("cpu", each["cpu"]), ("pods", 1), (MILLI, count * part)):
            left[decision.node][resource] -= amount
    for n, node_free in free.items():
        if any(each["gpu"][0] for each in drawn):
            overfull = [device.free for device in before.gpus(n) if device.free < 0]
            assert all(amount >= 0 for amount in node_free) or overfull
    for n, amounts in left.items():
        start = build(nodes, used)
        row = start.row(n)
        assert row is not None
        was_over = (start.used[row] > start.allocatable[row]).any()
        assert was_over or all(amount >= 0 for amount in amounts.values())
    for gang, placed in wanted.items():
        assert gang is None or len(placed) == 1, "a gang was split"


@EVERY
@SOME
@given(NODES, USED, REQUESTS)
def test_the_cluster_is_left_to_the_byte_and_the_answer_is_the_same_again(
    name: str, nodes: list[Drawn], used: list[tuple[int, int]], drawn: list[Drawn]
) -> None:
    on, requests = build(nodes, used), [request(number, each) for number, each in enumerate(drawn)]
    with_mix = context(STRATEGIES[name], on, requests)
    before = snapshot(on)
    first = place(requests, on, STRATEGIES[name], with_mix)
    assert snapshot(on) == before
    assert place(requests, on, STRATEGIES[name], with_mix) == first
    assert decided(STRATEGIES[name], nodes, used, drawn) == first


@EVERY
def test_an_empty_cluster_has_no_such_node(name: str) -> None:
    requests = [request(0, {"cpu": 1, "gpu": (0, 0), "models": (), "pool": "", "gang": None, "priority": 0, "deadline": None})]
    decisions = place(requests * 2, Cluster(), STRATEGIES[name], Context())
    assert {(each.node, each.reason) for each in decisions} == {(None, Reason.NO_SUCH_NODE)}


@EVERY
def test_a_node_of_no_capacity_is_too_small(name: str) -> None:
    nothing = {"cpu": 0, "pods": 0, "gpus": 0, "model": "T4", "pool": "a", "class": "slow", "cost": 0}
    asked = {"cpu": 1, "gpu": (0, 0), "models": (), "pool": "", "gang": None, "priority": 0, "deadline": None}
    decisions = decided(STRATEGIES[name], [nothing], [], [asked, asked])
    assert {(each.node, each.reason) for each in decisions} == {(None, Reason.NO_SUCH_NODE)}


@EVERY
def test_every_decision_says_what_decided(name: str) -> None:
    room = {"cpu": 8, "pods": 6, "gpus": 0, "model": "T4", "pool": "a", "class": "slow", "cost": 0}
    asked = {"cpu": 1, "gpu": (0, 0), "models": (), "pool": "", "gang": None, "priority": 0, "deadline": None}
    decisions = decided(STRATEGIES[name], [room, room], [], [asked, asked])
    assert all(each.node is not None and each.message for each in decisions)
