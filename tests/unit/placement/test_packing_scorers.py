"""Potential, fragmentation gradient and rounded best fit through the engine, with figures checked by hand."""

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import mix_model
from bayplan.model.gpu import GpuUse
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer, Strategy
from bayplan.strategy.scoring.fragmentation import FragmentationGradient
from bayplan.strategy.scoring.rounded_best_fit import RoundedBestFit
from tests.unit.placement.packing import cluster_of, gpu_node, wanting, without_gpu


def by(scorer: str) -> Strategy:
    return compile_strategy([], [Named(scorer)], Named("Greedy"))


POTENTIAL, FGD, ROUNDED = by("Potential"), by("FragmentationGradient"), by("RoundedBestFit")


def fill(cluster: Cluster, node: str, request_class: RequestClass, *devices: int) -> None:
    use = GpuUse(request_class.gpus, devices) if request_class.gpus else None
    cluster.occupy((node, devices, request_class), node, dict(request_class.resources), use)


def score(cluster: Cluster, cls: RequestClass, scorer: Scorer, context: Context, *places: tuple[str, int]) -> list[float]:
    rows = np.array([cluster.row(node) for node, _ in places], np.int64)
    devices = np.array([device for _, device in places], np.int64)
    return scorer(Request(0, cls), cluster, FeasiblePlaces(rows, devices), context).tolist()  # type: ignore[no-any-return]


def placed(cluster: Cluster, cls: RequestClass, strategy: Strategy, context: Context) -> tuple[str | None, tuple[int, ...]]:
    (decision,) = place([Request(0, cls)], cluster, strategy, context)
    return decision.node, decision.gpus


def test_fragmentation_by_hand() -> None:
    # Typical: a whole GPU and half of one, equally often. On a node with 1 GPU free and 600 thousandths of another:
    # the whole one cannot use the 600, the half can use all: F = 0.5 * 600 + 0.5 * 0 = 300.
    cluster = cluster_of(gpu_node("a", 2))
    fill(cluster, "a", wanting(400), 1)
    context = Context(mix=mix_model({wanting(1000): 1, wanting(500): 1}, cluster, 0))
    # 500 more from GPU 1 leave 1000 and 100: F = 0.5 * 100 + 0.5 * 100 = 100; sigmoid(0.2) = 0.5498.
    # From GPU 0 they would leave 500 and 600: no whole one fits: F = 0.5 * 1100 + 0 = 550; sigmoid(-0.25) = 0.4378.
    assert score(cluster, wanting(500), FragmentationGradient(), context, ("a", 1), ("a", 0)) == [0.54, 0.43]
    assert placed(cluster, wanting(500), FGD, context) == ("a", (1,))


def test_fragmentation_counts_cpu_and_requests_without_gpus() -> None:
    # 0.5: asks for no GPU, so nothing is usable to it. 0.5: half a GPU, which fits no more once the CPU is gone.
    cluster = cluster_of(gpu_node("a", 1, cpu=10))
    context = Context(mix=mix_model({without_gpu(cpu=8): 1, wanting(500, cpu=4): 1}, cluster, 0))
    # F before: 0.5 * 1000 + 0 = 500; after: 0.5 * 1000 + 0.5 * 1000 = 1000; sigmoid(-0.5) = 0.3775.
    assert score(cluster, without_gpu(cpu=8), FragmentationGradient(), context, ("a", -1)) == [0.37]


def test_fragmentation_of_gpus_of_another_model() -> None:
    cluster = cluster_of(gpu_node("a", 1, "a"))
    context = Context(mix=mix_model({wanting(500, models=("b",)): 1, wanting(1000): 1}, cluster, 0))
    # F before: 0.5 * 1000 (wrong model) + 0 = 500; after 500: 0.5 * 500 + 0.5 * 500 = 500; sigmoid(0) = 0.5.
    assert score(cluster, wanting(500), FragmentationGradient(), context, ("a", 0)) == [0.5]


def test_rounded_best_fit_by_hand() -> None:
    # Largest: 64 cores, 8 GPUs. On b: 31 cores and 500 thousandths left: 100 (1 - 0.5 * 31/64 - 0.5 * 0.5/8) = 72.65.
    cluster = cluster_of(gpu_node("a", 8, cpu=64), gpu_node("b", 1, cpu=32))
    assert score(cluster, wanting(500), RoundedBestFit(), Context(), ("b", 0)) == [0.72]
    assert placed(cluster, wanting(500), ROUNDED, Context())[0] == "b"
    # Less than one per cent apart: equal, so the first name.
    equal = cluster_of(gpu_node("b", 1, cpu=1000), gpu_node("a", 1, cpu=1004))
    assert placed(equal, wanting(500), ROUNDED, Context())[0] == "a"


def test_potential_keeps_gpus_whole_while_there_is_a_hole() -> None:
    cluster = cluster_of(gpu_node("a", 4), gpu_node("b", 4))
    fill(cluster, "b", wanting(810), 2)
    context = Context(mix=mix_model({wanting(): 99, wanting(190): 1}, cluster, 0))
    assert placed(cluster, wanting(190), POTENTIAL, context) == ("b", (2,))


def test_potential_keeps_whole_nodes_for_requests_that_need_them() -> None:
    cluster = cluster_of(gpu_node("a", 8), gpu_node("b", 8))
    fill(cluster, "b", wanting(), 0)
    context = Context(mix=mix_model({wanting(): 10, wanting(count=8, cpu=32): 1}, cluster, 0))
    assert placed(cluster, wanting(), POTENTIAL, context) == ("b", (1,))
    assert placed(cluster, wanting(count=8, cpu=32), POTENTIAL, context) == ("a", tuple(range(8)))


def test_potential_keeps_scarce_models_for_those_who_name_them() -> None:
    cluster = cluster_of(gpu_node("a", 4, "rare"), gpu_node("b", 4, "plain"), gpu_node("c", 4, "plain"))
    mix = {wanting(): 5, wanting(models=("rare",)): 4}
    context = Context(mix=mix_model(mix, cluster, 0))
    assert placed(cluster, wanting(), POTENTIAL, context)[0] == "b"
    assert placed(cluster, wanting(models=("rare",)), POTENTIAL, context)[0] == "a"


def test_potential_puts_what_needs_no_gpu_where_no_gpu_suffers() -> None:
    cluster = cluster_of(gpu_node("a", 8, cpu=64), gpu_node("b", 0, cpu=64))
    context = Context(mix=mix_model({wanting(cpu=8): 1, without_gpu(cpu=8): 1}, cluster, 0))
    assert placed(cluster, without_gpu(cpu=8), POTENTIAL, context)[0] == "b"


@pytest.mark.parametrize("scorer", ["Potential", "FragmentationGradient"])
def test_without_a_mix_it_is_best_fit(scorer: str) -> None:
    cluster = cluster_of(gpu_node("a", 8), gpu_node("b", 8), gpu_node("c", 2))
    fill(cluster, "b", wanting(300), 5)
    for cls in (wanting(300), wanting(), wanting(count=2), without_gpu()):
        assert placed(cluster, cls, by(scorer), Context()) == placed(cluster, cls, by("BestFit"), Context())


def test_a_node_and_a_model_that_came_after_the_mix() -> None:
    cluster = cluster_of(gpu_node("a", 2, "a"))
    context = Context(mix=mix_model({wanting(500): 1, wanting(models=("new",)): 1}, cluster, 0))
    assert placed(cluster, wanting(500), POTENTIAL, context)[0] == "a"
    cluster.set_node(gpu_node("n", 16, "new", cpu=128))
    assert placed(cluster, wanting(models=("new",)), POTENTIAL, context)[0] == "n"
    assert placed(cluster, wanting(count=16), POTENTIAL, context)[0] == "n"


def test_scores_follow_a_new_mix() -> None:
    cluster = cluster_of(gpu_node("a", 1), gpu_node("b", 1))
    fill(cluster, "a", wanting(300), 0)
    fill(cluster, "b", wanting(500), 0)
    # 700 and 500 are free. If 700s arrive, only the 700 are worth anything; if 500s do, 200 can be spared of the 700.
    sevens, fives = (Context(mix=mix_model({wanting(part): 1}, cluster, 0)) for part in (700, 500))
    chosen = [placed(cluster, wanting(200), POTENTIAL, context)[0] for context in (sevens, fives, sevens)]
    assert chosen == ["b", "a", "b"]


def test_a_cluster_that_counts_no_memory() -> None:
    cluster = cluster_of(NodeInfo("a", {"cpu": 64_000}, gpus=gpu_node("", 2).gpus), NodeInfo("b", {"cpu": 64_000}))
    cls = RequestClass((("cpu", 1000),), gpus=wanting(500).gpus)
    context = Context(mix=mix_model({cls: 1}, cluster, 0))
    for strategy in (POTENTIAL, FGD, ROUNDED):
        assert placed(cluster, cls, strategy, context)[0] == "a"


def test_one_after_the_other_is_as_if_every_score_were_made_anew() -> None:
    nodes = [gpu_node("a", 8, "x"), gpu_node("b", 4, "y", cpu=32), gpu_node("c", 2, "x", cpu=104), gpu_node("d", 0)]
    classes = [wanting(300, cpu=4), wanting(), wanting(810, cpu=3), wanting(count=2, cpu=9), without_gpu(cpu=7)]
    mix = mix_model({cls: 1 + number for number, cls in enumerate(classes)}, cluster_of(*nodes), 5)
    kept = cluster_of(*nodes)
    pods: list[tuple[str, dict[str, int], GpuUse | None]] = []
    for number in range(40):
        cls = classes[number * 7 % 5]
        anew = cluster_of(*nodes)
        for key, (node, resources, use) in enumerate(pods):
            anew.occupy(key, node, resources, use)
        (decision,) = place([Request(number, cls)], kept, POTENTIAL, Context(mix=mix))
        (again,) = place([Request(number, cls)], anew, POTENTIAL, Context(mix=mix))
        assert (decision.node, decision.gpus, decision.message) == (again.node, again.gpus, again.message)
        if decision.node is not None:
            pod = (decision.node, dict(cls.resources), GpuUse(cls.gpus, decision.gpus) if cls.gpus else None)
            pods.append(pod)
            kept.occupy(len(pods) - 1, *pod)
    assert len(pods) > 20
