"""The kernels of packing and their twins in numpy give the same answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.knowledge.arrivals import MixModel, mix_model
from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan.solvers.kernels.packing import fragmentation, knapsack, potential, rises, states
from tests.unit.placement.building import QUICK
from tests.unit.placement.packing import cluster_of, gpu_node, wanting, without_gpu

pytestmark = pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: there is only one of the twins")
SLOW = settings(QUICK, max_examples=25)  # the twins in numpy are slow one by one
SLOTS = 4
AMOUNT = st.sampled_from([-100, 0, 100, 250, 500, 750, 900, 1000, 1000])
STATES = st.lists(
    st.tuples(st.integers(-2000, 64_000), st.integers(-10, 200_000), AMOUNT, AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=12
)
ASKED = st.one_of(
    st.just((0, 0)),
    st.integers(1, SLOTS).map(lambda count: (count, 1000)),
    st.sampled_from([50, 250, 900]).map(lambda part: (1, part)),
)


def model() -> MixModel:
    mix = {
        wanting(500, cpu=4): 3.0,
        wanting(250, cpu=9, memory=40): 1.0,
        wanting(1000, cpu=12, memory=30, models=("b",)): 2.0,
        wanting(count=4, cpu=40, memory=100): 0.5,
        wanting(count=2, cpu=3, models=("b", "c")): 0.5,
        without_gpu(cpu=16): 1.0,
    }
    return mix_model(mix, cluster_of(gpu_node("a", 4, "a"), gpu_node("b", 2, "b"), gpu_node("c", 4, "c")), 7)


MODEL = model()
KINDS = len(MODEL.kinds) + 1


def table(rows: list[tuple[int, ...]]) -> IntArray:
    return np.array(rows, np.int64)


@QUICK
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(-5, 50)), max_size=5), st.integers(1, 20))
def test_knapsack(items: list[tuple[int, int]], room: int) -> None:
    sizes, values = np.array([size for size, _ in items], np.int64), np.array([[value for _, value in items]] * 2, np.int64)
    plain = knapsack.knapsack_numpy(sizes, values, room)
    assert knapsack._knapsack(sizes, values, room).tolist() == plain.tolist()


def test_knapsack_by_hand() -> None:
    # 7: one of 5 and none else is 10; 3 + 3 is 12 and leaves 1.
    best = knapsack.knapsack(np.array([5, 3]), np.array([[10, 6], [10, -1]]), 7)
    assert best[0].tolist() == [0, 0, 0, 6, 6, 10, 12, 12]
    assert best[1].tolist() == [0, 0, 0, 0, 0, 10, 10, 10]
    assert knapsack.knapsack(np.zeros(0, np.int64), np.zeros((2, 0), np.int64), 3).tolist() == [[0] * 4] * 2


@SLOW
@given(STATES, st.integers(0, KINDS - 1))
def test_potentials(rows: list[tuple[int, ...]], kind: int) -> None:
    kinds = np.full(len(rows), kind)
    compiled = potential._potentials(table(rows), kinds, MODEL.tables)
    assert compiled.tolist() == potential.potentials_numpy(table(rows), kinds, MODEL.tables).tolist()


@SLOW
@given(STATES, st.permutations(range(SLOTS)))
def test_which_gpu_is_how_free_does_not_matter_only_how_free_they_are(rows: list[tuple[int, ...]], order: list[int]) -> None:
    kinds, turned = np.zeros(len(rows), np.int64), table(rows)[:, [0, 1, *(2 + slot for slot in order)]]
    plain = potential.potentials_numpy(table(rows), kinds, MODEL.tables)
    assert potential.potentials_numpy(turned, kinds, MODEL.tables).tolist() == plain.tolist()


@QUICK
@given(STATES, st.integers(0, KINDS - 1))
def test_unusable(rows: list[tuple[int, ...]], kind: int) -> None:
    kinds = np.full(len(rows), kind)
    compiled = fragmentation._unusable(table(rows), kinds, *MODEL.typical)
    assert compiled.tolist() == fragmentation.unusable_numpy(table(rows), kinds, *MODEL.typical).tolist()


@SLOW
@given(STATES, ASKED, st.integers(0, SLOTS - 1), st.integers(0, KINDS - 1), st.booleans())
def test_rises(rows: list[tuple[int, ...]], ask: tuple[int, int], device: int, kind: int, counted: bool) -> None:
    number, free = len(rows), table(rows)
    allocatable = np.stack([free[:, 0], free[:, 1] << states.MIB], axis=1)
    nodes = states.NodeColumns(allocatable, np.zeros((number, 2), np.int64), free[:, 2:].copy(), 0 if counted else -1, 1)
    asked, every, devices = states.Asked(1500, 700, *ask), np.arange(number), np.full(number, device)
    assert states._states_after(every, devices, asked, nodes).tolist() == (
        states.states_after_numpy(every, devices, asked, nodes).tolist()
    )
    kinds, known = np.full(number, kind), rises.nothing_known(SLOTS)
    before = rises._potentials_of(every, nodes, kinds, MODEL.tables, known)
    assert before.tolist() == rises.potentials_of_numpy(every, nodes, kinds, MODEL.tables, known).tolist()
    plain = rises.rises_numpy(every, devices, asked, nodes, kinds, before, MODEL.tables, known).tolist()
    for _ in range(2):  # the second time everything is known already
        assert rises._rises(every, devices, asked, nodes, kinds, before, MODEL.tables, known).tolist() == plain


def test_a_full_memory_forgets_and_stays_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rises, "_SIZE", 4)
    known = rises.nothing_known(1)
    free = np.repeat(np.arange(100, 1000, 50), 3)
    nodes = states.NodeColumns(np.full((len(free), 2), 2**40), np.zeros((len(free), 2), np.int64), free[:, None].copy(), 0, 1)
    every, kinds = np.arange(len(free)), np.zeros(len(free), np.int64)
    plain = rises.potentials_of_numpy(every, nodes, kinds, MODEL.tables, known)
    assert rises._potentials_of(every, nodes, kinds, MODEL.tables, known).tolist() == plain.tolist()
    assert len(known.values) == 4
