"""What is remembered of nodes that could not have a pod, or did not keep it, and when that ends."""

from itertools import pairwise

import pytest

from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.placing.rejections import Rejections

SMALL = RequestClass((("cpu", 1),), judged_elsewhere="ns/template")
PLAIN = RequestClass((("cpu", 1),))
OTHER = RequestClass((("cpu", 2),), judged_elsewhere="ns/template")


@pytest.fixture
def rejections() -> Rejections:
    return Rejections(10.0)


def left_out(rejections: Rejections, now: float, request_class: RequestClass = SMALL) -> bool:
    return "n" in rejections.active(now).get(request_class, ())


def lengths(rejections: Rejections, request_class: RequestClass, times: int) -> list[float]:
    """Seconds for which the node is left out, refused anew whenever it is tried again."""
    found, now = [], 0.0
    for _ in range(times):
        rejections.refused(request_class, "n", now)
        until = rejections.next_expiry(now)
        assert until is not None
        found.append(until - now)
        now = until
    return found


def test_a_refusal_is_remembered_for_its_class_and_node_for_a_while(rejections: Rejections) -> None:
    rejections.refused(SMALL, "n", 100.0)
    assert rejections.active(105.0) == {SMALL: frozenset({"n"})}
    assert rejections.next_expiry(105.0) == 110.0
    assert rejections.active(110.0) == {SMALL: frozenset()}, (
        "that it refused is remembered, so that kube-scheduler is asked at once"
    )


def test_a_node_that_refuses_again_is_left_out_longer_up_to_a_limit(rejections: Rejections) -> None:
    assert lengths(rejections, SMALL, 7) == [10.0, 20.0, 40.0, 80.0, 160.0, 160.0, 160.0]
    now = 10.0 + 20.0 + 40.0 + 80.0 + 3 * 160.0
    rejections.expire(now + 161.0)
    rejections.refused(SMALL, "n", now + 161.0)
    assert rejections.next_expiry(now + 161.0) == now + 171.0


def test_a_class_that_asks_nothing_special_is_soon_allowed_again_but_not_if_it_is_refused_twice(rejections: Rejections) -> None:
    assert lengths(rejections, PLAIN, 4) == [2.0, 10.0, 20.0, 40.0]


def test_siblings_of_one_decision_count_once(rejections: Rejections) -> None:
    for late in range(20):
        rejections.refused(SMALL, "n", 100.0 + late / 400)
    assert rejections.next_expiry(101.0) == 110.0


def test_it_ends_once_something_has_left_the_node(rejections: Rejections) -> None:
    rejections.refused(SMALL, "n", 100.0)
    rejections.refused(OTHER, "n", 100.0)
    rejections.left(["other"], 103.0)
    assert left_out(rejections, 104.0)
    rejections.left(["n"], 104.0)
    assert not left_out(rejections, 104.0)
    assert not left_out(rejections, 104.0, OTHER)


def test_it_ends_once_the_node_has_changed(rejections: Rejections) -> None:
    rejections.refused(SMALL, "n", 100.0)
    rejections.changed(["n"], 104.0)
    assert not left_out(rejections, 104.0)


def test_a_node_that_something_leaves_all_the_time_is_asked_ever_more_seldom(rejections: Rejections) -> None:
    now, asked = 0.0, []
    while now < 600.0:
        if not left_out(rejections, now):
            rejections.refused(SMALL, "n", now)
            asked.append(now)
        now += 0.125
        rejections.left(["n"], now)
    assert [later - before for before, later in pairwise(asked)][:8] == [
        0.125, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0,
    ]  # fmt: skip
    assert len(asked) < 18


def test_what_the_node_has_accepted_since_begins_a_new_row(rejections: Rejections) -> None:
    for now in (0.0, 50.0, 100.0, 150.0):
        rejections.refused(SMALL, "n", now)
        rejections.accepted(SMALL, "n")
        rejections.left(["n"], now + 0.5)
        assert not left_out(rejections, now + 0.5)


def test_that_one_is_accepted_lets_no_refused_sibling_in(rejections: Rejections) -> None:
    rejections.refused(SMALL, "n", 100.0)
    rejections.accepted(SMALL, "n")
    assert left_out(rejections, 105.0)


def test_what_was_evicted_is_not_sent_back_because_something_left_or_ran(rejections: Rejections) -> None:
    rejections.evicted(PLAIN, "n", 0.5, 100.0)
    rejections.accepted(PLAIN, "n")
    rejections.left(["n"], 101.0)
    assert left_out(rejections, 109.0, PLAIN)
    assert not left_out(rejections, 110.0, PLAIN)
    rejections.evicted(PLAIN, "n", 0.5, 112.0)
    assert rejections.next_expiry(112.0) == 132.0
    rejections.changed(["n"], 113.0)
    assert not left_out(rejections, 113.0, PLAIN)


@pytest.mark.parametrize(("stayed", "length"), [(0.0, 10.0), (0.5, 10.0), (2.0, 32.0), (10.0, 160.0), (86_400.0, 160.0)])
def test_what_stayed_longer_keeps_off_longer_up_to_a_limit(rejections: Rejections, stayed: float, length: float) -> None:
    rejections.evicted(PLAIN, "n", stayed, 100.0)
    assert rejections.next_expiry(100.0) == 100.0 + length


def test_who_refuses_all_is_known_for_longer_than_nodes_are_left_out(rejections: Rejections) -> None:
    rejections.refused(PLAIN, "n", 0.0)
    rejections.refused(PLAIN, "m", 1.0)
    rejections.evicted(OTHER, "n", 5.0, 2.0)
    rejections.expire(100.0)
    assert rejections.active(100.0).get(PLAIN) is None
    assert rejections.unwilling.nodes(100.0) == {PLAIN: frozenset({"n", "m"}), OTHER: frozenset({"n"})}
    rejections.changed(["n"], 100.0)
    assert rejections.unwilling.nodes(100.0) == {PLAIN: frozenset({"m"})}
    rejections.accepted(PLAIN, "x")
    assert rejections.unwilling.nodes(100.0) == {}, "one of the class runs"


def test_nothing_is_known_of_refusals_of_long_ago(rejections: Rejections) -> None:
    rejections.refused(PLAIN, "n", 0.0)
    assert rejections.unwilling.nodes(320.0) == {PLAIN: frozenset({"n"})}
    assert rejections.unwilling.nodes(320.1) == {}


def test_however_late_kube_scheduler_answers_two_nodes_do_not_take_turns_for_ever(rejections: Rejections) -> None:
    """Each refusal comes 5 s after the decision, when the memory of 2 s of the other node is over."""
    now, times = 0.0, {"a": 0, "b": 0, "c": 0}
    for _ in range(12):
        rejections.expire(now)
        left = rejections.active(now).get(PLAIN, frozenset())
        node = next((each for each in times if each not in left), None)
        if node is None:
            break
        now += 5.0
        rejections.refused(PLAIN, node, now)
        times[node] += 1
    assert min(times.values()) > 0
