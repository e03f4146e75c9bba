"""What is derived from a mix, checked by hand."""

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals import Arrivals, expected_mix, mix_model
from bayplan.knowledge.arrivals.fragmentation import typical_requests
from bayplan.knowledge.arrivals.prices import GPU, shape_values
from bayplan.knowledge.arrivals.scarcity import scarcity
from bayplan.knowledge.arrivals.shapes import shapes
from bayplan.knowledge.arrivals.stranding import IMPOSSIBLE, LENGTH, STREAMS, streams
from bayplan.knowledge.arrivals.supply import supply
from bayplan.model.gpu import GpuAsk
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.packing.potential import potentials
from tests.unit.placement.packing import cluster_of, gpu_node, wanting, without_gpu

MILLI = GPU // 1000


def values_of(mix: dict[RequestClass, float], cluster: Cluster) -> dict[tuple[int, int], float]:
    """Worth in thousandths per (GPUs, thousandths of each)."""
    expected, there = expected_mix(mix), supply(cluster)
    eligible = there.eligible(expected.asks)
    joined = shapes(expected, eligible, there.holds(expected, eligible))
    gpus = np.array([pool.count * pool.nodes for pool in there.pools])
    worth = (shape_values(joined, gpus) / MILLI).round(3).tolist()
    return dict(zip(zip(joined.count.tolist(), joined.thousandths.tolist(), strict=True), worth, strict=True))


def test_what_leaves_a_gpu_useless_is_worth_the_whole_gpu() -> None:
    # Three of four want 810, so most GPUs end with 190 that nothing needs: 810 is worth as much as a GPU, 190 nothing.
    # On average a request is worth what it asks for: 0.75 * 810 + 0.25 * 190 = 655 = 0.75 * 873.333.
    assert values_of({wanting(810): 3.0, wanting(190): 1.0}, cluster_of(gpu_node("a", 8))) == {
        (1, 810): 873.333,
        (1, 190): 0.0,
    }


def test_what_can_be_combined_shares_the_gpu() -> None:
    # Two halves fill a GPU: a half is worth half of what a whole one is.
    worth = values_of({wanting(500): 1.0, wanting(1000): 1.0}, cluster_of(gpu_node("a", 2)))
    assert worth == {(1, 500): 500.0, (1, 1000): 1000.0}


def test_what_no_node_can_hold_is_worth_nothing_and_spoils_nothing() -> None:
    worth = values_of({wanting(1000): 1.0, wanting(count=4): 1.0, wanting(models=("z",)): 1.0}, cluster_of(gpu_node("a", 2)))
    assert worth == {(1, 1000): 1000.0}


def test_a_scarce_model_cannot_take_all_worth() -> None:
    # One GPU of model b for half of the demand; what is left out counts 1.5 times its size at most.
    nodes = [gpu_node(f"a{number}", 8, "a") for number in range(9)] + [gpu_node("b", 1, "b")]
    worth = values_of({wanting(1000, models=("b",)): 1.0, wanting(500): 1.0}, cluster_of(*nodes))
    assert worth[1, 1000] == 1500.0


def test_scarcity_is_load_over_capacity() -> None:
    # Half of all GPUs are of kind 0, a quarter each of 1 and 2. 20 % of the demand needs kind 1: 0.2 / 0.25.
    gpus = np.array([4, 2, 2])
    only_one = np.array([[False, True, False], [True, True, True]])
    assert scarcity(np.array([0.2, 0.8]), only_one, gpus).round(6).tolist() == [0.0, 0.8, 0.0]
    # 20 % more can use kinds 1 and 2, and go to 2: (0.2, 0.2) / 0.25. With 10 % more the two are levelled: 0.5 / 0.5.
    either = np.array([[False, True, False], [False, True, True]])
    assert scarcity(np.array([0.2, 0.2]), either, gpus).round(6).tolist() == [0.0, 0.8, 0.8]
    assert scarcity(np.array([0.2, 0.3]), either, gpus).round(6).tolist() == [0.0, 1.0, 1.0]
    # Without GPUs of its kind a request is nobody's load.
    assert scarcity(np.array([1.0]), np.array([[False, True]]), np.array([3, 0])).tolist() == [0.0, 0.0]


def test_streams_have_every_class_as_often_as_it_arrives() -> None:
    mix = expected_mix({wanting(500): 6.0, wanting(1000, models=("b",)): 3.0, without_gpu(): 1.0})
    there = supply(cluster_of(gpu_node("a", 4, "a"), gpu_node("b", 4, "b")))
    drawn = streams(mix, there.eligible(mix.asks), seed=1)
    length = round(LENGTH / 0.9)
    assert drawn.shape == (3, STREAMS, length, 4)
    for kind, (model, _) in enumerate(there.kinds):
        of_kind = drawn[kind].reshape(-1, 4)
        parts = of_kind[of_kind[:, 0] < IMPOSSIBLE][:, 3]
        halves, wholes, none = (int((parts == part).sum()) for part in (500, 1000, 0))
        assert abs(halves - 0.6 * STREAMS * length) <= 1
        assert abs(wholes - (0.3 * STREAMS * length if model == "b" else 0)) <= 1
        assert abs(none - 0.1 * STREAMS * length) <= 1
    assert streams(mix, there.eligible(mix.asks), seed=1).tolist() == drawn.tolist()
    assert streams(mix, there.eligible(mix.asks), seed=2).tolist() != drawn.tolist()


def test_typical_requests_cover_95_per_cent() -> None:
    mix = expected_mix({wanting(500): 60.0, without_gpu(): 35.0, wanting(100): 3.0, wanting(200): 2.0})
    typical = typical_requests(mix, np.ones((4, 1), bool))
    assert typical.frequency.tolist() == [631_579, 368_421]  # 60 / 95 and 35 / 95
    assert typical.asked[:, 3].tolist() == [500, 0]


def test_eligible_by_model_and_memory() -> None:
    there = supply(cluster_of(gpu_node("a", 4, "a"), gpu_node("b", 4, "b")))
    asks = [None, GpuAsk(1), GpuAsk(1, models=("a", "z")), GpuAsk(1, memory=1)]
    known = dict(zip(there.kinds, there.eligible(asks).T.tolist(), strict=False))
    assert known == {("a", 0): [True, True, True, False], ("b", 0): [True, True, False, False]}
    assert there.eligible(asks)[:, -1].tolist() == [True, True, False, False]


def test_arrivals_are_due_ever_more_rarely_and_forget() -> None:
    arrivals, due = Arrivals(), []
    for number in range(1, 30_001):
        arrivals.count(wanting(500) if number % 2 else wanting(250))
        if arrivals.due:
            due.append(number)
            taken = arrivals.take()
            assert not arrivals.due
    assert due == [10, 30, 100, 300, 1000, 3000, 10_000, 20_000, 30_000]
    # Halved after 10,000 and 20,000: 5,000 halved, 5,000 more and halved again, 5,000 more.
    assert taken == {wanting(500): 8750, wanting(250): 8750}


def test_arrivals_are_bounded() -> None:
    arrivals = Arrivals()
    for number in range(5_000):
        arrivals.count(wanting(500, cpu=1 + number))
        arrivals.count(wanting(1000))
    taken = arrivals.take()
    assert len(taken) <= 1024
    assert max(taken, key=lambda cls: taken[cls]) == wanting(1000)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_must_be_above_0(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weights\[1\] \(for a request of cpu 1000, memory \d+\) is .*must be above 0"):
        expected_mix({wanting(500): 1.0, wanting(250): weight})


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster(),
        cluster_of(gpu_node("a", 0)),
        cluster_of(gpu_node("a", 3, "a"), gpu_node("b", 16, "b")),
    ],
    ids=["empty", "without GPUs", "with GPUs"],
)
@pytest.mark.parametrize(
    "mix",
    [{}, {without_gpu(): 1.0}, {wanting(333): 1.0}, {wanting(count=64): 1.0}, {wanting(count=3, models=("b",)): 1e-9}],
    ids=["empty", "without GPUs", "one", "too large", "several"],
)
def test_a_model_is_made_of_anything(cluster: Cluster, mix: dict[RequestClass, float]) -> None:
    model = mix_model(mix, cluster, 0)
    state = np.array([[1000, 1000, *[0] * 16], [64_000, 200_000, *[1000] * 16], [1000, 1000, 250, *[1000] * 15]])
    for kind in range(len(model.kinds) + 1):
        found = potentials(state, np.full(3, kind), model.tables)
        assert found[0] == 0
        assert (np.abs(found) < 10**14).all()


def test_the_same_mix_in_another_order_is_the_same_model() -> None:
    cluster = cluster_of(gpu_node("a", 8))
    classes = [wanting(500), wanting(250), wanting(1000), without_gpu()]
    one, other = (mix_model(dict.fromkeys(order, 1), cluster, 3) for order in (classes, classes[::-1]))
    assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(one.tables, other.tables, strict=True))
    assert one != other  # told apart by identity
    assert hash(one) != hash(other)
