"""What free room is worth: a linear program values each shape of requests, a table what that makes of a node."""

from typing import NamedTuple

import numpy as np

from bayplan.knowledge.arrivals.patterns import Pattern, first_patterns, patterns_worth
from bayplan.knowledge.arrivals.shapes import Shapes
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.packing.knapsack import knapsack

GPU = 1_000_000_000
"""One GPU; values are whole billionths of it."""
_CAP = 1.5
_ROUNDS = 40
_CPU_STEPS = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.25, 4.5)
_MEMORY_STEPS = (0.0, 0.25, 0.5, 1.0, 2.5)
_DEAREST = GPU / 10
"""Of a millicore or a MiB, so that no sum overflows."""


class RoomValue(NamedTuple):
    """Per pair of prices for CPU and memory, what free GPUs of a kind are worth beside them; in billionths of a GPU."""

    cpu_price: IntArray
    """Shape (pairs,): of a millicore."""
    memory_price: IntArray
    """Shape (pairs,): of a MiB."""
    unit: int
    """Thousandths of a step in `single`."""
    single: IntArray
    """Shape (kinds, steps, pairs): of so many thousandths on one GPU."""
    whole: IntArray
    """Shape (kinds, GPUs + 1, pairs): of so many GPUs of a node that are wholly free."""


def shape_values(shapes: Shapes, gpus: IntArray) -> IntArray:
    """What serving one of each shape is worth, shape (shapes,), in billionths of a GPU. `gpus`: per pool.

    The duals of: as many multiples of the mix as possible, in patterns that fit one GPU (or that many whole GPUs);
    the patterns are generated as they pay (Gilmore & Gomory 1961). Shapes may be left out at 1.5 times their size, so
    that no value exceeds that, however scarce what they need is. On average a shape is worth what it asks for.
    """
    if not len(shapes.count):
        return np.zeros(0, np.int64)
    groups, size = _groups(shapes, gpus)
    unit = step(shapes)
    patterns = first_patterns(shapes, groups)
    known = set(patterns)
    values = np.zeros(len(shapes.count), np.int64)
    for _ in range(_ROUNDS):
        values, prices = _solve(shapes, patterns, size)
        found = [each for each in patterns_worth(shapes, groups, unit, values, prices) if each not in known]
        if not found:
            break
        known.update(found)
        patterns += found
    return values


def room_value(shapes: Shapes, values: IntArray, slots: int) -> RoomValue:
    """The tables by which a node's free room is valued. `slots`: GPUs of the largest node.

    For any prices of CPU and memory, priced CPU + priced memory + the best filling of each GPU by what requests are
    worth beyond the CPU and memory that they take, is an upper bound on what the node can still serve (Lagrange
    relaxation). The node is worth the smallest of these bounds.
    """
    unit = step(shapes)
    pairs = _price_pairs(shapes)
    net = values - np.round(np.outer(pairs[:, 0], shapes.cpu) + np.outer(pairs[:, 1], shapes.memory)).astype(np.int64)
    kinds = shapes.eligible.shape[1]
    single = np.zeros((kinds, WHOLE // unit + 1, len(pairs)), np.int64)
    whole = np.zeros((kinds, slots + 1, len(pairs)), np.int64)
    for kind in range(kinds):
        one = np.flatnonzero((shapes.count == 1) & shapes.eligible[:, kind])
        single[kind] = knapsack(shapes.thousandths[one] // unit, net[:, one], WHOLE // unit).T
        several = np.flatnonzero((shapes.count > 1) & shapes.eligible[:, kind])
        for free in range(1, slots + 1):
            best = whole[kind, free - 1] + single[kind, -1]
            for number in several[shapes.count[several] <= free].tolist():
                best = np.maximum(best, whole[kind, free - shapes.count[number]] + net[:, number])
            whole[kind, free] = best
    return RoomValue(pairs[:, 0].copy(), pairs[:, 1].copy(), unit, single, whole)


def step(shapes: Shapes) -> int:
    """The largest number of thousandths of which everything asked of one GPU is a multiple, and the GPU too."""
    return int(np.gcd.reduce(np.append(shapes.thousandths, WHOLE)))


def _groups(shapes: Shapes, gpus: IntArray) -> tuple[list[IntArray], FloatArray]:
    """Pools that can hold the same shapes, joined: the shapes of each, and its GPUs."""
    joined: dict[bytes, int] = {}
    for pool in range(shapes.holds.shape[1]):
        key = shapes.holds[:, pool].tobytes()
        joined[key] = joined.get(key, 0) + int(gpus[pool])
    holding = [(np.flatnonzero(np.frombuffer(key, bool)), size) for key, size in joined.items()]
    kept = [(held, size) for held, size in holding if len(held)]
    return [held for held, _ in kept], np.array([size for _, size in kept], np.float64)


def _solve(shapes: Shapes, patterns: list[Pattern], size: FloatArray) -> tuple[IntArray, IntArray]:
    """Values of shapes and prices of a GPU per group, in billionths of a GPU."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy import sparse
    from scipy.optimize import linprog

    number, all_gpus = len(shapes.count), float(size.sum())
    wanted = shapes.weights * all_gpus
    columns = [(held, column, -float(many)) for column, each in enumerate(patterns) for held, many in each.held]
    columns += [(number + each.group, column, float(each.gpus)) for column, each in enumerate(patterns)]
    multiple = len(patterns)
    columns += [(shape, multiple, float(want)) for shape, want in enumerate(wanted.tolist())]
    columns += [(shape, multiple + 1 + shape, -1.0) for shape in range(number)]
    at_row, at_column, entries = zip(*columns, strict=True)
    matrix = sparse.csr_matrix((entries, (at_row, at_column)), shape=(number + len(size), multiple + 1 + number))
    costs = np.zeros(multiple + 1 + number)
    costs[multiple] = -float(wanted @ shapes.gpu) / WHOLE
    costs[multiple + 1 :] = _CAP * shapes.gpu / WHOLE
    solved = linprog(costs, A_ub=matrix, b_ub=np.concatenate([np.zeros(number), size]), bounds=(0, None), method="highs")
    if solved.status != 0:
        raise ArithmeticError(f"the linear program of what free room is worth was not solved: {solved.message}")
    duals = np.round(-solved.ineqlin.marginals * GPU).astype(np.int64)
    return np.maximum(duals[:number], 0), np.maximum(duals[number:], 0)


def _price_pairs(shapes: Shapes) -> IntArray:
    """Pairs of prices of a millicore and a MiB, shape (pairs, 2): around what they would be worth if only they were short."""
    worth = float(shapes.weights @ shapes.gpu) * (GPU / WHOLE)
    cpu, memory = (min(worth / max(float(shapes.weights @ asked), 1e-9), _DEAREST) for asked in (shapes.cpu, shapes.memory))
    grid = [(round(cpu * a), round(memory * b)) for a in _CPU_STEPS for b in _MEMORY_STEPS]
    return np.array(list(dict.fromkeys(grid)), np.int64)
