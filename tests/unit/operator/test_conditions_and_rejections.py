from typing import Any

from bayplan.model.workload import RequestClass
from bayplan_operator.conductor import conditions
from bayplan_operator.conductor.placing.rejections import Rejections

SMALL = RequestClass((("cpu", 1),), judged_elsewhere="ns/template")


def test_the_transition_time_changes_only_with_the_status() -> None:
    known: list[dict[str, Any]] = []
    assert conditions.put(known, "Accepted", True, "Accepted", "fine", 1, 1000.0)
    assert not conditions.put(known, "Accepted", True, "Accepted", "still fine", 2, 2000.0)
    assert known[0]["lastTransitionTime"] == conditions.stamp(1000.0)
    assert (known[0]["message"], known[0]["observedGeneration"]) == ("still fine", 2)
    assert conditions.put(known, "Accepted", False, "Invalid", "no", 3, 3000.0)
    assert known[0]["lastTransitionTime"] == conditions.stamp(3000.0)
    assert len(known) == 1


def test_a_refusal_is_remembered_for_its_class_and_node_for_a_while() -> None:
    rejections = Rejections(10.0)
    rejections.remember(SMALL, "n", 100.0)
    assert rejections.active(105.0) == {SMALL: frozenset({"n"})}
    assert rejections.next_expiry(105.0) == 110.0
    assert rejections.active(110.0) == {}


def test_a_node_that_refuses_again_is_left_out_longer_up_to_a_limit() -> None:
    rejections = Rejections(10.0)
    lengths = []
    now = 0.0
    for _ in range(7):
        rejections.remember(SMALL, "n", now)
        until = rejections.next_expiry(now)
        assert until is not None
        lengths.append(until - now)
        now = until
    assert lengths == [10.0, 20.0, 40.0, 80.0, 160.0, 160.0, 160.0]
    rejections.expire(now + 161.0)
    rejections.remember(SMALL, "n", now + 161.0)
    assert rejections.next_expiry(now + 161.0) == now + 171.0


def test_a_refusal_of_pods_that_ask_nothing_special_is_soon_forgotten() -> None:
    rejections = Rejections(10.0)
    plain = RequestClass((("cpu", 1),))
    rejections.remember(plain, "n", 100.0)
    assert rejections.active(101.0) == {plain: frozenset({"n"})}
    assert rejections.active(102.0) == {}
