"""Single GPUs in an integer program: where fractions of them could go, and which are kept whole."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.problem import Problem
from bayplan.solvers.assignment.relaxation import Matrix, Program

_LARGEST = 300


@dataclass(frozen=True, slots=True, eq=False)
class DeviceRows:
    """Variables and rows beside those of a program; none if the single GPUs make no difference, or are too many."""

    variables: int
    highest: FloatArray
    """Shape (variables,)."""
    rows: Matrix
    """Shape (rows, the program's variables + these)."""
    lowest_sum: FloatArray
    highest_sum: FloatArray

    def widened(self, matrix: Matrix) -> Matrix:
        """A matrix of the program, with columns of zeros for these variables."""
        # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
        from scipy.sparse import csr_array, hstack

        return csr_array(hstack((matrix, csr_array((matrix.shape[0], self.variables)))))


class _Writer:
    """Collects rows, entry by entry."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.highest: list[float] = []
        self.lowest_sum: list[float] = []
        self.highest_sum: list[float] = []
        self._entries: list[tuple[float, int, int]] = []

    def variable(self, highest: float) -> int:
        self.highest.append(highest)
        return self.first + len(self.highest) - 1

    def row(self, entries: list[tuple[int, float]], lowest: float, highest: float) -> None:
        number = len(self.lowest_sum)
        self._entries += [(factor, number, variable) for variable, factor in entries]
        self.lowest_sum.append(lowest)
        self.highest_sum.append(highest)

    def finish(self) -> DeviceRows:
        # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
        from scipy.sparse import csr_array

        factors, rows, variables = zip(*self._entries, strict=True) if self._entries else ((), (), ())
        shape = (len(self.lowest_sum), self.first + len(self.highest))
        matrix = csr_array((np.array(factors, np.float64), (np.array(rows, int), np.array(variables, int))), shape=shape)
        highest = np.array(self.highest, np.float64)
        return DeviceRows(len(highest), highest, matrix, np.array(self.lowest_sum), np.array(self.highest_sum))


def device_rows(problem: Problem, compact: Compact, made: Program) -> DeviceRows:
    """Per pair that takes fractions, how many from each GPU; per GPU, whether it is kept whole. At most 300 variables."""
    writer = _Writer(len(made.objective))
    count = problem.gpu_count[compact.first][made.groups]
    part = problem.gpu_thousandths[compact.first][made.groups]
    fractions = (count > 0) & (part < WHOLE)
    nodes = np.unique(made.nodes[fractions])
    slots = (problem.gpu_free > 0).sum(axis=1)
    if (slots[made.nodes[fractions]].sum() + slots[nodes].sum()) > _LARGEST:
        return writer.finish()
    for node in nodes.tolist():
        here = np.flatnonzero((made.nodes == node) & (count > 0))
        free = problem.gpu_free[node][problem.gpu_free[node] > 0].tolist()
        kept = [writer.variable(float(amount == WHOLE)) for amount in free]
        on_device: list[list[tuple[int, float]]] = [
            [(variable, float(amount))] for variable, amount in zip(kept, free, strict=True)
        ]
        for pair in here[fractions[here]].tolist():
            takes = [writer.variable(float(amount // part[pair])) for amount in free]
            writer.row([(variable, 1.0) for variable in takes] + [(pair, -1.0)], 0.0, 0.0)
            for device, variable in enumerate(takes):
                on_device[device].append((variable, float(part[pair])))
        for entries, amount in zip(on_device, free, strict=True):
            writer.row(entries, -np.inf, float(amount))
        whole = [(pair, -float(count[pair])) for pair in here[~fractions[here]].tolist()]
        writer.row([(variable, 1.0) for variable in kept] + whole, 0.0, np.inf)
    return writer.finish()
