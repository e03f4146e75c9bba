"""What a decider says and keeps, case by case; whole histories are drawn in `test_decider_histories`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.budget import seconds, steps, unlimited
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.decider import Decider
from bayplan.model.arrays import FloatArray
from bayplan.model.decision import Decision, Outcome
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy, with_hot
from bayplan.strategy.context import Context
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import FeasiblePlaces, Scorer, Strategy
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, asking, cluster, node
from tests.unit.placement.load_examples import measured
from tests.unit.placement.test_greedy import snapshot

SLACK = compile_preset("LeastSlack")
"""Of its questions none are left out."""


def wish(id_: object, cpu: int = 4, strategy: Strategy = BEST_FIT, policy: str = "p", **more: object) -> Wish:
    return Wish(Request(id_, asking(cpu), **more), strategy, policy)  # type: ignore[arg-type]


def told(on: Cluster, *wanted: Wish, **more: object) -> Decider:
    decider = Decider(on, **more)  # type: ignore[arg-type]
    decider.update(Changes(wanted))
    return decider


def nodes_of(outcome: Outcome) -> dict[object, str | None]:
    return {each.request_id: each.node for each in outcome.placements}


def words_of(outcome: Outcome) -> dict[object, str]:
    return {each.request_id: each.message for each in outcome.waiting}


def acted(on: Cluster, decider: Decider) -> dict[object, str | None]:
    """What it places, which occupies its nodes from now on."""
    requests = {id_: each.request for id_, each in decider.wishes.items()}
    found = decider.decide(0.0)
    for each in found.placements:
        on.occupy(each.request_id, each.node or "", dict(requests[each.request_id].request_class.resources))
    return nodes_of(found)


# What waits


@pytest.mark.parametrize("strategy", [BEST_FIT, SLACK], ids=["left out", "asked"])
def test_a_request_that_was_placed_waits_no_more_until_it_is_wanted_again(strategy: Strategy) -> None:
    on = cluster(node("a"))
    decider = told(on, wish("r", strategy=strategy))
    assert acted(on, decider) == {"r": "a"}
    assert len(decider) == 0
    assert decider.decide(0.0) == Outcome()
    on.vacate("r")
    decider.update(Changes((wish("r", strategy=strategy),)))
    assert len(decider) == 1
    assert acted(on, decider) == {"r": "a"}


def test_what_is_dropped_is_not_placed_and_what_is_unknown_is_ignored() -> None:
    decider = told(cluster(node("a")), wish("r"), wish("s"))
    decider.update(Changes(dropped=("r", "never heard of", ("a", 3))))
    assert list(decider.wishes) == ["s"]
    assert nodes_of(decider.decide(0.0)) == {"s": "a"}
    decider.update(Changes(dropped=("s",)))
    assert decider.decide(0.0) == Outcome()


def test_what_is_dropped_and_wanted_in_one_is_wanted() -> None:
    decider = told(cluster(node("a")), wish("r", cpu=9))
    decider.update(Changes((wish("r", cpu=4),), ("r",)))
    assert nodes_of(decider.decide(0.0)) == {"r": "a"}


@pytest.mark.parametrize("strategy", [BEST_FIT, SLACK], ids=["left out", "asked"])
def test_a_request_that_is_replaced_takes_its_new_data(strategy: Strategy) -> None:
    on = cluster(node("a", cpu=8))
    decider = told(on, *(wish(id_, 8, strategy, deadline=50.0, priority=-n) for n, id_ in enumerate("rs")))
    decider.update(Changes((wish("s", 8, strategy, deadline=20.0, priority=9),)))
    assert len(decider) == 2
    found = decider.decide(0.0)
    assert nodes_of(found) == {"s": "a"}, "the priority and the deadline are the new ones"
    decider.update(Changes((wish("r", 99, strategy),), reopened=True))
    assert [(each.request_id, each.reason) for each in decider.decide(0.0).waiting] == [("r", Reason.NO_SUCH_NODE)]
    decider.update(Changes((wish("r", 1, strategy),)))
    assert nodes_of(decider.decide(0.0)) == {"r": "a"}, "and so is the class"


def test_a_request_may_go_to_another_policy() -> None:
    decider = told(cluster(node("a"), node("b", labels={"pool": "b"})), wish("r", 4))
    other = replace(BEST_FIT, node_selector=(("pool", "b"),))
    decider.update(Changes((wish("r", 4, other, "q"),)))
    assert nodes_of(decider.decide(0.0)) == {"r": "b"}


# What is said


def test_nothing_is_said_of_requests_about_which_nothing_is_new() -> None:
    on = cluster(node("a"))
    decider = told(on, wish("r", 9), wish("s", 9, SLACK, "q"))
    assert words_of(decider.decide(0.0)).keys() == {"r", "s"}
    assert decider.decide(1.0) == Outcome()
    on.occupy("p", "a", {"cpu": 1000})
    assert decider.decide(2.0) == Outcome(), "less is free"
    on.vacate("p")
    assert words_of(decider.decide(3.0)).keys() == {"r", "s"}


def test_of_a_request_of_a_class_that_is_known_to_fit_nowhere_the_same_is_said() -> None:
    on = cluster(node("a"))
    on.occupy("p", "a", {"cpu": 6000})
    decider = told(on, wish("r"), wish("s"))
    words = "0/1 nodes: 1 has too little cpu free (4 asked, at most 2 free)"
    assert words_of(decider.decide(0.0)) == {"r": words, "s": words}
    assert decider.why(wish("t").request) is not None
    decider.update(Changes((wish("t", priority=9),)))
    (said,) = decider.decide(0.0).waiting
    assert said == Decision("t", None, Reason.NO_CAPACITY, words)
    why = decider.why(decider.wishes["t"].request)
    assert why is not None
    assert (why.node, why.reason, why.message) == (None, Reason.NO_CAPACITY, words)
    decider.update(Changes((wish("u", 2), wish("v"))))
    found = decider.decide(0.0)
    assert nodes_of(found) == {"u": "a"}
    assert words_of(found) == {"v": words}, "also where another request is asked about"


def test_of_what_was_placed_the_reason_for_which_it_waited_is_known_until_the_next_decision() -> None:
    for strategy in (BEST_FIT, SLACK):
        on = cluster(node("a"))
        on.occupy("p", "a", {"cpu": 6000})
        decider = told(on, wish("r", strategy=strategy))
        decider.decide(0.0)
        request = decider.wishes["r"].request
        on.vacate("p")
        assert acted(on, decider) == {"r": "a"}
        said = decider.why(request)
        assert said is not None
        assert said.reason is Reason.NO_CAPACITY
        decider.decide(0.0)
        assert decider.why(request) is None


def test_the_reason_stays_known_when_a_request_of_another_policy_joins() -> None:
    on = cluster(node("a"))
    on.occupy("p", "a", {"cpu": 6000})
    decider = told(on, wish("r"))
    decider.decide(0.0)
    request = decider.wishes["r"].request
    decider.update(Changes((wish("s", 1, SLACK, "q"),)))
    assert decider.why(request) is not None
    on.vacate("p")
    assert acted(on, decider) == {"r": "a", "s": "a"}
    said = decider.why(request)
    assert said is not None
    assert said.reason is Reason.NO_CAPACITY


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize("strategy", [BEST_FIT, SLACK], ids=["left out", "asked"])
def test_the_reason_stays_known_when_a_request_is_replaced_before_it_is_placed(strategy: Strategy, joins: bool) -> None:
    """Its expected duration has changed, or it has gone to another policy: it has waited all the same."""
    on = cluster(node("a"))
    on.occupy("p", "a", {"cpu": 6000})
    decider = told(on, wish("r", strategy=strategy), wish("other", 2, strategy))
    assert acted(on, decider) == {"other": "a"}
    again = wish("r", strategy=SLACK, policy="q") if joins else wish("r", strategy=strategy, critical_path=7.0)
    decider.update(Changes((again,)))
    on.vacate("p")
    assert acted(on, decider) == {"r": "a"}
    said = decider.why(again.request)
    assert said is not None
    assert said.reason is Reason.NO_CAPACITY


def test_where_another_thing_is_said_of_a_class_all_of_it_is_told() -> None:
    on = cluster(node("a"))
    on.occupy("p", "a", {"cpu": 6000})
    decider = told(on, wish("r"), wish("s"), wish("t", 9))
    decider.decide(0.0)
    on.remove_node("a")
    assert {each.request_id: each.reason for each in decider.decide(0.0).waiting} == dict.fromkeys("rst", Reason.NO_SUCH_NODE)
    decider.update(Changes(reopened=True))
    assert words_of(decider.decide(0.0)).keys() == {"r", "t"}, "of each class the same was said again, of its first"


def test_what_would_be_said_now_changes_nothing() -> None:
    on = cluster(node("a"))
    decider = told(on, wish("r"), wish("s"), wish("t"), wish("u", 1, SLACK, "q"))
    before = snapshot(on)
    said = decider.explain(0.0)
    assert [(each.request_id, each.node) for each in said] == [("r", "a"), ("s", "a"), ("t", None), ("u", None)]
    assert snapshot(on) == before
    assert len(decider) == 4
    assert decider.explain(0.0) == said
    assert nodes_of(decider.decide(0.0)) == {"r": "a", "s": "a"}
    assert snapshot(on) == before


# Who is decided together


def test_of_several_policies_the_higher_priorities_go_first() -> None:
    other = compile_preset("Spread")
    wanted = [
        wish("a low", 4, policy="a", priority=1),
        wish("a high", 4, policy="a", priority=7),
        wish("b high", 4, other, "b", priority=8),
        wish("b low", 4, other, "b", priority=0),
    ]
    on = cluster(node("n", cpu=4))
    order: list[object] = []
    decider = told(on, *wanted)
    while len(decider):
        placed = acted(on, decider)
        order += placed
        for id_ in placed:
            on.vacate(id_)
    assert order == ["b high", "a high", "a low", "b low"]


def test_requests_of_two_policies_with_one_strategy_are_not_one_line() -> None:
    """By their strategy the longer path goes first, but of two policies the first by name does."""
    paths = compile_strategy(["CriticalPath"], [Named("BestFit")], Named("Greedy"))
    wanted = wish("b", 4, paths, "b", critical_path=9.0), wish("a", 4, paths, "a", critical_path=1.0)
    for shortcuts in (True, False):
        assert nodes_of(told(cluster(node("n", cpu=4)), *wanted, shortcuts=shortcuts).decide(0.0)) == {"a": "n"}
        together = [replace(each, policy="p") for each in wanted]
        assert nodes_of(told(cluster(node("n", cpu=4)), *together, shortcuts=shortcuts).decide(0.0)) == {"b": "n"}


def test_candidates_of_an_adaptive_policy_are_decided_apart() -> None:
    seen: list[list[object]] = []

    @dataclass(frozen=True)
    class Listening:
        def __call__(self, requests: Sequence[Request], *more: object) -> list[Decision]:
            seen.append([each.id for each in requests])
            return [Decision(each.id, None, Reason.NO_CAPACITY, "") for each in requests]

    plugin = Plugin(planners={"Listening": Listening})  # type: ignore[dict-item]
    strategy = compile_strategy(["Age"], [Named("BestFit")], Named("Listening"), plugin=plugin)
    wanted = [replace(wish(number, 1, strategy), candidate="xy"[number % 2]) for number in range(4)]
    told(cluster(node("n")), *wanted).decide(0.0)
    assert seen == [[0, 2], [1, 3]]


def test_a_gang_goes_with_its_highest_priority_also_where_several_policies_compete() -> None:
    gang = Gang("g")
    wanted = wish("x", 4, priority=5, gang=gang), wish("y", 4, priority=0, gang=gang), wish("s", 2, SLACK, "q", priority=3)
    assert nodes_of(told(cluster(node("n", cpu=8)), *wanted).decide(0.0)) == {"x": "n", "y": "n"}
    assert nodes_of(told(cluster(node("n", cpu=5)), *wanted).decide(0.0)) == {"s": "n"}


def test_equal_classes_that_are_different_objects_are_one_class() -> None:
    """Each request brings a class of its own; two of three find room, and then one more."""
    on = cluster(node("a", cpu=8))
    decider = told(on, *(wish(number, 4, unit=number) for number in range(3)))
    assert len({id(each.request.request_class) for each in decider.wishes.values()}) == 3
    assert acted(on, decider) == {0: "a", 1: "a"}
    decider.update(Changes((wish(3, 4, unit=3),)))
    assert [(each.request_id, each.reason) for each in decider.decide(0.0).waiting] == [(3, Reason.NO_CAPACITY)]
    on.vacate(0)
    on.vacate(1)
    assert acted(on, decider) == {2: "a", 3: "a"}


def test_round_robin_goes_on_where_the_recorded_attempts_end() -> None:
    on = cluster(*(node(name) for name in "abcd"))
    turns = compile_preset("RoundRobin")
    decider = told(on, *(wish(number, 1, turns, unit=number) for number in range(2)))
    assert acted(on, decider) == {0: "a", 1: "b"}
    decider.update(Changes((wish(2, 1, turns),)))
    assert acted(on, decider) == {2: "c"}
    decider.update(Changes((wish(3, 1, turns),), placed=4))
    assert acted(on, decider) == {3: "a"}


# What may have become possible


def test_a_place_is_looked_for_again_once_something_is_freed_known_or_told() -> None:
    on = cluster(node("a"))
    asked = asking(4)
    for strategy in (BEST_FIT, SLACK):
        decider = Decider(on)
        decider.update(Changes((wish("r", strategy=strategy),), refused={asked: frozenset("a")}))
        assert nodes_of(decider.decide(0.0)) == {}
        decider.update(Changes(knowledge=KnowledgeSnapshot(), refused={asked: frozenset("a")}))
        assert decider.decide(0.0) == Outcome()
        decider.update(Changes(refused={}))
        assert nodes_of(decider.decide(0.0)) == {"r": "a"}


@pytest.mark.parametrize("strategy", [BEST_FIT, SLACK], ids=["left out", "asked"])
def test_a_place_is_looked_for_again_once_a_node_is_hot_no_more(strategy: Strategy) -> None:
    on = cluster(node("a"))
    hot, cool = (KnowledgeSnapshot(load=measured(on, {"a": {"cpu": share}})) for share in (0.9, 0.1))
    decider = Decider(on)
    decider.update(Changes((wish("r", strategy=with_hot(strategy, {"cpu": 0.8})),), knowledge=hot))
    assert words_of(decider.decide(0.0)) == {"r": "0/1 nodes: 1 is hot (cpu at 90 %)"}
    decider.update(Changes(knowledge=KnowledgeSnapshot(load=hot.load)))
    assert decider.decide(1.0) == Outcome(), "the same estimate"
    decider.update(Changes(knowledge=cool))
    assert nodes_of(decider.decide(2.0)) == {"r": "a"}


def test_of_a_class_of_which_nothing_waited_meanwhile_nothing_is_known() -> None:
    on = cluster(node("a"))
    on.occupy("p", "a", {"cpu": 8000})
    decider = told(on, wish("r", 2), wish("large", 8))
    assert nodes_of(decider.decide(0.0)) == {}
    decider.update(Changes(dropped=("r",)))
    on.occupy("p", "a", {"cpu": 5000})
    assert words_of(decider.decide(0.0)) == {}
    decider.update(Changes((wish("s", 2),)))
    assert nodes_of(decider.decide(0.0)) == {"s": "a"}


@pytest.mark.parametrize("shortcuts", [True, False])
def test_which_of_two_is_larger_depends_on_the_nodes_as_they_are_now(shortcuts: bool) -> None:
    """Both are equal by the strategy's order, and there is room for one: by cores the one is larger, by memory the other."""
    amounts = {"x": {"cpu": 3, "memory": 3}, "y": {"cpu": 2, "memory": 30}}
    classes = {name: RequestClass((*sorted(each.items()), ("pods", 1))) for name, each in amounts.items()}
    for nodes, expected in (([(4, 100)], "x"), ([(4, 100), (100, 40)], "y")):
        on = cluster(NodeInfo("a", {"cpu": 4, "memory": 100, "pods": 10}))
        on.occupy("p", "a", {"pods": 10})
        decider = told(on, *(Wish(Request(name, each), BEST_FIT, "p") for name, each in classes.items()), shortcuts=shortcuts)
        assert nodes_of(decider.decide(0.0)) == {}
        for cpu, memory in nodes:
            on.set_node(NodeInfo("a", {"cpu": cpu, "memory": memory, "pods": 10}))
        on.occupy("p", "a", {"pods": 9})
        assert nodes_of(decider.decide(0.0)) == {expected: "a"}


def test_another_of_a_gang_may_leave_a_place_though_nothing_became_free() -> None:
    """As full as "z" is, the gang's first goes there, where alone its second may go; once "a" is as full, it goes to "a"."""
    on = cluster(node("a", labels={"only": "a"}), node("z", labels={"only": "z"}))
    on.occupy("p", "a", {"cpu": 3000, "pods": 1})
    on.occupy("q", "z", {"cpu": 4000, "pods": 1})
    there = asking(4, node_selector=(("only", "z"),))
    gang = [wish("x", gang=Gang("g")), Wish(Request("y", there, gang=Gang("g"), arrival=(1,)), BEST_FIT, "p")]
    decider = told(on, *gang)
    assert acted(on, decider) == {}
    single = Request("s", asking(1, node_selector=(("only", "a"),)), arrival=(2,))
    decider.update(Changes((Wish(single, SLACK, "q"),)))
    assert acted(on, decider) == {"s": "a"}
    assert acted(on, decider) == {"x": "a", "y": "z"}
    assert decider.decide(0.0) == Outcome()


def test_without_one_of_a_gang_the_others_may_fit() -> None:
    decider = told(cluster(node("a")), wish("x", 4, gang=Gang("g")), wish("y", 6, gang=Gang("g")))
    assert nodes_of(decider.decide(0.0)) == {}
    decider.update(Changes(dropped=("y",)))
    assert nodes_of(decider.decide(0.0)) == {"x": "a"}


def test_a_place_that_is_not_acted_on_is_free_once_that_is_told() -> None:
    on = cluster(node("a", cpu=4))
    decider = told(on, wish("r"), wish("s", arrival=(1,)))
    assert nodes_of(decider.decide(0.0)) == {"r": "a"}
    decider.update(Changes(reopened=True))
    assert nodes_of(decider.decide(0.0)) == {"s": "a"}


def test_nothing_is_lost_where_a_plugin_fails_in_between() -> None:
    """The first is placed when the scorer fails at the second: both still wait, and get their places at the next try."""
    fails = [True]

    @dataclass(frozen=True)
    class Failing(Scorer):
        def __call__(self, request: Request, on: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
            if request.id == "s" and fails:
                raise RuntimeError("no such luck")
            return np.ones(len(places.rows))

    strategy = compile_strategy(["Age"], [Named("Failing")], Named("Greedy"), plugin=Plugin(scorers={"Failing": Failing}))
    on = cluster(node("a"))
    decider = told(on, wish("r", 4, strategy), wish("s", 3, strategy), wish("t", 2, strategy), wish("u", 3, strategy))
    before = snapshot(on)
    with pytest.raises(RuntimeError, match="no such luck"):
        decider.decide(0.0)
    assert snapshot(on) == before
    assert len(decider) == 4
    fails.clear()
    found = decider.decide(0.0)
    assert nodes_of(found) == {"r": "a", "s": "a"}
    assert words_of(found).keys() == {"t", "u"}


# On what, and for how long


def test_another_decider_decides_about_the_same_requests_on_other_nodes() -> None:
    on = cluster(node("a"))
    decider = told(on, wish("r"), wish("s", 9))
    other = decider.on(cluster(node("large", cpu=64)), KnowledgeSnapshot())
    assert nodes_of(other.decide(0.0)) == {"r": "large", "s": "large"}
    assert len(decider) == 2
    assert nodes_of(decider.decide(0.0)) == {"r": "a"}


@dataclass(frozen=True)
class Patient:
    """A planner that asks whether to stop until it is told so or has asked 50 times, and says how often it asked."""

    def __call__(self, requests: Sequence[Request], on: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        asked = next((number for number in range(50) if context.stop()), 50)
        return [Decision(each.id, None, Reason.NO_CAPACITY, str(asked)) for each in requests]


def patient(policy: str, *ids: object) -> list[Wish]:
    plugin = Plugin(planners={"Patient": Patient})  # type: ignore[dict-item]
    strategy = compile_strategy(["Age"], [Named("BestFit")], Named("Patient"), plugin=plugin)
    return [wish(id_, 1, strategy, policy) for id_ in ids]


def test_a_budget_in_steps_is_every_batchs_own_and_the_same_on_every_machine() -> None:
    wanted = [*patient("p", 0, 1), *patient("q", 2)]
    assert words_of(told(cluster(node("a")), *wanted).decide(0.0, steps(3))) == {0: "3", 1: "3", 2: "3"}
    assert words_of(told(cluster(node("a")), *wanted).decide(0.0, steps(0))) == {0: "0", 1: "0", 2: "0"}
    assert words_of(told(cluster(node("a")), *patient("p", 0)).decide(0.0, steps(4))) == {0: "4"}
    said = told(cluster(node("a")), *wanted).explain(0.0, steps(5))
    assert [each.message for each in said] == ["5"] * 3


def test_a_budget_in_seconds_goes_by_the_given_clock() -> None:
    at = iter(range(100))
    found = told(cluster(node("a")), *patient("p", 0), *patient("q", 1)).decide(0.0, seconds(10.0, lambda: next(at)))
    assert words_of(found) == {0: "9", 1: "9"}, "each batch begins when it begins"
    assert words_of(told(cluster(node("a")), *patient("p", 0)).decide(0.0, seconds(0.0, lambda: 7.0))) == {0: "0"}


def test_without_a_budget_a_planner_is_never_stopped() -> None:
    assert words_of(told(cluster(node("a")), *patient("p", 0)).decide(0.0)) == {0: "50"}
    assert words_of(told(cluster(node("a")), *patient("p", 0)).decide(0.0, unlimited)) == {0: "50"}


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="steps is -1: it must be 0 or above"):
        steps(-1)


def test_a_solver_with_few_steps_answers_the_same_again() -> None:
    """Ants that stop by steps, not by a clock."""
    strategy = compile_strategy(["Age"], [Named("BestFit")], Named("AntColony"))
    on = cluster(*(node(name, cpu=5) for name in "abc"))
    wanted = [wish(number, 1 + number % 4, strategy, unit=number) for number in range(9)]
    first = told(on, *wanted).decide(0.0, steps(3))
    assert "cut short" in first.placements[0].message
    assert told(on, *wanted).decide(0.0, steps(3)) == first
