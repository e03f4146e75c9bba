import pytest

from bayplan.model.constraints import Taint, Toleration
from bayplan.model.reasons import Reason
from bayplan.strategy.context import Context
from tests.unit.placement.building import asking, cluster, decide, fits, node, refusal

CORDON = "node.kubernetes.io/unschedulable"


def test_a_node_that_is_not_ready_passes() -> None:
    assert refusal(cluster(node("n", ready=False)), asking()) == (
        Reason.NO_CAPACITY,
        "0/1 nodes: 1 is not ready",
    )


def test_who_tolerates_everything_still_needs_a_ready_node() -> None:
    assert not fits(node("n", ready=False), asking(tolerations=(Toleration("", "Exists"),)))


@pytest.mark.parametrize("state", ["not-ready", "unreachable"])
def test_the_taint_counts_even_while_the_condition_says_ready(state: str) -> None:
    tainted = node("n", taints=(Taint(f"node.kubernetes.io/{state}"),))
    assert refusal(cluster(tainted), asking()) == (Reason.NO_CAPACITY, "0/1 nodes: 1 is not ready")


def test_a_cordoned_node_passes() -> None:
    reason, message = refusal(cluster(node("n", unschedulable=True), node("m", unschedulable=True)), asking())
    assert reason is Reason.NO_CAPACITY
    assert message == "0/2 nodes: 2 are cordoned"


def test_the_taint_of_a_cordon_counts_by_itself() -> None:
    assert refusal(cluster(node("n", taints=(Taint(CORDON),))), asking())[1] == "0/1 nodes: 1 is cordoned"


@pytest.mark.parametrize(
    ("toleration", "allowed"),
    [
        (Toleration(CORDON, "Exists", "", "NoSchedule"), True),
        (Toleration(CORDON, "Exists"), True),
        (Toleration("", "Exists"), True),
        (Toleration(CORDON, "Exists", "", "NoExecute"), False),
    ],
)
def test_a_cordon_can_be_tolerated(toleration: Toleration, allowed: bool) -> None:
    cordoned = node("n", unschedulable=True, taints=(Taint(CORDON),))
    assert fits(cordoned, asking(tolerations=(toleration,))) is allowed


def test_what_kube_scheduler_refused_is_left_out_for_that_class_only() -> None:
    two = cluster(node("a"), node("b"))
    refused = Context(rejected={asking(): frozenset({"a", "gone"})})
    first, second = decide(two, [asking(), asking(2)], context=refused)
    assert (first.node, second.node) == ("b", "a")
    assert "; 1 of 2 nodes fit" in first.message


def test_refused_everywhere_it_waits_for_capacity() -> None:
    refused = Context(rejected={asking(): frozenset({"a"})})
    assert refusal(cluster(node("a")), asking(), refused) == (
        Reason.NO_CAPACITY,
        "0/1 nodes: 1 has refused or evicted such a pod lately",
    )
