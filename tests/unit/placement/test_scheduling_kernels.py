"""Compiled kernels and plain Python give the same schedules."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem
from bench.scheduling import GRAPH_PLANNERS, Genetic, ResourceProblem


def plans() -> list[object]:
    """What every planner makes of a graph on processors alike, on others, and under resources."""
    lots = np.random.default_rng(3)
    tasks = 9
    pairs = np.array([(a, b) for a in range(tasks) for b in range(a + 1, tasks) if lots.random() < 0.15]).T
    seconds = lots.integers(1, 20, (tasks, 1)) + 0.25
    alike = GraphProblem(seconds * np.ones(3), *pairs, available=np.array([0.0, 3.0, 0.0]))
    apart = GraphProblem(seconds * [1.0, 1.7, 3.1], pairs[0], pairs[1], lots.random(len(pairs[0])), 0.3)
    near = GraphProblem(
        seconds * [1.0, 1.7, 3.1, 1.0], *pairs, lots.random(len(pairs[0])), 0.3, site=np.array([0, 1, 1, 0]), fetched=True
    )
    shared = ResourceProblem(seconds[:, 0], lots.integers(0, 5, (tasks, 2)), np.array([6, 5]), *pairs)
    found = []
    for name, planner in GRAPH_PLANNERS.items():
        for problem in (alike,) if name == "BranchAndBound" else (alike, apart, near):
            found.append(planner(problem, Budget(100), 2))
    found += [planner(shared, Budget(300), 2) for planner in (Genetic(20), GRAPH_PLANNERS["AntColony"])]  # type: ignore[operator]
    return [
        [each.schedule.processor.tolist(), each.schedule.start.tolist(), each.lower_bound, each.proved, each.schedules]
        for each in found
    ]


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: there is only one of the twins")
def test_plain_python_gives_the_same_schedules() -> None:
    program = f"import json; from {__name__} import plans; print(json.dumps(plans()))"
    environment = {**os.environ, "BAYPLAN_KERNELS": "numpy"}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", program]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == plans()
