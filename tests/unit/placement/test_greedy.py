from collections import Counter

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from tests.unit.placement.building import BEST_FIT, GPU, SPREAD, asking, cluster, decide, node, places


def snapshot(on: Cluster) -> tuple[object, ...]:
    return (
        on.allocatable.tobytes(), on.used.tobytes(), on.used.shape, on.ready.tobytes(), on.cordoned.tobytes(),
        on.present.tobytes(), on.taint_set.tobytes(), on.gpu_free.tobytes(),
        on.version, on.static_version, *on.names, *on.resources,
    )  # fmt: skip


def test_nothing_asked_nothing_decided() -> None:
    assert place([], cluster(node("n")), BEST_FIT, Context()) == []


def test_sixteen_gpus_take_two_nodes_of_eight() -> None:
    five = cluster(*(node(f"n{n}", cpu=64, gpu=8) for n in range(5)))
    assert Counter(places(five, [asking(1, gpu=1)] * 16)) == {"n0": 8, "n1": 8}


def test_a_half_used_node_is_filled_before_an_empty_one_is_opened() -> None:
    three = cluster(*(node(f"n{n}", cpu=64, gpu=8) for n in range(3)))
    three.occupy("p", "n2", {GPU: 5})
    assert Counter(places(three, [asking(1, gpu=1)] * 11)) == {"n2": 3, "n0": 8}


def test_different_sizes_are_packed_without_a_gap() -> None:
    four = cluster(*(node(f"n{n}", cpu=64, gpu=8) for n in range(4)))
    sizes = [3, 1, 4, 2, 5, 1]
    assert len(set(places(four, [asking(1, gpu=size) for size in sizes]))) == 2


def test_who_needs_gpus_is_not_shut_out_by_who_does_not() -> None:
    two = cluster(node("a", cpu=64, gpu=8), node("b", cpu=64, gpu=8))
    batch = [asking(32), asking(32)] + [asking(4, gpu=1)] * 16
    assert None not in places(two, batch)


def test_decisions_together_overcommit_nothing() -> None:
    two = cluster(node("a", cpu=3), node("b", cpu=2))
    assert places(two, [asking(2)] * 3) == ["b", "a", None]


def test_the_cluster_is_left_as_it_was() -> None:
    two = cluster(node("a", gpu=4), node("b"))
    two.occupy("p", "a", {GPU: 1, "cpu": 500})
    before = snapshot(two)
    for strategy in (BEST_FIT, SPREAD):
        decide(two, [asking(1, gpu=2), asking(4), asking(99), RequestClass((("never/seen", 1),))], strategy)
    assert snapshot(two) == before


def test_the_cluster_is_left_as_it_was_even_by_a_strategy_that_breaks() -> None:
    class Broken(Exception):
        pass

    two = cluster(node("a"), node("b"))
    before = snapshot(two)
    demand = two.demand(asking(2))
    try:
        with two.trial() as trial:
            trial.take(0, demand)
            assert snapshot(two) != before
            raise Broken
    except Broken:
        pass
    assert snapshot(two) == before


def test_decisions_come_in_the_order_of_the_requests() -> None:
    decisions = decide(cluster(node("n", cpu=8)), [asking(1), asking(99), asking(8), asking(7)])
    assert [decision.request_id for decision in decisions] == [0, 1, 2, 3]
    assert [decision.node for decision in decisions] == [None, None, "n", None]


def test_the_same_decision_is_made_again_until_the_caller_occupies() -> None:
    two = cluster(node("a", cpu=4), node("b", cpu=8))
    assert places(two, [asking(4)]) == places(two, [asking(4)]) == ["a"]
    two.occupy("p", "a", {"cpu": 4000, "pods": 1})
    assert places(two, [asking(4)]) == ["b"]
    two.vacate("p")
    assert places(two, [asking(4)]) == ["a"]


def test_thousands_of_waiting_requests_of_one_class_cost_one_look() -> None:
    looks = 0

    class Counting(Cluster):
        def demand(self, request_class: RequestClass) -> object:  # type: ignore[override]
            nonlocal looks
            looks += 1
            return super().demand(request_class)

    many = Counting()
    for n in range(100):
        many.set_node(node(f"n{n}"))
    waiting = [Request(n, RequestClass((("cpu", 9_000), ("pods", 1))), arrival=(n,)) for n in range(5_000)]
    decisions = place(waiting, many, BEST_FIT, Context())
    assert {decision.reason for decision in decisions} == {Reason.NO_SUCH_NODE}
    assert len({id(decision.message) for decision in decisions}) == 1
    assert looks < 10


def test_a_smaller_request_may_pass_a_larger_one_that_waits() -> None:
    decisions = decide(cluster(node("n", cpu=4)), [asking(8), asking(2)])
    assert [decision.node for decision in decisions] == [None, "n"]


def test_a_node_that_appears_changes_or_goes_is_seen_at_once() -> None:
    one = cluster(node("a", cpu=2))
    assert places(one, [asking(4)]) == [None]
    one.set_node(node("b", cpu=4))
    assert places(one, [asking(4)]) == ["b"]
    one.set_node(node("b", cpu=4, ready=False))
    assert places(one, [asking(4)]) == [None]
    one.set_node(node("a", cpu=4))
    assert places(one, [asking(4)]) == ["a"]
    one.remove_node("a")
    one.set_node(NodeInfo("b", {"cpu": 4000}))
    assert places(one, [asking(4)]) == [None]
