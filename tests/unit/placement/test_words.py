from bayplan.model.constraints import Taint
from bayplan.model.reasons import Reason, Rejection
from bayplan.model.workload import RequestClass
from bayplan.strategy.context import Context
from tests.unit.placement.building import GI, GPU, asking, cluster, decide, node, refusal


def test_the_most_frequent_reason_comes_first() -> None:
    nodes = [node(f"g{n}", gpu=2) for n in range(8)]
    nodes += [node(f"t{n}", gpu=8, taints=(Taint("x", "y"),)) for n in range(4)]
    assert refusal(cluster(*nodes), asking(1, gpu=4)) == (
        Reason.NO_SUCH_NODE,
        "0/12 nodes: 8 have too little nvidia.com/gpu (4 asked, largest 2), 4 have taint x=y:NoSchedule that is not tolerated",
    )


def test_equally_frequent_reasons_are_sorted_by_their_words() -> None:
    nodes = [node("a", ready=False), node("b", unschedulable=True), node("c", taints=(Taint("k"),))]
    expected = "0/3 nodes: 1 is cordoned, 1 is not ready, 1 has taint k:NoSchedule that is not tolerated"
    assert refusal(cluster(*nodes), asking())[1] == expected
    assert refusal(cluster(*reversed(nodes)), asking())[1] == expected


def test_each_node_is_counted_once_under_the_most_permanent_reason() -> None:
    worst = node("a", cpu=1, labels={}, taints=(Taint("k"),), ready=False, unschedulable=True)
    assert refusal(cluster(worst), asking(4))[1] == "0/1 nodes: 1 has taint k:NoSchedule that is not tolerated"


def test_one_possible_node_makes_it_a_matter_of_time() -> None:
    mixed = cluster(node("a"), node("b", gpu=4))
    mixed.occupy("p", "b", {GPU: 4})
    assert refusal(mixed, asking(1, gpu=1)) == (
        Reason.NO_CAPACITY,
        "0/2 nodes: 1 has too little nvidia.com/gpu (1 asked, largest 0), "
        "1 has too little nvidia.com/gpu free (1 asked, at most 0 free)",
    )


def test_amounts_are_written_as_people_write_them() -> None:
    one = cluster(node("n", cpu=4))
    one.occupy("p", "n", {"cpu": 2750, "memory": 30 * GI + 1})
    assert "cpu free (2.5 asked, at most 1.25 free)" in refusal(one, RequestClass((("cpu", 2500),)))[1]
    assert "memory free (2Gi asked, at most 1.99Gi free)" in refusal(one, RequestClass((("memory", 2 * GI),)))[1]


def test_no_nodes_at_all() -> None:
    assert refusal(cluster(), asking()) == (Reason.NO_SUCH_NODE, "the cluster has no nodes")


def test_a_removed_node_is_not_counted() -> None:
    two = cluster(node("a", ready=False), node("b", ready=False))
    two.remove_node("a")
    assert refusal(two, asking())[1] == "0/1 nodes: 1 is not ready"


def test_a_message_stays_short_and_says_what_it_leaves_out() -> None:
    nodes = [
        node(f"n{n}-{copy}", taints=(Taint(f"team-{n}.example.com/dedicated"),)) for n in range(9) for copy in range(n + 1)
    ]
    message = refusal(cluster(*nodes), asking())[1]
    assert len(message) < 256
    assert message.startswith("0/45 nodes: 9 have taint team-8.example.com/dedicated:NoSchedule that is not tolerated, 8 have")
    assert message.endswith("28 for other reasons")


def test_even_one_endless_name_stays_short() -> None:
    for request_class, each in (
        (asking(), node("n", taints=(Taint("k" * 253 + "/" + "n" * 63, "v" * 63),))),
        (asking(node_selector=tuple((f"{k}" * 200, "v" * 63) for k in range(9))), node("n")),
        (RequestClass((("d" * 253 + "/" + "r" * 63, 1),)), node("n")),
    ):
        message = refusal(cluster(each), request_class)[1]
        assert len(message) < 256
        assert "\n" not in message


def test_kube_schedulers_refusals_are_among_the_reasons() -> None:
    nodes = cluster(node("a"), node("b"), node("c", cpu=1))
    asked = asking(2)
    message = refusal(nodes, asked, Context(rejected={asked: frozenset({"a", "b"})}))[1]
    assert message == ("0/3 nodes: 2 have refused or evicted such a pod lately, 1 has too little cpu (2 asked, largest 1)")


def test_a_place_is_explained() -> None:
    three = cluster(node("a", cpu=8), node("b", cpu=4), node("c", cpu=1))
    assert decide(three, [asking(2)])[0].message == "score 0.92 (best fit, preferred affinity); 2 of 3 nodes fit"


def test_permanent_rejections_come_before_those_that_pass() -> None:
    permanent = [rejection.permanent for rejection in Rejection]
    assert permanent == sorted(permanent, reverse=True)
    assert {rejection for rejection in Rejection if rejection.permanent} == {
        Rejection.OUTSIDE_POLICY,
        Rejection.NODE_SELECTOR,
        Rejection.NODE_AFFINITY,
        Rejection.TAINT,
        Rejection.GPU_MODEL,
        Rejection.TOO_SMALL,
    }
