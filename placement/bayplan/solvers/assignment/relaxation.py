"""The linear relaxation: requests may be split over nodes, and gangs started in part."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.assignment.candidates import candidates
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.lagrangian import Priced, priced
from bayplan.solvers.assignment.problem import FORBIDDEN, SolverBudget

_PAIRS = 12_000
"""About so many pairs of group and node are in the first program."""
_MORE = 3
"""Of the pairs that the prices call for, so many are added per group and round."""
_LARGEST_FACTOR = 10_000
_SMALL = 1_000
_TOLERANCE = 1e-7
_SCALE = 1_000.0
"""The largest value in a program: with HiGHS' tolerances of 1e-7, values that differ by a ten-billionth still count."""


SECONDS = 10.0
"""HiGHS ends one program after this long: it cannot ask whether it should stop. Hardly ever reached, and if it is, the same
seed may give another answer the next time."""
_LIMIT = {"time_limit": SECONDS}
_TOO_LONG = 1
"""HiGHS' status of a linear program that reached its limit."""


Matrix = Any
"""A `scipy.sparse.csr_array`, which has no types."""


class SolverError(RuntimeError):
    """HiGHS gives no answer; the message is its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The rows that pairs of group and node are bound by, as HiGHS takes them: one variable per pair, then one per gang."""

    groups: IntArray
    """Shape (pairs,)."""
    nodes: IntArray
    """Shape (pairs,)."""
    objective: FloatArray
    """Shape (variables,), to be minimised, at most `_SCALE` each."""
    unit: float
    """What 1 of the objective is worth."""
    at_most: Matrix
    limits: FloatArray
    equal: Matrix
    """Of each group of a gang, as much is placed as of the gang; the right-hand side is 0."""
    price_rows: IntArray
    """Shape (rows, 2): node and column of each row of `at_most` that is a capacity; the others come after them."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """The optimum of the relaxation."""

    program: Program
    amounts: FloatArray
    """Shape (pairs,): how many of the group are on the node."""
    prices: FloatArray
    """Shape (nodes, columns)."""
    at_prices: Priced
    finished: bool
    """No pair that was left out could better it."""


def relaxations(compact: Compact, start: IntArray, budget: SolverBudget, seed: int) -> Iterator[Relaxed]:
    """Solve it; each is better than the one before, and the last is the optimum, if it is finished. Raises `SolverError`.

    Column generation (Dantzig and Wolfe 1960): it begins with some pairs and adds those that the prices call for, until
    there are none. The bound holds for all pairs, whichever were left out. A step is one linear program; it ends before
    the optimum if the budget has no more, or HiGHS takes too long.
    """
    pool = candidates(compact, start, _PAIRS, seed)
    proved: tuple[FloatArray, Priced] | None = None
    while budget.step():
        made = program(compact, pool)
        optimum = _optimum(compact, made)
        if optimum is None:
            return
        amounts, prices = optimum
        at_prices = priced(compact, prices)
        missing = _missing(compact, pool, at_prices)
        if proved is None or at_prices.bound < proved[1].bound:
            # Prices on the way may prove less than earlier ones did.
            proved = prices, at_prices
        finished = not missing.any()
        yield Relaxed(made, amounts, *proved, finished)
        if finished:
            return
        pool |= missing


def program(compact: Compact, pool: BoolArray) -> Program:
    """The program of these pairs; pool has shape (groups, nodes)."""
    groups, nodes = np.nonzero(pool & (compact.value > FORBIDDEN))
    gangs, gang = np.unique(compact.gang, return_inverse=True)
    first_gang = int((gangs < 0).any())
    variables = len(groups) + len(gangs) - first_gang
    values = compact.value[groups, nodes]
    unit = max(float(values.max(initial=0.0)), 1e-300) / _SCALE
    objective = np.zeros(variables)
    objective[: len(groups)] = -values / unit
    factors, price_rows = _capacities(compact, groups, nodes, variables)
    alone = np.flatnonzero(compact.gang < 0)
    in_gang = np.flatnonzero(compact.gang >= 0)
    number = np.full(len(compact.size), -1, np.int64)
    number[alone], number[in_gang] = np.arange(len(alone)), np.arange(len(in_gang))
    single, member = compact.gang[groups] < 0, compact.gang[groups] >= 0
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.sparse import csr_array

    at_most = csr_array(
        (
            np.concatenate((factors[0], np.ones(int(single.sum())))),
            (
                np.concatenate((factors[1], len(price_rows) + number[groups[single]])),
                np.concatenate((factors[2], np.flatnonzero(single))),
            ),
        ),
        shape=(len(price_rows) + len(alone), variables),
    )
    equal = csr_array(
        (
            np.concatenate((np.ones(int(member.sum())), -compact.size[in_gang].astype(np.float64))),
            (
                np.concatenate((number[groups[member]], np.arange(len(in_gang)))),
                np.concatenate((np.flatnonzero(member), len(groups) + gang[in_gang] - first_gang)),
            ),
        ),
        shape=(len(in_gang), variables),
    )
    node, column = price_rows[:, 0], price_rows[:, 1]
    limits = np.concatenate(((compact.free / _row_unit(compact))[node, column], compact.size[alone].astype(np.float64)))
    return Program(groups, nodes, objective, unit, at_most, limits, equal, price_rows)


def _capacities(
    compact: Compact, groups: IntArray, nodes: IntArray, variables: int
) -> tuple[tuple[FloatArray, IntArray, IntArray], IntArray]:
    """Entries of one row per node and column (factors, rows, pairs), and the rows' node and column."""
    columns = compact.free.shape[1]
    pair, column = np.nonzero(compact.demand[groups] > 0)
    factors = compact.demand[groups[pair], column] / _row_unit(compact)[nodes[pair], column]
    keys, row = np.unique(nodes[pair] * columns + column, return_inverse=True)
    return (factors, row, pair), np.column_stack((keys // columns, keys % columns))


def _row_unit(compact: Compact) -> FloatArray:
    """Shape (nodes, columns): whole numbers stay what they are, which is exact, unless they are large; then shares."""
    return np.where(compact.free > _LARGEST_FACTOR, compact.free, 1).astype(np.float64)


def _optimum(compact: Compact, made: Program) -> tuple[FloatArray, FloatArray] | None:
    """Amounts per pair, and prices; none if HiGHS takes too long."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.optimize import linprog

    bounds = np.zeros((len(made.objective), 2))
    bounds[: len(made.groups), 1] = np.inf
    bounds[len(made.groups) :, 1] = 1.0
    equal = {"A_eq": made.equal, "b_eq": np.zeros(made.equal.shape[0])} if made.equal.shape[0] else {}
    # On large ones the interior point method is ten times as fast as simplex; its crossover ends at a vertex too.
    method = "highs-ipm" if len(made.groups) > _SMALL else "highs-ds"
    answer = linprog(made.objective, A_ub=made.at_most, b_ub=made.limits, bounds=bounds, method=method, options=_LIMIT, **equal)
    if answer.status == _TOO_LONG:
        return None
    if answer.status != 0:
        raise SolverError(str(answer.message))
    prices = np.zeros(compact.free.shape)
    node, column = made.price_rows[:, 0], made.price_rows[:, 1]
    marginals = answer.ineqlin.marginals[: len(made.price_rows)]
    prices[node, column] = np.maximum(-marginals * made.unit, 0.0) / _row_unit(compact)[node, column]
    return np.maximum(answer.x[: len(made.groups)], 0.0), prices


def _missing(compact: Compact, pool: BoolArray, at_prices: Priced) -> BoolArray:
    """Pairs outside the pool worth more at these prices than all inside it; the best few of each group."""
    inside = np.where(pool, at_prices.net, -np.inf).max(axis=1)
    inside = np.where(compact.gang < 0, np.maximum(inside, 0.0), inside)
    least = _TOLERANCE * max(float(compact.value.max()), 0.0)
    better = np.where(pool, -np.inf, at_prices.net)
    calling = better > inside[:, None] + least
    if better.shape[1] > _MORE:
        of_group = np.partition(better, -_MORE, axis=1)[:, -_MORE]
        calling &= better >= of_group[:, None]
    return np.asarray(calling)
