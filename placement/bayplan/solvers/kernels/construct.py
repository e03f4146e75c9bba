"""Many packings at once, each made request by request from scores."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled


class Packable(NamedTuple):
    """What is to be packed; all whole numbers, int64 and contiguous."""

    choices: IntArray
    """Shape (requests, choices): nodes that each may go to, -1 where there is none."""
    demand: IntArray
    """Shape (requests, resources)."""
    free: IntArray
    """Shape (nodes, resources)."""
    gpu_count: IntArray
    """Shape (requests,)."""
    gpu_thousandths: IntArray
    """Shape (requests,)."""
    gpu_free: IntArray
    """Shape (nodes, slots)."""
    gang: IntArray
    """Shape (requests,): numbered from 0 without gaps, -1 if none."""


def construct(order: IntArray, scores: FloatArray, packable: Packable) -> IntArray:
    """Assignments, shape (packings, requests), nodes or -1. O(packings x requests x choices x (resources + slots)).

    In each packing, each request in the given order (shape (packings, requests)) goes to the choice of the highest score
    (shape (packings, requests, choices)) that has room, the first of equals. Whole GPUs are the first that are free, a
    fraction comes from the tightest that holds it. A gang that is not placed whole is left out, and the packing made again.
    """
    kernel = _construct if HAVE_NUMBA else construct_numpy
    return kernel(order, scores, *packable)


def construct_numpy(
    order: IntArray,
    scores: FloatArray,
    choices: IntArray,
    demand: IntArray,
    free: IntArray,
    gpu_count: IntArray,
    gpu_thousandths: IntArray,
    gpu_free: IntArray,
    gang: IntArray,
) -> IntArray:
    """`construct` in numpy: the packings side by side."""
    packings, requests = order.shape
    assignment = np.full((packings, requests), -1, np.int64)
    left_out = np.zeros((packings, max(int(gang.max(initial=-1)) + 1, 1)), bool)
    again = np.arange(packings)
    problem = (choices, demand, free, gpu_count, gpu_thousandths, gpu_free, gang)
    while len(again):
        made = _side_by_side(order[again], scores[again], left_out[again], problem)
        assignment[again] = made
        split = np.zeros((len(again), left_out.shape[1]), bool)
        packing, request = np.nonzero((made < 0) & (gang >= 0))
        split[packing, gang[request]] = True
        split &= ~left_out[again]
        left_out[again] |= split
        again = again[split.any(axis=1)]
    return assignment


def _side_by_side(order: IntArray, scores: FloatArray, left_out: BoolArray, problem: tuple[IntArray, ...]) -> IntArray:
    choices, demand, free, gpu_count, gpu_thousandths, gpu_free, gang = problem
    packings, requests = order.shape
    number = np.arange(packings)
    there = np.repeat(free[None], packings, axis=0)
    gpus = np.repeat(gpu_free[None], packings, axis=0)
    assignment = np.full((packings, requests), -1, np.int64)
    for request in order.T:
        nodes = choices[request]
        fits = (nodes >= 0) & ~((gang[request] >= 0) & left_out[number, gang[request]])[:, None]
        fits &= (there[number[:, None], nodes] >= demand[request][:, None]).all(axis=2)
        count, part = gpu_count[request], gpu_thousandths[request]
        enough = (gpus[number[:, None], nodes] >= part[:, None, None]).sum(axis=2) >= count[:, None]
        fits &= enough | (count == 0)[:, None]
        best = np.where(fits, scores[number, request], -np.inf).argmax(axis=1)
        placed = np.flatnonzero(fits[number, best])
        node = nodes[placed, best[placed]]
        assignment[placed, request[placed]] = node
        there[placed, node] -= demand[request[placed]]
        _take(gpus, placed, node, count[placed], part[placed])
    return assignment


def _take(gpus: IntArray, packings: IntArray, nodes: IntArray, counts: IntArray, parts: IntArray) -> None:
    left = gpus[packings, nodes]
    holds = left >= parts[:, None]
    whole = holds & (np.cumsum(holds, axis=1) <= counts[:, None]) & (parts == WHOLE)[:, None]
    taken = whole * WHOLE
    some = np.flatnonzero((parts < WHOLE) & (counts > 0))
    if len(some):
        tightest = np.where(holds[some], left[some], WHOLE + 1).argmin(axis=1)
        taken[some, tightest] = parts[some]
    gpus[packings, nodes] -= taken


@compiled
def _construct(
    order: IntArray,
    scores: FloatArray,
    choices: IntArray,
    demand: IntArray,
    free: IntArray,
    gpu_count: IntArray,
    gpu_thousandths: IntArray,
    gpu_free: IntArray,
    gang: IntArray,
) -> IntArray:
    packings, requests = order.shape
    resources, slots = free.shape[1], gpu_free.shape[1]
    assignment = np.full((packings, requests), -1, np.int64)
    gangs = 0
    for request in range(requests):
        gangs = max(gangs, gang[request] + 1)
    for packing in range(packings):
        left_out = np.zeros(gangs, np.bool_)
        while True:
            there, gpus = free.copy(), gpu_free.copy()
            for turn in range(requests):
                request = order[packing, turn]
                assignment[packing, request] = -1
                if gang[request] >= 0 and left_out[gang[request]]:
                    continue
                best, top = -1, -np.inf
                count, part = gpu_count[request], gpu_thousandths[request]
                for choice in range(choices.shape[1]):
                    node = choices[request, choice]
                    if node < 0 or scores[packing, request, choice] <= top:
                        continue
                    fits = True
                    for resource in range(resources):
                        if there[node, resource] < demand[request, resource]:
                            fits = False
                            break
                    if fits and count > 0:
                        enough = 0
                        for slot in range(slots):
                            if gpus[node, slot] >= part:
                                enough += 1
                        fits = enough >= count
                    if fits:
                        best, top = node, scores[packing, request, choice]
                if best < 0:
                    continue
                assignment[packing, request] = best
                for resource in range(resources):
                    there[best, resource] -= demand[request, resource]
                if count > 0 and part == WHOLE:
                    needed = count
                    for slot in range(slots):
                        if needed > 0 and gpus[best, slot] >= WHOLE:
                            gpus[best, slot] -= WHOLE
                            needed -= 1
                elif count > 0:
                    tightest = -1
                    for slot in range(slots):
                        left = gpus[best, slot]
                        if left >= part and (tightest < 0 or left < gpus[best, tightest]):
                            tightest = slot
                    gpus[best, tightest] -= part
            split = False
            for request in range(requests):
                if gang[request] >= 0 and assignment[packing, request] < 0 and not left_out[gang[request]]:
                    left_out[gang[request]] = True
                    split = True
            if not split:
                break
    return assignment
