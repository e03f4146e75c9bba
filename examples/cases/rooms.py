"""Five tasks of priority 5, 3, 2, 4, 1 on nodes with room for 10, 8 and 6.

If each takes one unit, all fit: 15, all of the priority there is. If they take 7, 6, 5, 6 and 4 they compete for 24 units.
"""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.assignment import Problem, Solution, SolverBudget, integer, linear

PRIORITIES, ROOMS = (5, 3, 2, 4, 1), (10, 8, 6)
UNIT, COMPETING = (1, 1, 1, 1, 1), (7, 6, 5, 6, 4)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the linear program says, and the integer program."""

    linear: float
    """The linear program's optimum, in which tasks may be split."""
    duals: FloatArray
    """What one more unit of room would be worth on each node."""
    integer: float
    places: list[int]
    """Per task its node, -1 if it waits."""


def problem(demands: tuple[int, ...]) -> Problem:
    """The same priority wherever a task goes; one resource; no GPUs and no gangs."""
    tasks, nodes = len(PRIORITIES), len(ROOMS)
    return Problem(
        value=np.repeat(np.array(PRIORITIES, np.float64)[:, None], nodes, axis=1),
        demand=np.array(demands, np.int64)[:, None],
        free=np.array(ROOMS, np.int64)[:, None],
        gpu_count=np.zeros(tasks, np.int64),
        gpu_thousandths=np.zeros(tasks, np.int64),
        gpu_free=np.zeros((nodes, 0), np.int64),
        gang=np.full(tasks, -1, np.int64),
    )


def solve(demands: tuple[int, ...]) -> Answer:
    """Both programs, from nothing."""
    given = problem(demands)
    start = np.full(given.requests, -1, np.int64)
    relaxed: Solution = linear.solve(given, start, SolverBudget())
    whole = integer.solve(given, start, SolverBudget())
    duals = np.zeros(given.nodes) if relaxed.shadow_prices is None else relaxed.shadow_prices[:, 0]
    return Answer(relaxed.bound or relaxed.value, duals, whole.value, whole.assignment.tolist())


def report() -> str:
    """Both demands."""
    lines = []
    for name, demands in (("one unit each", UNIT), ("7, 6, 5, 6, 4 units", COMPETING)):
        answer = solve(demands)
        lines += [
            f"{name}: linear program {answer.linear:g}, one more unit of room worth "
            + ", ".join(f"{dual:.3g} ({room})" for dual, room in zip(answer.duals, ROOMS, strict=True)),
            f"  integer program {answer.integer:g}: " + ", ".join(_place(*each) for each in enumerate(answer.places)),
        ]
    return "\n".join(lines)


def _place(task: int, node: int) -> str:
    where = "waits" if node < 0 else f"in {ROOMS[node]}"
    return f"p{PRIORITIES[task]} {where}"


if __name__ == "__main__":
    print(report())
