"""What is wrong with a tree of queues, said of each queue that it stops."""

import pytest

from bayplan.admission.queue import Queue, QuotaRow, StopPolicy
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey

GPU = QuotaKey("nvidia.com/gpu")


def row(nominal: int, **limits: int) -> QuotaRow:
    return QuotaRow(GPU, nominal, **limits)


def test_a_cycle_stops_its_members_and_what_is_below_and_names_them() -> None:
    tree = tree_of([Queue("a", "b"), Queue("b", "c"), Queue("c", "a"), Queue("d", "c"), Queue("e")])
    assert tree.faults == {
        "a": "queue a: its parents form a cycle: a -> b -> c -> a",
        "b": "queue b: its parents form a cycle: a -> b -> c -> a",
        "c": "queue c: its parents form a cycle: a -> b -> c -> a",
        "d": "queue d: the parents above it form a cycle: a -> b -> c -> a",
    }
    assert tree.stopped("a") == tree.faults["a"]
    assert tree.stopped("e") == ""
    assert tree.limits().queues == ("e",)


def test_a_queue_that_is_its_own_parent_is_a_cycle() -> None:
    assert tree_of([Queue("a", "a")]).faults == {"a": "queue a: its parents form a cycle: a -> a"}


def test_an_unknown_parent_stops_the_queue_and_what_is_below() -> None:
    tree = tree_of([Queue("a", "gone"), Queue("b", "a")])
    assert tree.faults == {
        "a": "queue a: parentName is gone, and there is no such queue",
        "b": "queue b: its ancestor a names the parent gone, and there is no such queue",
    }


def test_a_limit_without_a_parent_is_a_fault_of_the_queue_and_of_all_below() -> None:
    tree = tree_of([Queue("a", None, (row(8, borrowing_limit=4),)), Queue("b", "a")])
    fault = (
        "queue a: the quota of nvidia.com/gpu has a borrowingLimit, and the queue has no parent: "
        "give it a parentName, or leave the limit out"
    )
    assert tree.faults == {"a": fault, "b": f"queue b: its ancestor has a fault: {fault}"}
    assert tree_of([Queue("a", None, (row(8, lending_limit=0),))]).stopped("a").startswith("queue a: the quota")


def test_a_stopped_parent_stops_its_subtree() -> None:
    tree = tree_of([Queue("a", stop=StopPolicy.HOLD), Queue("b", "a"), Queue("c")])
    assert tree.stopped("a") == "queue a lets nothing start: its stopPolicy is Hold"
    assert tree.stopped("b") == "queue b lets nothing start: the stopPolicy of its ancestor a is Hold"
    assert tree.stopped("c") == ""
    assert tree.stopped("z") == "queue z does not exist"


def test_parents_come_before_their_children() -> None:
    tree = tree_of([Queue("a", "m"), Queue("m", "z"), Queue("z"), Queue("b")])
    assert list(tree.queues) == ["z", "m", "a", "b"]
    assert tree.limits().parents == (-1, 0, 1, -1)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_must_be_above_0(weight: float) -> None:
    with pytest.raises(ValueError, match=r"queue a: weight is .*: it must be a number above 0"):
        Queue("a", weight=weight)


def test_figures_of_a_quota_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match=r"quota of nvidia\.com/gpu: nominal is -1: it must be 0 or above"):
        row(-1)
    with pytest.raises(ValueError, match="borrowingLimit is -2"):
        row(1, borrowing_limit=-2)
    with pytest.raises(ValueError, match="lendingLimit is -2"):
        row(1, lending_limit=-2)
    with pytest.raises(ValueError, match=r"queue a: there are two quotas of nvidia\.com/gpu: there must be one"):
        Queue("a", quotas=(row(1), row(2)))
