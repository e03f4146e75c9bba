import numpy as np
import pytest

from bayplan.model.constraints import PreferredTerm, Requirement, Taint, Term, Toleration
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.strategy.scoring import SCORERS
from bayplan.strategy.scoring.best_fit import BestFit
from bayplan.strategy.scoring.preferred_affinity import PreferredAffinity
from bayplan.strategy.scoring.spread import Spread
from tests.unit.placement.building import BEST_FIT, GI, GPU, SPREAD, asking, cluster, node, places, scores

KVM = "devices.example.com/kvm"


def prefers(key: str, weight: int) -> PreferredTerm:
    return PreferredTerm(weight, Term((Requirement(key, "Exists"),)))


def test_best_fit_is_the_mean_share_after_placing() -> None:
    both = cluster(node("a", cpu=8), node("b", cpu=16))
    both.occupy("p", "a", {"cpu": 2000})
    request_class = RequestClass((("cpu", 2000), ("memory", 8 * GI), ("pods", 1)))
    fullness = np.array([(4 / 8 + 8 / 32) / 2, (2 / 16 + 8 / 32) / 2])
    assert scores(BestFit(), request_class, both) == pytest.approx((fullness + 2) / 3)
    assert scores(Spread(), request_class, both) == pytest.approx((1 - fullness + 2) / 3)


def test_best_fit_packs_and_spread_spreads() -> None:
    def three() -> list[NodeInfo]:
        return [node("a"), node("b"), node("c")]

    assert places(cluster(*three()), [asking(2)] * 4, BEST_FIT) == ["a"] * 4
    assert places(cluster(*three()), [asking(2)] * 4, SPREAD) == ["a", "b", "c", "a"]


def test_equally_good_nodes_go_by_name() -> None:
    assert places(cluster(node("n10"), node("n9"), node("n2")), [asking(8)] * 3) == ["n10", "n2", "n9"]


def test_without_gpus_one_keeps_off_gpu_nodes_while_others_have_room() -> None:
    mixed = cluster(node("a-gpu", cpu=8, gpu=8), node("b-cpu", cpu=64), node("c-cpu", cpu=64))
    mixed.occupy("p", "a-gpu", {"cpu": 5000})
    assert places(mixed, [asking(3)] * 2, BEST_FIT) == ["b-cpu"] * 2
    assert places(mixed, [asking(3)] * 2, SPREAD) == ["b-cpu", "c-cpu"]


def test_without_gpus_one_takes_a_gpu_node_when_nothing_else_has_room() -> None:
    mixed = cluster(node("cpu", cpu=2), node("gpu", cpu=8, gpu=8))
    assert places(mixed, [asking(2), asking(2)]) == ["cpu", "gpu"]


def test_gpus_that_are_all_in_use_strand_nothing() -> None:
    busy = cluster(node("a-free", gpu=4), node("b-busy", gpu=4), node("c-none", cpu=64))
    busy.occupy("p", "b-busy", {GPU: 4, "cpu": 1000})
    assert places(busy, [asking(2)]) == ["b-busy"]


def test_fewer_stranded_gpus_are_better_than_more() -> None:
    three = cluster(node("a", gpu=8), node("b", gpu=8))
    three.occupy("p", "b", {GPU: 7})
    assert places(three, [asking(1)]) == ["b"]


def test_even_one_free_gpu_is_kept_while_another_node_has_room() -> None:
    two = cluster(node("a-gpu", cpu=8, gpu=8), node("b-cpu", cpu=64))
    two.occupy("p", "a-gpu", {GPU: 7, "cpu": 7000})
    assert places(two, [asking(1)]) == ["b-cpu"]


def test_the_rarer_device_is_kept_first() -> None:
    rare = NodeInfo("a-rare", {**node("a").allocatable, "example.com/rare": 1})
    three = cluster(rare, node("b-gpu", gpu=8), node("c-gpu", gpu=8))
    assert places(three, [asking(1)]) == ["b-gpu"]


def test_a_device_that_every_node_has_does_not_hide_the_rare_one() -> None:
    def with_kvm(each: NodeInfo) -> NodeInfo:
        return NodeInfo(each.name, {**each.allocatable, KVM: 1000})

    mixed = cluster(with_kvm(node("a-gpu", cpu=8, gpu=8)), *(with_kvm(node(f"b{n}", cpu=64)) for n in range(9)))
    assert places(mixed, [asking(8)]) == ["b0"]


def test_resources_of_kubernetes_own_domain_are_no_devices() -> None:
    odd = NodeInfo("a", {"cpu": 8000, "pods": 10, "hugepages-2Mi": 2**21, "batch.kubernetes.io/cpu": 5})
    assert places(cluster(odd, node("b", cpu=16)), [asking(4)]) == ["a"]


def test_the_share_of_the_preferred_weight_counts() -> None:
    three = cluster(node("a"), node("b", labels={"x": ""}), node("c", labels={"x": "", "y": ""}))
    request_class = asking(preferred=(prefers("x", 30), prefers("y", 70)))
    assert scores(PreferredAffinity(), request_class, three) == pytest.approx([0, 0.3, 1])
    assert places(three, [request_class]) == ["c"]
    assert places(three, [asking()]) == ["a"]


def test_an_empty_preference_has_no_effect() -> None:
    one = cluster(node("a", labels={"x": ""}))
    assert scores(PreferredAffinity(), asking(preferred=(PreferredTerm(50, Term()),)), one) == [1]
    assert scores(PreferredAffinity(), asking(preferred=(PreferredTerm(50, Term()), prefers("x", 1))), one) == [1]


def test_prefer_no_schedule_halves_unless_tolerated() -> None:
    two = cluster(
        node("a", taints=(Taint("k", "", "PreferNoSchedule"),)),
        node("b", taints=(Taint("k", "", "NoSchedule"),)),
    )
    tolerant = asking(tolerations=(Toleration("k", "Exists"),))
    assert scores(PreferredAffinity(), asking(), two).tolist() == [0.5, 1]
    assert scores(PreferredAffinity(), tolerant, two).tolist() == [1, 1]


def test_preferences_outweigh_packing() -> None:
    two = cluster(node("a"), node("b", cpu=64, labels={"fast": ""}))
    two.occupy("p", "a", {"cpu": 7000})
    assert places(two, [asking(preferred=(prefers("fast", 1),))]) == ["b"]


@pytest.mark.parametrize("name", list(SCORERS))
def test_every_score_is_from_0_to_1(name: str) -> None:
    generator = np.random.default_rng(7)
    many = cluster(*(node(f"n{n}", int(generator.integers(1, 64)), int(generator.integers(0, 9))) for n in range(50)))
    for n in range(50):
        many.occupy(n, f"n{n}", {"cpu": int(generator.integers(0, 80_000)), GPU: int(generator.integers(0, 12))})
    for request_class in (asking(1), asking(3, gpu=2), asking(0), asking(64, gpu=9)):
        found = scores(SCORERS[name](), request_class, many)
        assert found.shape == (50,)
        assert found.min() >= 0
        assert found.max() <= 1
