"""On small problems, searches find what trying everything finds, and bounds never exceed it."""

import numpy as np
import pytest
from hypothesis import given

from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.problem import GraphProblem
from bench.scheduling import Auto, BranchAndBound, ResourceProblem, lower_bound
from bench.scheduling.branch_and_bound import Tree
from bench.scheduling.list_scheduling import best_list
from tests.draws import cases
from tests.unit.placement.scheduling_examples import different, identical, shared, shortest, shortest_shared

SOME = cases(30, search=60)
ALL = Budget(None)


@SOME
@given(identical(most=5))
def test_branch_and_bound_is_optimal(problem: GraphProblem) -> None:
    optimum = shortest(problem)
    for planner in (BranchAndBound(), Auto()):
        outcome = planner(problem, ALL, 1)
        assert outcome.proved
        assert outcome.makespan == pytest.approx(optimum)
    assert lower_bound(problem) <= optimum + 1e-9


@SOME
@given(different(most=4))
def test_bounds_hold_where_processors_differ(problem: GraphProblem) -> None:
    assert lower_bound(problem) <= shortest(problem) + 1e-9


@SOME
@given(shared())
def test_bounds_hold_under_resources(problem: ResourceProblem) -> None:
    if problem.tasks <= 5:
        assert lower_bound(problem) <= shortest_shared(problem)


@pytest.mark.parametrize("seed", range(12))
def test_auto_is_optimal_on_small_graphs(seed: int) -> None:
    lots = np.random.default_rng(seed)
    durations = lots.integers(1, 9, (5, 1)) * np.array([1.0, 1.5])
    pairs = np.array([(a, b) for a in range(5) for b in range(a + 1, 5) if lots.random() < 0.4] or [(0, 1)]).T
    problem = GraphProblem(durations, pairs[0], pairs[1], lots.integers(0, 6, len(pairs[0])).astype(float), 2.0)
    assert Auto()(problem, Budget(20_000), seed).makespan == pytest.approx(shortest(problem))


@pytest.mark.parametrize("processors", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_trees_from_either_end_agree(seed: int, processors: int) -> None:
    # Larger than what can be tried out.
    lots = np.random.default_rng(seed)
    tasks = 14
    durations = np.repeat(lots.integers(0, 20, (tasks, 1)) + 0.5, processors, axis=1)
    pairs = np.array([(a, b) for a in range(tasks) for b in range(a + 1, tasks) if lots.random() < 0.15]).T
    problem = GraphProblem(durations, pairs[0], pairs[1])
    starts, _ = best_list(problem)
    found = []
    for backward in (False, True):
        tree = Tree(problem, starts, backward=backward)
        while not tree.over:
            tree.look(100, Meter(ALL))
        found.append(tree.makespan)
    assert found[0] == pytest.approx(found[1])
    assert lower_bound(problem) <= found[0] + 1e-9
