"""When what waits is said to start: in line order, as likely as it is said."""

from __future__ import annotations

import time

from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.starts.expected import FIRST, foretold
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey
from tests.unit.placement.admission.full_nodes import Cluster, request
from tests.unit.placement.building import node


def test_the_line_is_told_in_the_order_in_which_it_goes() -> None:
    queues = [Queue("q", ageing=Ageing(10.0, 50.0)), Queue("r")]
    world = Cluster(1, tree_of(queues))
    world.want(request("low", since=0.0), request("high", priority=20, since=0.0), request("other", "r", priority=5, at=-5.0))
    said = world.told(3600.0)
    assert [each.unit.first.id for each in said] == ["high", "other", "low"]
    assert [each.unit.age for each in said] == [10.0, 0.0, 10.0]
    assert [each.unit.share for each in said] == [None, None, None]
    times = [each.p50 for each in said]
    assert times == sorted(times, key=lambda each: each or 0.0)


def test_shares_alternate_in_the_line_and_are_told() -> None:
    world = Cluster(1, tree_of([Queue("a"), Queue("b")], half_life=1000.0), queue="none")
    world.want(*(request(f"a{n}", "a", at=float(n)) for n in range(3)), *(request(f"b{n}", "b", at=10.0) for n in range(3)))
    said = world.told()
    assert [str(each.unit.first.id)[0] for each in said] in (["a", "b"] * 3, ["b", "a"] * 3)
    assert said[0].unit.share == 0.0
    assert (said[-1].unit.share or 0.0) > 0
    assert [each.unit.first.id for each in world.told()] == [each.unit.first.id for each in said], "nothing was changed"


def test_a_quota_keeps_what_it_keeps() -> None:
    cpu = QuotaKey("cpu")
    tree = tree_of([Queue("q", quotas=(QuotaRow(cpu, 8000),)), Queue("r")])
    world = Cluster(1, tree)
    world.cluster.set_node(node("empty", 8, 0))
    world.want(request("mine"))
    world.cluster.set_node(node("full", 1, 0))
    (said,) = world.told()
    assert said.p50 is not None
    assert said.p50 > 0, "there is room, but not of its quota"


def test_what_is_not_known_is_said_so() -> None:
    world = Cluster(1, tree_of([Queue("q", reserve=1)]), law=None)
    world.want(request("a"), request("b"))
    for each in world.told():
        assert (each.p50, each.p90) == (None, None)
        assert each.unknown == "it is not known how long what holds the room, or waits ahead, will run"


def test_a_long_line_is_told_in_time() -> None:
    world = Cluster(40, tree_of([Queue(f"q{n}", reserve=n % 2) for n in range(50)], half_life=1000.0), queue="q0")
    world.want(*(request(n, f"q{n % 50}", at=float(n)) for n in range(3000)))
    world.decider.decide(0.0)
    began = time.process_time()
    snapshot = world.decider.snapshot(0.0)
    copied = time.process_time() - began
    said = foretold(snapshot, seed=5, stop=lambda: True)
    took = time.process_time() - began
    assert len(said) == 3000
    assert [each.p90 is not None for each in said] == [True] * FIRST + [False] * (3000 - FIRST)
    assert "first 200 in line" in said[-1].unknown
    assert copied < 0.1
    assert took < 6.0
