"""One mixed-integer program, handed to HiGHS."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.device_rows import device_rows
from bayplan.solvers.assignment.problem import Problem
from bayplan.solvers.assignment.relaxation import SECONDS, Program, SolverError

_LIMITS = ("limit reached", "time limit")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search came to."""

    amounts: FloatArray | None
    """Shape (pairs,); none: no answer."""
    bound: float
    """No answer of the program is worth more."""
    ended: bool
    """The amounts are the best there are."""


def search(problem: Problem, compact: Compact, made: Program, branches: int) -> Found:
    """Branch and cut, at most so many branches. Raises `SolverError`.

    Single GPUs have variables of their own where these are few; elsewhere they are summed up.
    """
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.optimize import Bounds, LinearConstraint, milp

    devices = device_rows(problem, compact, made)
    pairs, variables = len(made.groups), len(made.objective)
    highest = np.ones(variables + devices.variables)
    highest[:pairs] = np.minimum(compact.room[made.groups, made.nodes], compact.size[made.groups])
    highest[variables:] = devices.highest
    constraints = [LinearConstraint(devices.widened(made.at_most), -np.inf, made.limits)]
    if made.equal.shape[0]:
        constraints.append(LinearConstraint(devices.widened(made.equal), 0.0, 0.0))
    if devices.variables:
        constraints.append(LinearConstraint(devices.rows, devices.lowest_sum, devices.highest_sum))
    answer = milp(
        np.concatenate((made.objective, np.zeros(devices.variables))),
        integrality=np.ones(variables + devices.variables),
        bounds=Bounds(0.0, highest),
        constraints=constraints,
        # With its presolve HiGHS often writes a line to standard output; on programs so small it saves no time.
        options={"node_limit": branches, "mip_rel_gap": 0.0, "time_limit": SECONDS, "presolve": False},
    )
    ended = answer.status == 0
    if not ended and not any(words in str(answer.message).lower() for words in _LIMITS):
        raise SolverError(str(answer.message))
    dual = answer.mip_dual_bound
    bound = np.inf if dual is None or not np.isfinite(dual) else -float(dual) * made.unit
    return Found(None if answer.x is None else answer.x[:pairs], bound, ended)
