"""Kernels that run in plain Python at first say the same as compiled ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayplan.solvers.kernels import fit, shares
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled, compiled_where_it_pays, plain_at_first, watched
from bayplan.solvers.kernels.scheduling import placing, ranking
from bayplan.solvers.kernels.scheduling.arrays import Placements

pytestmark = pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: nothing is compiled")


def compiled_form(kernel: Any) -> Any:
    """Of a kernel; one that was called before has been replaced by it."""
    return kernel.dispatcher() if hasattr(kernel, "dispatcher") else kernel


def doubled(values: Any) -> Any:
    return values * 2


def test_small_work_is_plain_until_so_many_steps_were_taken() -> None:
    kernel: Any = compiled_where_it_pays(doubled)
    values = np.arange(10)
    with plain_at_first(25):
        for compiled in (False, False, True):
            assert kernel(values).tolist() == (values * 2).tolist()
            assert (kernel._compiled is not None) is compiled


def test_kernels_of_another_kind_and_all_others_are_compiled_at_once() -> None:
    plain: Any = compiled_where_it_pays(doubled)
    plain(np.arange(3))
    assert plain._compiled is not None
    other: Any = compiled(doubled)
    with plain_at_first(1_000):
        other(np.arange(3))
    assert other._compiled is not None


def test_a_compiled_kernel_takes_the_place_of_what_compiled_it() -> None:
    rows, columns, weights, table = np.arange(2), np.arange(1), np.ones(1), np.full((2, 1), 4)
    shares.free_share(rows, columns, weights, table, table // 2)
    assert type(shares._free_share).__module__.startswith("numba.")


class Counted:
    def __init__(self) -> None:
        self.begun, self.done = 0, 0

    def started(self) -> None:
        self.begun += 1

    def ended(self) -> None:
        self.done += 1


def test_compilations_are_told_while_they_are_watched() -> None:
    # What is defined by `exec` has no file, so numba cannot have kept it from an earlier run.
    made: dict[str, Any] = {}
    exec("def tripled(values):\n    return values * 3\n", made)
    counted, kernel = Counted(), compiled(made["tripled"])
    with watched(counted):
        kernel(np.arange(3))
    told = (counted.begun, counted.done)
    assert counted.begun == counted.done > 0
    with watched(counted):
        kernel(np.arange(4))
    kernel(np.arange(3.0))
    assert (counted.begun, counted.done) == told


def drawn(seed: int) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Kernels and arguments for them."""
    generator = np.random.default_rng(seed)
    tasks, processors, edges = 7, 4, 9
    pairs = np.sort(generator.choice(tasks * (tasks - 1) // 2, edges, replace=False))
    child, parent = np.tril_indices(tasks, -1)
    child, parent = child[pairs], parent[pairs]
    starts = np.searchsorted(child, np.arange(tasks + 1))
    durations, seconds = generator.random((tasks, processors)), generator.random(edges)
    by_parent = np.argsort(parent, kind="stable")
    after = np.searchsorted(parent[by_parent], np.arange(tasks + 1))
    order = np.arange(tasks)
    rows, free = np.arange(5), generator.integers(0, 9, (5, 3))
    gpus = generator.integers(0, 1001, (5, 4))
    return [
        (ranking.chains, (order, starts, parent, seconds, durations[:, 0])),
        (
            ranking.optimistic,
            (order[::-1].copy(), after, child[by_parent], seconds[by_parent], durations, np.arange(processors)),
        ),
        (ranking.ready, (starts, after, child[by_parent], generator.random(tasks))),
        (fit._open_places, (rows, np.arange(3), np.array([1, 2, 0]), free, free // 2, gpus, 1, 400)),
        (fit._open_places, (rows, np.arange(3), np.array([1, 2, 0]), free, free // 2, gpus, 2, 1000)),
        (fit._best_row, (generator.integers(-1, 4, 5), generator.permutation(5))),
        (shares._used_share, (rows, np.arange(3), np.array([1, 2, 0]), free, free // 2)),
        (shares._free_share, (rows, np.arange(3), generator.random(3), free, free // 2)),
    ]


def placed(kernel: Callable[..., float], seed: int) -> list[Any]:
    """What `place` writes, and its answer."""
    _, (order, starts, parent, seconds, _) = drawn(seed)[0]
    _, (_, after, child, _, durations, _) = drawn(seed)[1]
    tasks, processors = durations.shape
    work = Placements(
        durations, starts, parent, seconds, after, child, np.zeros(processors), np.arange(processors) // 2, seed % 2 == 0
    )
    plan = (np.full(tasks, -1), np.zeros(tasks), np.zeros(tasks), np.full(tasks, -1))
    makespan = kernel(work, order, np.full(tasks, -1), np.zeros((1, processors)), plan)
    return [makespan, *(each.tolist() for each in plan)]


def test_plain_and_compiled_agree() -> None:
    for seed in range(20):
        for kernel, arguments in drawn(seed):
            plain, quick = kernel.py_func(*arguments), compiled_form(kernel)(*arguments)  # type: ignore[attr-defined]
            for one, other in zip(*((each if isinstance(each, tuple) else (each,)) for each in (plain, quick)), strict=True):
                np.testing.assert_array_equal(one, other)


def test_plain_and_compiled_schedules_agree() -> None:
    place: Any = placing.place
    for seed in range(20):
        assert placed(place.py_func, seed) == placed(compiled_form(place), seed)


def test_best_places_are_kept_alike() -> None:
    kernel: Any = fit._keep_best
    for seed in range(20):
        generator = np.random.default_rng(seed)
        rows, gpus, totals = np.sort(generator.integers(0, 5, 9)), generator.integers(-1, 4, 9), generator.random(9).round(1)
        kept = [(np.full(5, -1), np.full(5, -1, np.int8)) for _ in range(2)]
        kernel.py_func(rows, gpus, totals, *kept[0])
        compiled_form(kernel)(rows, gpus, totals, *kept[1])
        assert [each.tolist() for each in kept[0]] == [each.tolist() for each in kept[1]]
