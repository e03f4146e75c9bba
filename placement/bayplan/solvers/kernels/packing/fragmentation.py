"""How broken up what is free on a node is, by the measure of fragmentation gradient descent."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled


def unusable(states: IntArray, kinds: IntArray, frequency: IntArray, asked: IntArray, serves: IntArray) -> IntArray:
    """The fragmentation of each state (F of Weng et al., USENIX ATC 2023), shape (states,), in millionths of a thousandth.

    `frequency`: of each typical request, in millionths; `asked`: shape (typical, 4): millicores, MiB, GPUs, thousandths
    of each; `serves`: shape (K, typical), 1 where GPUs of the kind are acceptable. What fits cannot use GPUs with less
    free than its share; what does not fit, or wants no GPU, can use none.
    """
    kernel = _unusable if HAVE_NUMBA else unusable_numpy
    return kernel(states, kinds, frequency, asked, serves)


def unusable_numpy(states: IntArray, kinds: IntArray, frequency: IntArray, asked: IntArray, serves: IntArray) -> IntArray:
    """`unusable` in numpy."""
    free = np.maximum(states[:, 2:], 0)
    found = np.zeros(len(states), np.int64)
    for number, (cpu, memory, count, thousandths) in enumerate(asked.tolist()):
        holding = free >= thousandths
        fits = (count > 0) & (states[:, 0] >= cpu) & (states[:, 1] >= memory) & (holding.sum(axis=1) >= count)
        usable = np.where((fits & (serves[kinds, number] == 1))[:, None], np.where(holding, free, 0), 0)
        found += frequency[number] * (free - usable).sum(axis=1)
    return found


@compiled
def _unusable(states: IntArray, kinds: IntArray, frequency: IntArray, asked: IntArray, serves: IntArray) -> IntArray:
    found = np.zeros(len(states), np.int64)
    for row in range(len(states)):
        state = states[row]
        total = 0
        for slot in range(2, len(state)):
            total += max(state[slot], 0)
        if total == 0:
            continue
        for number in range(len(asked)):
            count, thousandths = asked[number, 2], asked[number, 3]
            usable = 0
            if count > 0 and state[0] >= asked[number, 0] and state[1] >= asked[number, 1] and serves[kinds[row], number]:
                holding = 0
                for slot in range(2, len(state)):
                    if state[slot] >= thousandths:
                        holding += 1
                        usable += state[slot]
                if holding < count:
                    usable = 0
            found[row] += frequency[number] * (total - usable)
    return found
