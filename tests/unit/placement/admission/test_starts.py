"""When what waits is said to start: in line order, as likely as it is said."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.starts.expected import FIRST, Foretold, foretold
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

LAW = RunLaw(100.0, 0.5)


class Cluster:
    """Nodes of eight cores that are full of pods, and what waits."""

    def __init__(self, nodes: int, tree: QueueTree, seed: int = 0, queue: str = "q", law: RunLaw | None = LAW) -> None:
        self.cluster = cluster(*(node(f"n{n}", 8, 0) for n in range(nodes)))
        self.decider = Decider(self.cluster, seed=1)
        self.decider.update(Changes(queues=tree))
        self.ends: dict[object, float] = {}
        self.draws = np.random.default_rng(seed)
        for number in range(nodes * 8):
            self.occupy(("old", number), f"n{number // 8}", queue, law, -float(self.draws.uniform(0, 50)))

    def drawn(self, elapsed: float = 0.0) -> float:
        """A run that has lasted so long."""
        while True:
            found = float(LAW.median * np.exp(LAW.sigma * self.draws.standard_normal()))
            if found > elapsed:
                return found

    def occupy(self, key: object, where: str, queue: str | None, law: RunLaw | None, since: float) -> None:
        self.cluster.occupy(key, where, {"cpu": 1000}, tenant=Tenant(queue=queue, since=since, run=law))
        self.ends[key] = since + self.drawn(-since if since < 0 else 0.0)

    def want(self, *requests: Request) -> None:
        self.decider.update(Changes(tuple(Wish(each, BEST_FIT) for each in requests)))

    def told(self, now: float = 0.0) -> list[Foretold]:
        self.decider.decide(now)
        return foretold(self.decider.snapshot(now), seed=5)

    def starts(self) -> dict[object, float]:
        """What really happens."""
        found: dict[object, float] = {}
        while len(self.decider):
            key = min(self.ends, key=lambda each: self.ends[each])
            now = self.ends.pop(key)
            self.cluster.vacate(key)
            asked = {id_: wish.request for id_, wish in self.decider.wishes.items()}
            for each in self.decider.decide(now).placements:
                found[each.request_id] = now
                self.occupy(each.request_id, each.node or "", asked[each.request_id].queue, asked[each.request_id].run, now)
        return found


def request(id_: object, queue: str = "q", **fields: object) -> Request:
    law = fields.pop("run", LAW)
    return Request(id_, asking(1), queue=queue, run=law, arrival=(fields.pop("at", 0.0), str(id_)), **fields)  # type: ignore[arg-type]


def gang(name: str, members: int) -> list[Request]:
    return [request((name, n), gang=Gang(name), at=-1.0) for n in range(members)]


@pytest.mark.parametrize("reserve", [0, 1])
def test_ninety_percent_start_by_then_where_the_laws_are_right(reserve: int) -> None:
    kept, half, count = 0, 0, 0
    for seed in range(60):
        world = Cluster(2, tree_of([Queue("q", reserve=reserve)]), seed)
        if reserve:
            world.want(*gang("g", 16))
        world.want(*(request(n, at=float(n)) for n in range(12)))
        said = {each.unit.first.id: each for each in world.told()}
        really = world.starts()
        for id_ in [("g", 0)] if reserve else [0, 4, 11]:
            each = said[id_]
            assert each.p50 is not None
            assert each.p90 is not None
            assert each.reserved is bool(reserve)
            kept += really[id_] <= each.p90
            half += really[id_] <= each.p50
            count += 1
    assert 0.82 <= kept / count <= 0.98
    assert 0.35 <= half / count <= 0.75


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
