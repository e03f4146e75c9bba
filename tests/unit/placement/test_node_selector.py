import pytest

from bayplan.model.reasons import Reason
from bayplan.strategy.compile import Named, compile_strategy
from tests.unit.placement.building import asking, cluster, decide, fits, node, places, refusal


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"pool": "a"}, True),
        ({"pool": "a", "other": "x"}, True),
        ({"pool": "b"}, False),
        ({"pool": ""}, False),
        ({}, False),
    ],
)
def test_every_label_named_must_have_the_value_named(labels: dict[str, str], expected: bool) -> None:
    assert fits(node("n", labels=labels), asking(node_selector=(("pool", "a"),))) is expected


def test_all_labels_must_match() -> None:
    both = asking(node_selector=(("pool", "a"), ("zone", "z")))
    assert fits(node("n", labels={"pool": "a", "zone": "z"}), both)
    assert not fits(node("n", labels={"pool": "a"}), both)


def test_an_empty_value_is_a_value() -> None:
    empty = asking(node_selector=(("pool", ""),))
    assert fits(node("n", labels={"pool": ""}), empty)
    assert not fits(node("n"), empty)


def test_the_mismatch_is_permanent_and_named() -> None:
    reason, message = refusal(cluster(node("n")), asking(node_selector=(("pool", "a"),)))
    assert reason is Reason.NO_SUCH_NODE
    assert message == "0/1 nodes: 1 does not match nodeSelector pool=a"


def test_a_policys_selector_holds_for_all_its_requests() -> None:
    strategy = compile_strategy(["Age"], [Named("BestFit", 1)], Named("Greedy"), (("pool", "a"),))
    two = cluster(node("n1"), node("n2", labels={"pool": "a"}))
    assert places(two, [asking()], strategy) == ["n2"]
    assert places(two, [asking()]) == ["n1"]
    decision = decide(cluster(node("n1")), [asking()], strategy)[0]
    assert decision.reason is Reason.NO_SUCH_NODE
    assert decision.message == "0/1 nodes: 1 does not match the policy's nodeSelector pool=a"
