import pytest

from bayplan.model.constraints import Taint, Toleration
from bayplan.model.reasons import Reason
from tests.unit.placement.building import asking, cluster, fits, node, places, refusal

DEDICATED = Taint("dedicated", "ml", "NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        (Toleration("dedicated", "Equal", "ml", "NoSchedule"), True),
        (Toleration("dedicated", "Equal", "ml", ""), True),
        (Toleration("dedicated", "", "ml", ""), True),
        (Toleration("dedicated", "Equal", "web", "NoSchedule"), False),
        (Toleration("dedicated", "Equal", "", "NoSchedule"), False),
        (Toleration("dedicated", "Exists", "", "NoSchedule"), True),
        (Toleration("dedicated", "Exists", "", "NoExecute"), False),
        (Toleration("other", "Exists"), False),
        (Toleration("", "Exists"), True),
        (Toleration("", "Exists", "", "NoSchedule"), True),
        (Toleration("", "Exists", "", "NoExecute"), False),
        (Toleration("", "Equal", "ml"), False),
        (Toleration("dedicated", "Sometimes", "ml"), False),
    ],
)
def test_tolerations(toleration: Toleration, tolerated: bool) -> None:
    assert fits(node("n", taints=(DEDICATED,)), asking(tolerations=(toleration,))) is tolerated


@pytest.mark.parametrize(("effect", "keeps_away"), [("NoSchedule", True), ("NoExecute", True), ("PreferNoSchedule", False)])
def test_effects(effect: str, keeps_away: bool) -> None:
    assert fits(node("n", taints=(Taint("k", "", effect),)), asking()) is not keeps_away


def test_every_taint_must_be_tolerated() -> None:
    both = node("n", taints=(DEDICATED, Taint("gpu", "", "NoExecute")))
    one, other = Toleration("dedicated", "Exists"), Toleration("gpu", "Exists")
    assert not fits(both, asking(tolerations=(one,)))
    assert fits(both, asking(tolerations=(one, other)))


def test_a_taint_is_permanent_and_named() -> None:
    reason, message = refusal(cluster(node("n", taints=(DEDICATED,))), asking())
    assert reason is Reason.NO_SUCH_NODE
    assert message == "0/1 nodes: 1 has taint dedicated=ml:NoSchedule that is not tolerated"


def test_an_untolerated_prefer_no_schedule_makes_a_node_worse() -> None:
    two = cluster(node("a", taints=(Taint("old", "", "PreferNoSchedule"),)), node("b"))
    assert places(two, [asking()]) == ["b"]
    assert places(two, [asking(tolerations=(Toleration("old", "Exists"),))]) == ["a"]
    assert places(two, [asking(8), asking(8)]) == ["b", "a"]


@pytest.mark.parametrize("condition", ["memory-pressure", "disk-pressure", "pid-pressure", "network-unavailable"])
def test_taints_of_conditions_pass_by_themselves(condition: str) -> None:
    taint = Taint(f"node.kubernetes.io/{condition}")
    reason, message = refusal(cluster(node("n", taints=(taint,))), asking())
    assert reason is Reason.NO_CAPACITY
    assert message == f"0/1 nodes: 1 has taint {taint} that is not tolerated"
    assert fits(node("n", taints=(taint,)), asking(tolerations=(Toleration(taint.key, "Exists"),)))
