"""What planners answer is tried again: nonsense is no decision, and what holds stays."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.core.changes import KnowledgeSnapshot
from bayplan.model.constraints import Taint
from bayplan.model.decision import Decision, Outcome
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from bayplan.strategy.compile import with_hot
from tests.unit.placement.building import asking, cluster, node
from tests.unit.placement.load_examples import measured
from tests.unit.placement.nonsense import SAID, Answer, decided, saying
from tests.unit.placement.test_greedy import snapshot

MILLI = "bayplan.dev/gpu-milli"
ASKED = asking(4)


def places(outcome: Outcome) -> dict[object, tuple[str | None, tuple[int, ...], bool]]:
    """By request: its node and GPUs, and whether the plugin said so."""
    return {each.request_id: (each.node, each.gpus, each.message == SAID) for each in (*outcome.placements, *outcome.waiting)}


@pytest.mark.parametrize(
    ("bad", "pool"),
    [
        (node("other"), ""),
        (node("a", cpu=3), ""),
        (node("a", labels={"pool": "x"}), "y"),
        (node("a", taints=(Taint("t", "", "NoSchedule"),)), ""),
        (node("a", unschedulable=True), ""),
        (node("a", ready=False), ""),
    ],
    ids=["no such node", "too small", "outside the policy", "taint", "cordoned", "not ready"],
)
def test_a_node_that_does_not_admit_the_request(bad: NodeInfo, pool: str) -> None:
    on = cluster(bad, node("b", labels={"pool": "y"}))
    requests = [Request("wrong", ASKED), Request("right", ASKED)]
    before = snapshot(on)
    found = places(decided(on, saying({"wrong": ("a", ()), "right": ("b", ())}, pool), requests))
    assert found == {"wrong": ("b", (), False), "right": ("b", (), True)}
    assert snapshot(on) == before


def test_a_node_that_kube_scheduler_refused() -> None:
    found = decided(
        cluster(node("a"), node("b")),
        saying({"wrong": ("a", ()), "right": ("a", ())}),
        [Request("wrong", ASKED), Request("right", asking(3))],
        refused={ASKED: frozenset("a")},
    )
    assert places(found) == {"wrong": ("b", (), False), "right": ("a", (), True)}


def test_a_hot_node() -> None:
    on = cluster(node("a"), node("b"))
    strategy = with_hot(saying({"wrong": ("a", ()), "right": ("b", ())}), {"cpu": 0.8})
    known = KnowledgeSnapshot(load=measured(on, {"a": {"cpu": 0.9}}))
    found = decided(on, strategy, [Request("wrong", ASKED), Request("right", ASKED)], known)
    assert places(found) == {"wrong": ("b", (), False), "right": ("b", (), True)}
    assert places(decided(on, strategy, [Request("wrong", ASKED)])) == {"wrong": ("a", (), True)}, "it was not measured"


def test_a_node_that_gets_hot_by_the_batch_itself_was_not_hot_before() -> None:
    on = cluster(node("a"))
    known = KnowledgeSnapshot(load=measured(on, {"a": {"cpu": 0.1}}))
    strategy = with_hot(saying({"large": ("a", ()), "small": ("a", ())}), {"cpu": 0.8})
    found = decided(on, strategy, [Request("large", asking(7)), Request("small", asking(1))], known)
    assert places(found) == {"large": ("a", (), True), "small": ("a", (), True)}


def test_the_same_room_twice_is_the_firsts_in_line() -> None:
    on = cluster(node("a", cpu=4), node("b", cpu=4))
    strategy = saying({"low": ("a", ()), "high": ("a", ())})
    found = decided(on, strategy, [Request("low", ASKED), Request("high", ASKED, priority=9)])
    assert places(found) == {"low": ("b", (), False), "high": ("a", (), True)}


def test_a_full_node_with_nowhere_else_to_go() -> None:
    on = cluster(node("a", cpu=4))
    on.occupy("p", "a", {"cpu": 1000})
    (waiting,) = decided(on, saying({"wrong": ("a", ())}), [Request("wrong", ASKED)]).waiting
    assert waiting.reason is Reason.NO_CAPACITY
    assert waiting.message == "0/1 nodes: 1 has too little cpu free (4 asked, at most 3 free)"


@pytest.mark.parametrize(
    ("ask", "answer", "right"),
    [
        (GpuAsk(1, 500), (0,), (1,)),
        (GpuAsk(2), (1, 1), (1, 2)),
        (GpuAsk(2), (0, 1), (1, 2)),
        (GpuAsk(1), (3,), (1,)),
        (GpuAsk(1), (-1,), (1,)),
        (GpuAsk(2), (1,), (1, 2)),
        (GpuAsk(1), (1, 2), (1,)),
        (GpuAsk(1), (), (1,)),
        (None, (1,), ()),
    ],
    ids=["taken", "doubled", "one taken", "beyond the last", "negative", "too few", "too many", "none", "none are asked for"],
)
def test_gpus_that_are_not_there(ask: GpuAsk | None, answer: tuple[int, ...], right: tuple[int, ...]) -> None:
    """Of the node's three GPUs, 0.6 of the first are used."""
    on = cluster(NodeInfo("a", {"cpu": 8, MILLI: 3000}, gpus=Gpus(3)))
    on.occupy("p", "a", {MILLI: 600}, GpuUse(GpuAsk(1, 600), (0,)))
    asked = RequestClass((("cpu", 1),) if ask is None else ((MILLI, ask.total), ("cpu", 1)), gpus=ask)
    assert places(decided(on, saying({"r": ("a", answer)}), [Request("r", asked)])) == {"r": ("a", right, False)}
    assert places(decided(on, saying({"r": ("a", right)}), [Request("r", asked)])) == {"r": ("a", right, True)}


def in_gang(name: str, minimum: int | None = None, cpu: int = 4) -> Request:
    return Request(name, asking(cpu), gang=Gang("g", minimum))


def test_half_a_gang_is_decided_again_as_one() -> None:
    """There is room for all of it, or there is not; the single request beside it stays where it is."""
    single = Request("single", asking(1))
    strategy = saying({"x": ("a", ()), "single": ("a", ())})
    found = decided(cluster(node("a", cpu=5), node("b", cpu=4)), strategy, [in_gang("x"), in_gang("y"), single])
    assert places(found) == {"x": ("a", (), False), "y": ("b", (), False), "single": ("a", (), True)}
    found = decided(cluster(node("a", cpu=5)), strategy, [in_gang("x"), in_gang("y"), single])
    assert places(found) == {"x": (None, (), False), "y": (None, (), False), "single": ("a", (), True)}
    assert {each.reason for each in found.waiting} == {Reason.GANG_INCOMPLETE}


def test_a_gang_of_which_one_place_does_not_hold_is_decided_again_as_one() -> None:
    on = cluster(node("a", cpu=4), node("b", cpu=8))
    strategy = saying({"x": ("b", ()), "y": ("gone", ()), "single": ("b", ())})
    found = decided(on, strategy, [in_gang("x"), in_gang("y"), Request("single", asking(1))])
    assert places(found) == {"x": ("a", (), False), "y": ("b", (), False), "single": ("b", (), True)}


def test_a_gang_may_have_its_minimum_and_no_less() -> None:
    on = cluster(node("a", cpu=8))
    strategy = saying({"x": ("a", ()), "y": ("a", ())})
    enough = decided(on, strategy, [in_gang(name, 2) for name in "xyz"])
    assert places(enough) == {"x": ("a", (), True), "y": ("a", (), True), "z": (None, (), True)}
    too_few = decided(on, strategy, [in_gang(name, 3) for name in "xyz"])
    assert places(too_few) == dict.fromkeys("xyz", (None, (), False))


def test_a_planner_that_answers_other_requests_is_named() -> None:
    strategy = saying({})
    answers = strategy.planner.planner  # type: ignore[attr-defined]
    object.__setattr__(strategy.planner, "planner", lambda requests, *more: answers(requests[::-1], *more))
    words = r"was asked about 4 requests \(0, 1, 2, ...\), and answered about 4 requests \(3, 2, 1, ...\): it must answer each"
    with pytest.raises(ValueError, match=words):
        decided(cluster(node("a")), strategy, [Request(number, ASKED) for number in range(4)])
    object.__setattr__(strategy.planner, "planner", lambda requests, *more: answers(requests[1:], *more))
    with pytest.raises(ValueError, match=r"answered about 0 requests \(\): it must"):
        decided(cluster(node("a")), strategy, [Request(0, ASKED)])


_ANSWER = st.tuples(st.sampled_from(("n0", "n0", "n1", "gone")), st.lists(st.integers(-1, 2), max_size=2).map(tuple))
_ASK = st.sampled_from((None, GpuAsk(1, 500), GpuAsk(1), GpuAsk(2)))
_DRAWN = st.tuples(st.integers(1, 3), _ASK, st.sampled_from((None, None, "g", "h")), st.none() | _ANSWER)


@settings(max_examples=80, deadline=None)
@given(st.lists(_DRAWN, min_size=1, max_size=7))
def test_whatever_a_planner_answers_nothing_is_over_committed_and_no_gang_is_split(
    drawn: list[tuple[int, GpuAsk | None, str | None, Answer | None]],
) -> None:
    on = cluster(*(NodeInfo(name, {"cpu": 5, MILLI: 2000}, gpus=Gpus(2)) for name in ("n0", "n1")))
    requests = [
        Request(
            number,
            RequestClass((("cpu", cpu),) if ask is None else ((MILLI, ask.total), ("cpu", cpu)), gpus=ask),
            gang=None if gang is None else Gang(gang),
        )
        for number, (cpu, ask, gang, _) in enumerate(drawn)
    ]
    outcome = decided(on, saying({n: answer for n, (*_, answer) in enumerate(drawn) if answer is not None}), requests)
    cpu: dict[str | None, int] = defaultdict(int)
    gpus: dict[tuple[str | None, int], int] = defaultdict(int)
    gangs: dict[str | None, list[Decision]] = defaultdict(list)
    for each in outcome.placements:
        asked, ask, gang, _ = drawn[int(str(each.request_id))]
        cpu[each.node] += asked
        gangs[gang].append(each)
        assert len(set(each.gpus)) == len(each.gpus) == (ask.count if ask else 0)
        for device in each.gpus:
            gpus[each.node, device] += ask.thousandths if ask else 0
    assert cpu.keys() <= {"n0", "n1"}
    assert gpus.keys() <= {(name, device) for name in ("n0", "n1") for device in (0, 1)}
    assert max(cpu.values(), default=0) <= 5
    assert max(gpus.values(), default=0) <= 1000
    for gang in ("g", "h"):
        assert len(gangs[gang]) in (0, sum(each[2] == gang for each in drawn))
    said = [(each.request_id, each.node) for each in outcome.placements if each.message == SAID]
    assert all(drawn[int(str(id_))][3][0] == where for id_, where in said)  # type: ignore[index]
