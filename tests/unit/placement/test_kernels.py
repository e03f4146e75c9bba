"""Each kernel has a twin in numpy, and they give the same answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.solvers.kernels import fit, shares
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from tests.unit.placement.building import QUICK

pytestmark = pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: there is only one of the twins")
ROWS = 6
TABLE = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=ROWS, max_size=ROWS)
GPUS = st.lists(st.lists(st.sampled_from([0, 100, 250, 500, 900, 1000]), min_size=4, max_size=4), min_size=ROWS, max_size=ROWS)
AMOUNTS = st.lists(st.integers(1, 5), max_size=3)
ASK = st.one_of(
    st.just((0, 0)),
    st.integers(1, 4).map(lambda count: (count, 1000)),
    st.sampled_from([1, 100, 250, 999]).map(lambda part: (1, part)),
)
SCORES = st.lists(st.integers(-1, 3), min_size=ROWS, max_size=ROWS)


def table(rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, np.int64)


@QUICK
@given(TABLE, TABLE, GPUS, AMOUNTS, ASK, st.lists(st.integers(0, ROWS - 1), unique=True))
def test_open_places(
    there: list[list[int]],
    used: list[list[int]],
    free: list[list[int]],
    amounts: list[int],
    ask: tuple[int, int],
    rows: list[int],
) -> None:
    arguments = (
        np.array(rows, np.int64), np.arange(len(amounts)), np.array(amounts, np.int64),
        table(there), table(used), table(free), *ask,
    )  # fmt: skip
    compiled, plain = fit._open_places(*arguments), fit.open_places_numpy(*arguments)
    assert [part.tolist() for part in compiled] == [part.tolist() for part in plain]


@QUICK
@given(TABLE, GPUS, ASK)
def test_open_places_are_those_with_room(there: list[list[int]], free: list[list[int]], ask: tuple[int, int]) -> None:
    count, thousandths = ask
    rows, devices = fit.open_places(
        np.arange(ROWS), np.array([1]), np.array([4]), (table(there), table([[0] * 3] * ROWS)), (table(free), *ask)
    )
    for row in range(ROWS):
        here = devices[rows == row].tolist()
        holding = [left for left in free[row] if left >= thousandths]
        if there[row][1] < 4 or (count and len(holding) < count):
            assert here == []
        elif 0 < thousandths < 1000:
            # Every different amount once, the tightest first, on the first GPU that has it.
            assert [free[row][device] for device in here] == sorted(set(holding))
            assert all(free[row].index(free[row][device]) == device for device in here)
        else:
            assert here == [-1]


@QUICK
@given(st.lists(st.tuples(st.integers(0, ROWS - 1), st.sampled_from([0.1, 0.1 + 1e-16, 0.5, 1 / 3]))))
def test_keep_best(found: list[tuple[int, float]]) -> None:
    found.sort(key=lambda pair: pair[0])
    rows = np.array([row for row, _ in found], np.int64)
    gpus, totals = np.arange(len(found)), np.array([total for _, total in found])
    outcomes = []
    for kernel in (fit._keep_best, fit.keep_best_numpy):
        scores, devices = np.full(ROWS, -1), np.full(ROWS, -1, np.int16)
        kernel(rows, gpus, totals, scores, devices)
        outcomes.append((scores.tolist(), devices.tolist()))
    assert outcomes[0] == outcomes[1]


@QUICK
@given(SCORES, st.one_of(st.just([]), st.lists(st.booleans(), min_size=ROWS, max_size=ROWS)), st.permutations(range(ROWS)))
def test_best_row(scores: list[int], refused: list[bool], rank: list[int]) -> None:
    assert fit._best_row(np.array(scores), np.array(rank)) == fit.best_row_numpy(np.array(scores), np.array(rank))
    row, found = fit.best_row(np.array(scores), np.array(refused, bool), np.array(rank))
    open_rows = [r for r in range(ROWS) if scores[r] >= 0 and not (refused and refused[r])]
    assert found == len(open_rows)
    assert row == (min(open_rows, key=lambda r: (-scores[r], rank[r])) if open_rows else -1)


@QUICK
@given(TABLE, TABLE, AMOUNTS.filter(bool))
def test_shares(there: list[list[int]], used: list[list[int]], amounts: list[int]) -> None:
    rows, columns = np.arange(ROWS), np.arange(len(amounts))
    tables = (table(there), table(used))
    asked, weights = np.array(amounts), 1.0 / np.array(amounts)
    compiled, plain = shares._used_share, shares.used_share_numpy
    assert compiled(rows, columns, asked, *tables).tolist() == plain(rows, columns, asked, *tables).tolist()
    compiled, plain = shares._free_share, shares.free_share_numpy
    assert compiled(rows, columns, weights, *tables).tolist() == plain(rows, columns, weights, *tables).tolist()
