from collections import Counter

import pytest

from bayplan.core.engine import place
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.compile import Named, Strategy, compile_strategy
from bayplan.strategy.context import Context
from tests.unit.placement.building import asking, cluster, decide, node, places


def planned(planner: str, **parameters: str) -> Strategy:
    return compile_strategy(["Age"], [Named("BestFit")], Named(planner, parameters=parameters))


ROUND_ROBIN, RANDOM = planned("RoundRobin"), planned("Random")


def test_round_robin_takes_turns_by_name() -> None:
    three = cluster(node("b"), node("a"), node("c"))
    assert places(three, [asking(1)] * 5, ROUND_ROBIN) == ["a", "b", "c", "a", "b"]


def test_round_robin_goes_on_where_the_batch_before_ended() -> None:
    three = cluster(node("a"), node("b"), node("c"))
    assert [each.node for each in decide(three, [asking(1)] * 2, ROUND_ROBIN, Context(turn=5))] == ["c", "a"]


def test_round_robin_passes_over_who_has_no_room() -> None:
    three = cluster(node("a"), node("b"), node("c"))
    three.occupy("p", "b", {"cpu": 7000})
    assert places(three, [asking(4)] * 4, ROUND_ROBIN) == ["a", "c", "c", "a"]
    assert places(three, [asking(4)] * 5, ROUND_ROBIN)[-1] is None


def test_the_few_nodes_that_admit_a_pod_take_turns_among_themselves() -> None:
    many = cluster(*(node(f"n{n}", labels={"pool": "x" if n in (3, 7) else "y"}) for n in range(9)))
    assert places(many, [asking(1, node_selector=(("pool", "x"),))] * 4, ROUND_ROBIN) == ["n3", "n7", "n3", "n7"]


def test_round_robin_knows_that_rows_of_nodes_that_went_are_no_nodes() -> None:
    three = cluster(node("a"), node("b"), node("c"))
    three.remove_node("a")
    assert places(three, [asking(1)] * 3, ROUND_ROBIN) == ["b", "c", "b"]


def test_random_depends_on_seed_and_turn_only() -> None:
    def drawn(seed: int, turn: int, *names: str) -> list[str | None]:
        on = cluster(*(node(name) for name in names))
        return [each.node for each in decide(on, [asking(1)] * 20, RANDOM, Context(seed=seed, turn=turn))]

    assert drawn(1, 0, "a", "b", "c") == drawn(1, 0, "c", "a", "b")
    assert drawn(1, 0, "a", "b", "c") != drawn(2, 0, "a", "b", "c")
    assert drawn(1, 0, "a", "b", "c") != drawn(1, 20, "a", "b", "c")


def test_random_draws_every_node_about_as_often() -> None:
    on = cluster(*(node(f"n{n}", cpu=1000) for n in range(4)))
    counts = Counter(each.node for each in decide(on, [asking(1)] * 400, RANDOM))
    assert all(70 <= counts[f"n{n}"] <= 130 for n in range(4))  # mean 100, standard deviation 8.7


def test_static_follows_the_map() -> None:
    strategy = planned("Static", **{"train": "b", "graph/test": "a"})
    requests = [Request(n, asking(8), task=task) for n, task in enumerate(["x/train", "graph/test", "x/train", "y/test"])]
    decisions = place(requests, cluster(node("a"), node("b")), strategy, Context())
    assert [each.node for each in decisions] == ["b", "a", None, None]
    assert (decisions[2].reason, decisions[2].message) == (
        Reason.NO_CAPACITY,
        "node b, which the static map names, has too little free",
    )
    assert (decisions[3].reason, decisions[3].message) == (
        Reason.NO_SUCH_NODE,
        "the static map has no node for task y/test",
    )


def test_static_knows_a_task_by_its_graph_and_by_what_it_is_across_graphs() -> None:
    strategy = planned("Static", **{"nightly-7/fit": "a", "train/fit": "b", "eval": "a"})
    asked = [
        Request(0, asking(1), task="team/train/fit", name="nightly-7/fit"),
        Request(1, asking(1), task="team/train/fit", name="nightly-8/fit"),
        Request(2, asking(1), task="team/train/other", name="nightly-8/eval"),
        Request(3, asking(1), task="team/train/none", name="nightly-8/none"),
    ]
    decisions = place(asked, cluster(node("a"), node("b")), strategy, Context())
    assert [each.node for each in decisions] == ["a", "b", "a", None]
    assert decisions[3].message == "the static map has no node for task nightly-8/none"


def test_static_says_what_is_wrong_with_the_map() -> None:
    strategy = planned("Static", gone="z", huge="a")
    requests = [Request(0, asking(1), task="gone"), Request(1, asking(99), task="huge")]
    decisions = place(requests, cluster(node("a")), strategy, Context())
    assert [each.message for each in decisions] == [
        "there is no node z, which the static map names",
        "node a, which the static map names, does not admit the pod",
    ]


@pytest.mark.parametrize(
    ("scorer", "expected"),
    [
        # Busiest share afterwards: 3/8, 5/16, 6/8; then 3/8 and 6/16 are equal; then 4/8 and 6/16.
        ("LeastLoaded", ["b", "a", "b"]),
        ("LeastConnections", ["c", "c", "b"]),
        # One resource only, so the share that is free: 6/8 and 12/16 are equal; then 5/8 and 12/16; then 5/8 and 11/16.
        ("DotProduct", ["a", "b", "b"]),
    ],
)
def test_least_loaded_least_connections_and_dot_product(scorer: str, expected: list[str]) -> None:
    strategy = compile_strategy(["Age"], [Named(scorer)], Named("Greedy"))
    three = cluster(node("a", cpu=8), node("b", cpu=16), node("c", cpu=8))
    three.occupy("p", "a", {"cpu": 2000, "pods": 3})
    three.occupy("q", "b", {"cpu": 4000, "pods": 2})
    three.occupy("r", "c", {"cpu": 5000, "pods": 0})
    assert places(three, [asking(1)] * 3, strategy) == expected
