"""Whose turn it is: against a reference that looks at all that waits before each step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from tests.draws import cases
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

CPU = QuotaKey("cpu")
TREE = tree_of(
    [
        Queue("all", None, (QuotaRow(CPU, 1000),)),
        Queue("a", "all", (QuotaRow(CPU, 3000),), ageing=Ageing(3600.0, 5.0)),
        Queue("b", "all", (QuotaRow(CPU, 2000, 1000),)),
        Queue("c", "b"),
        Queue("free", ageing=Ageing(7200.0, 3.0)),
    ]
)


@dataclass
class World:
    """A node, a decider, and time."""

    tree: QueueTree
    cores: int = 6
    now: float = 0.0
    cluster: Cluster = field(init=False)
    decider: Decider = field(init=False)

    def __post_init__(self) -> None:
        self.cluster = cluster(node("n", self.cores))
        self.decider = Decider(self.cluster)
        self.decider.update(Changes(queues=self.tree))

    def want(self, *requests: Request) -> None:
        self.decider.update(Changes(tuple(Wish(each, BEST_FIT) for each in requests)))

    def decide(self) -> list[object]:
        """What is placed, in the order of the decisions."""
        requests = {id_: each.request for id_, each in self.decider.wishes.items()}
        found = self.decider.decide(self.now)
        for each in found.placements:
            request = requests[each.request_id]
            tenant = Tenant(queue=request.queue, since=self.now, expected_end=self.now + request.duration)
            self.cluster.occupy(each.request_id, "n", dict(request.request_class.resources), tenant=tenant)
        return [each.request_id for each in found.placements]

    def end(self, id_: object) -> None:
        self.cluster.vacate(id_)


def request(id_: int, queue: str | None, cpu: int = 1, priority: int = 0, since: float = 0.0, **more: object) -> Request:
    return Request(id_, asking(cpu), priority, arrival=(since,), queue=queue, since=since, **more)  # type: ignore[arg-type]


def points(each: Request, now: float) -> float:
    queue = TREE.queues.get(each.queue or "")
    ageing = None if queue is None else queue.ageing
    gained = 0.0 if ageing is None else ageing.points(now - (each.since or 0.0))
    return each.priority + gained


def expected(on: Cluster, waiting: list[Request], now: float) -> list[object]:
    """One after the other: of each queue the first by points and arrival that fits; of these the first by priority."""
    left, found = list(waiting), []
    with on.trial() as trial:
        while True:
            heads: dict[str | None, Request] = {}
            for each in sorted(left, key=lambda each: _in_queue(each, now)):
                demand = on.demand(each.request_class)
                if on.holds(0, demand, ()) and not on.quotas.keeps_off(each.queue, demand.pairs, 0):
                    heads.setdefault(each.queue, each)
            if not heads:
                return found
            first = min(heads.values(), key=lambda each: (-each.priority, each.arrival, each.id))
            trial.take(0, on.demand(first.request_class), (), first)
            left.remove(first)
            found.append(first.id)


def _in_queue(each: Request, now: float) -> tuple[float, ...]:
    """By points; of as many, by priority, which the policy's order goes by; then by arrival, size and number."""
    return (
        -points(each, now),
        -each.priority,
        each.since or 0.0,
        -dict(each.request_class.resources)["cpu"],
        float(str(each.id)),
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("want"),
            st.lists(
                st.tuples(st.sampled_from(("a", "a", "b", "c", "free", None)), st.integers(1, 3), st.integers(0, 4)), max_size=4
            ),
        ),
        st.tuples(st.just("end"), st.integers(0, 12)),
        st.tuples(st.just("wait"), st.integers(1, 4000)),
    ),
    min_size=1,
    max_size=14,
)


@cases(60, search=150)
@given(STEPS)
def test_the_line_goes_as_the_reference_after_any_history(steps: list[tuple[str, object]]) -> None:
    world, number = World(TREE), 0
    for what, given_ in steps:
        if what == "want":
            assert isinstance(given_, list)
            for queue, cpu, priority in given_:
                world.want(request(number, queue, cpu, priority, world.now))
                number += 1
        elif what == "end":
            world.end(given_)
        else:
            assert isinstance(given_, int)
            world.now += given_
            continue
        waiting = [each.request for each in world.decider.wishes.values()]
        reference = expected(world.cluster, waiting, world.now)
        assert world.decide() == reference


# Cases


def test_age_lets_a_lower_priority_pass_and_has_a_ceiling() -> None:
    tree = tree_of([Queue("q", None, (QuotaRow(CPU, 100_000),), ageing=Ageing(10.0, 20.0))])
    world = World(tree, cores=1)
    world.want(request(0, "q", priority=50))
    assert world.decide() == [0]
    world.want(request(1, "q", priority=0, since=0.0))
    world.now = 3600.0
    world.want(request(2, "q", priority=9, since=3600.0), request(3, "q", priority=21, since=3600.0))
    world.end(0)
    assert world.decide() == [3]
    world.end(3)
    assert world.decide() == [1], "10 points of age against 9 of priority"
    world.end(1)
    assert world.decide() == [2]
    world.now = 1e6
    world.want(request(4, "q", priority=0, since=3600.0), request(5, "q", priority=21, since=1e6))
    world.end(2)
    assert world.decide() == [5], "age adds 20 points at most"


def test_age_counts_from_when_a_request_could_start() -> None:
    tree = tree_of([Queue("q", None, (QuotaRow(CPU, 100_000),), ageing=Ageing(10.0, 100.0))])
    world = World(tree, cores=1)
    old_graph = replace(request(1, "q", since=7200.0), arrival=(0.0,))
    world.want(request(0, "q", priority=99))
    world.decide()
    world.want(old_graph, replace(request(2, "q", since=3600.0), arrival=(3000.0,)))
    world.now = 7200.0
    world.end(0)
    assert world.decide() == [2]


def test_age_does_not_count_across_queues() -> None:
    tree = tree_of([Queue("old", ageing=Ageing(1000.0, 1000.0)), Queue("young", ageing=Ageing(1.0, 1.0))])
    world = World(tree, cores=1)
    world.want(request(0, "old", priority=99))
    world.decide()
    world.want(request(1, "old", priority=0, since=0.0))
    world.now = 7200.0
    world.want(request(2, "young", priority=1, since=7200.0))
    world.end(0)
    assert world.decide() == [2]


def test_two_queues_of_one_weight_whose_jobs_need_the_whole_cluster_alternate() -> None:
    tree = tree_of([Queue("a"), Queue("b")], half_life=3600.0)
    world = World(tree, cores=1)
    jobs = [request(number, "ab"[number >= 20], duration=100.0) for number in range(40)]
    world.want(*jobs)
    turns = []
    for _ in range(40):
        (placed,) = world.decide()
        turns.append("ab"[placed >= 20])  # type: ignore[operator]
        world.now += 100.0
        world.end(placed)
    assert "".join(turns) == "ab" * 20


def test_shares_converge_to_the_weights() -> None:
    tree = tree_of([Queue("a", weight=3.0), Queue("b", weight=1.0), Queue("c", weight=1.0)], half_life=2000.0)
    world = World(tree, cores=5)
    used, running, number = dict.fromkeys("abc", 0.0), dict[object, tuple[str, float]](), 0
    for step in range(1500):
        for queue in "abc":
            while sum(each.request.queue == queue for each in world.decider.wishes.values()) < 3:
                world.want(request(number, queue, duration=50.0 + 7 * (number % 5), since=world.now))
                number += 1
        wishes = {id_: each.request for id_, each in world.decider.wishes.items()}
        for id_ in world.decide():
            running[id_] = wishes[id_].queue or "", world.now + wishes[id_].duration
        world.now = min(end for _, end in running.values())
        for id_ in [id_ for id_, (_, end) in running.items() if end <= world.now]:
            queue, _ = running.pop(id_)
            world.end(id_)
            if step > 200:
                used[queue] += wishes[id_].duration if id_ in wishes else 50.0 + 7 * (int(str(id_)) % 5)
    shares = [used["a"] / 3, used["b"], used["c"]]
    jain = sum(shares) ** 2 / (3 * sum(each * each for each in shares))
    assert jain >= 0.98


def test_what_a_queue_had_is_kept_by_a_decider_that_comes_after() -> None:
    tree = tree_of([Queue("a"), Queue("b")], half_life=1000.0)
    world = World(tree, cores=1)
    world.want(request(0, "a", duration=500.0))
    world.decide()
    world.now = 500.0
    world.end(0)
    world.want(request(1, "a"), request(2, "b"))
    state = world.decider.shares(500.0)
    after = Decider(world.cluster)
    after.update(Changes(queues=tree, shares=state))
    after.update(Changes(tuple(world.decider.wishes.values())))
    assert [each.request_id for each in after.decide(500.0).placements] == [2]
    assert world.decide() == [2]
    first, second = after.shares(500.0), world.decider.shares(500.0)
    assert first is not None
    assert second is not None
    assert first.means.keys() == second.means.keys()
    assert all(abs(first.means[key] - value) < 1e-9 for key, value in second.means.items())


def test_what_has_just_begun_counts_as_if_it_had_run_to_its_expected_end() -> None:
    world = World(tree_of([Queue("a"), Queue("b")], half_life=1000.0), cores=2)
    world.want(request(0, "b", duration=10.0))
    assert world.decide() == [0]
    world.now = 9.0
    world.want(request(1, "a", duration=10_000.0))
    assert world.decide() == [1]
    world.now = 10.0
    world.end(0)
    world.want(request(2, "a", duration=5.0), request(3, "b", duration=5.0))
    assert world.decide() == [3], "so far b has used more, but a has begun what uses far more"


@pytest.mark.parametrize("cores", [5, 4])
def test_a_gang_whose_members_ask_for_different_things_goes_as_one(cores: int) -> None:
    on = cluster(node("n0", cores, 0))
    decider = Decider(on)
    decider.update(Changes(queues=tree_of([Queue("q", ageing=Ageing(1.0, 10.0))])))
    members = [Request(name, asking(cpu), gang=Gang("g"), queue="q", since=0.0) for name, cpu in (("a", 1), ("b", 4))]
    decider.update(Changes(tuple(Wish(each, BEST_FIT) for each in members)))
    placed = {each.request_id for each in decider.decide(0.0).placements}
    assert placed == ({"a", "b"} if cores == 5 else set())
    on.set_node(on.nodes[0] if cores == 5 else node("n1", 5, 0))
    assert {each.request_id for each in decider.decide(1.0).placements} | placed == {"a", "b"}
