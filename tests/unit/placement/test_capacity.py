import pytest

from bayplan.model.reasons import Reason
from bayplan.model.resources import LARGEST
from bayplan.model.workload import NodeInfo, RequestClass
from tests.unit.placement.building import GI, GPU, asking, cluster, fits, node, places, refusal


def of(**amounts: int) -> RequestClass:
    return RequestClass(tuple(sorted(amounts.items())))


def test_the_whole_node_can_be_used_and_no_more() -> None:
    assert fits(node("n", cpu=8), asking(8))
    assert not fits(node("n", cpu=8), RequestClass((("cpu", 8001), ("pods", 1))))


def test_used_and_asked_together_must_fit() -> None:
    one = cluster(node("n", cpu=8))
    one.occupy("p", "n", {"cpu": 5000, "pods": 1})
    assert places(one, [asking(3)]) == ["n"]
    assert places(one, [asking(4)]) == [None]


def test_what_is_not_asked_for_does_not_matter() -> None:
    one = cluster(node("n"))
    one.occupy("p", "n", {"memory": 64 * GI, "cpu": 0})
    assert places(one, [of(cpu=1000, pods=1, memory=0)]) == ["n"]
    assert places(one, [of(memory=1)]) == [None]


def test_a_request_for_nothing_fits_a_full_node() -> None:
    one = cluster(NodeInfo("n", {}))
    assert places(one, [RequestClass(())]) == ["n"]
    assert places(one, [RequestClass((("cpu", 0), (GPU, 0)))]) == ["n"]


def test_the_number_of_pods_is_limited() -> None:
    small = cluster(NodeInfo("n", {"cpu": 8000, "pods": 2}))
    assert places(small, [asking(1)] * 3) == ["n", "n", None]
    small.occupy("a", "n", {"pods": 1})
    small.occupy("b", "n", {"pods": 1})
    assert refusal(small, asking(1)) == (Reason.NO_CAPACITY, "0/1 nodes: 1 is at the limit of pods")


def test_a_node_without_room_for_any_pod() -> None:
    none = cluster(NodeInfo("n", {"cpu": 8000}), NodeInfo("m", {"cpu": 8000, "pods": 0}))
    assert refusal(none, asking(1)) == (Reason.NO_SUCH_NODE, "0/2 nodes: 2 allow no pods")


def test_extended_resources() -> None:
    assert fits(node("n", gpu=8), asking(1, gpu=8))
    assert not fits(node("n", gpu=8), asking(1, gpu=9))
    assert not fits(node("n"), asking(1, gpu=1))


def test_too_small_even_empty_is_permanent() -> None:
    reason, message = refusal(cluster(node("a", gpu=2), node("b", gpu=1)), asking(1, gpu=4))
    assert reason is Reason.NO_SUCH_NODE
    assert message == "0/2 nodes: 2 have too little nvidia.com/gpu (4 asked, largest 2)"


def test_a_resource_that_nobody_has_is_permanent_and_leaves_no_trace() -> None:
    two = cluster(node("a"), node("b"))
    before = two.resources
    assert refusal(two, of(**{"amd.com/gpu": 1})) == (
        Reason.NO_SUCH_NODE,
        "0/2 nodes: 2 have too little amd.com/gpu (1 asked, largest 0; devices that only DRA offers are not seen)",
    )
    assert two.resources == before
    two.set_node(NodeInfo("c", {"amd.com/gpu": 1}))
    assert places(two, [of(**{"amd.com/gpu": 1})]) == ["c"]


def test_used_up_for_now_is_not_permanent() -> None:
    one = cluster(node("n", gpu=4))
    one.occupy("p", "n", {GPU: 3})
    reason, message = refusal(one, asking(1, gpu=2))
    assert reason is Reason.NO_CAPACITY
    assert message == "0/1 nodes: 1 has too little nvidia.com/gpu free (2 asked, at most 1 free)"


def test_an_overcommitted_node_has_nothing_free() -> None:
    one = cluster(node("n", gpu=1))
    one.occupy("p", "n", {GPU: 5})
    assert refusal(one, asking(1, gpu=1))[1].endswith("(1 asked, at most 0 free)")


@pytest.mark.parametrize("amount", [2**62, 2**63 - 1, 10**30])
def test_absurd_amounts_fit_nowhere_and_break_nothing(amount: int) -> None:
    one = cluster(node("n"), NodeInfo("huge", {"cpu": amount}))
    assert places(one, [of(cpu=amount)]) == [None]
    one.remove_node("huge")
    for key in range(50):
        one.occupy(key, "n", {"memory": amount})
    assert one.used.max() == 50 * LARGEST
    assert places(one, [of(memory=1)]) == [None]
    for key in range(50):
        one.vacate(key)
    assert not one.used.any()


def test_a_node_that_offers_less_than_nothing_offers_nothing() -> None:
    assert refusal(cluster(NodeInfo("n", {"cpu": -5, "pods": 9})), asking(1))[1].endswith("(1 asked, largest 0)")
