"""Bad input is named: the field, the place in it, what is wrong."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayplan.solvers.assignment import FORBIDDEN, SolverBudget, ant_colony, auction, genetic, linear
from bayplan.solvers.assignment.fitness import Weights
from tests.unit.placement.batches import nowhere, problem, solved

GOOD = problem([[1, 2], [3, 4]], [[1], [1]], [[2], [2]], [(1, 500), (0, 1000)], [[1000], [0]])
VALUE = GOOD.value


def with_value(request: int, node: int, value: float) -> np.ndarray:
    changed = VALUE.copy()
    changed[request, node] = value
    return changed


@pytest.mark.parametrize(
    ("field", "figures", "sentence"),
    [
        ("value", with_value(1, 0, np.nan), "value[1, 0] is nan: it must be a number"),
        ("value", with_value(0, 1, np.inf), "value[0, 1] is inf: it must be finite, or FORBIDDEN"),
        ("value", with_value(0, 1, -3.0), "value[0, 1] is -3.0: it must not be negative"),
        ("value", VALUE[:0], "value has shape (0, 2): it must be (requests, nodes), at least one of each"),
        ("value", VALUE[:, :0], "value has shape (2, 0): it must be (requests, nodes), at least one of each"),
        ("demand", np.array([[1], [-1]]), "demand[1, 0] is -1: it must be 0 or above"),
        ("demand", np.array([[1.5], [1]]), "demand holds float64: it must hold signed whole numbers"),
        ("demand", np.array([[1]]), "demand has shape (1, 1): it must be (2, any), to go with value and demand"),
        ("free", np.array([[2], [-2]]), "free[1, 0] is -2: it must be 0 or above"),
        ("free", np.array([[2, 2], [2, 2]]), "free has shape (2, 2): it must be (2, 1), to go with value and demand"),
        ("gpu_count", np.array([-1, 0]), "gpu_count[0] is -1: it must be 0 or above"),
        ("gpu_count", np.array([2, 0]), "gpu_thousandths[0] is 500: a fraction must be of one GPU only"),
        ("gpu_thousandths", np.array([0, 0]), "gpu_thousandths[0] is 0: it must be from 1 to 1000 where a GPU is asked for"),
        ("gpu_thousandths", np.array([1001, 0]), "gpu_thousandths[0] is 1001: it must be 1000 or below"),
        ("gpu_free", np.array([[1000], [-1]]), "gpu_free[1, 0] is -1: it must be 0 or above"),
        ("gpu_free", np.array([[2000], [0]]), "gpu_free[0, 0] is 2000: it must be 1000 or below"),
        ("gang", np.array([-2, 0]), "gang[0] is -2: it must be -1 or above"),
        ("free", np.array([[2], [0]]), "free[1] is 0 throughout: a node without capacity must be FORBIDDEN to what asks"),
    ],
)
def test_a_problem_that_makes_no_sense_is_refused(field: str, figures: np.ndarray, sentence: str) -> None:
    changes: dict[str, Any] = {field: figures}
    with pytest.raises(ValueError, match=re.escape(sentence)):
        replace(GOOD, **changes)


def test_a_node_without_capacity_may_be_forbidden() -> None:
    assert (
        solved("linear", replace(GOOD, free=np.array([[2], [0]]), value=np.array([[1, FORBIDDEN], [3, FORBIDDEN]]))).value == 4
    )


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ([0], "start has shape (1,): it must be (2,)"),
        ([0, 2], "start[1] is 2: it must be a node from 0 to 1, or -1"),
        ([1, -1], "start[0] is 1: the request does not fit there, or must not go there"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(start: list[int], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        linear.solve(GOOD, np.array(start), SolverBudget())


def test_a_start_that_splits_a_gang_is_refused() -> None:
    with pytest.raises(ValueError, match="start places some of a gang only"):
        linear.solve(replace(GOOD, gang=np.array([7, 7])), np.array([0, -1]), SolverBudget())


def test_where_nobody_may_go_everybody_waits() -> None:
    nobody = replace(GOOD, value=np.full((2, 2), FORBIDDEN))
    for name in ("linear", "integer", "hungarian", "auction", "genetic", "ant colony"):
        answer = solved(name, nobody)
        assert answer.assignment.tolist() == nowhere(nobody).tolist()
        assert answer.value == answer.bound == 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SolverBudget(-1), "steps is -1: it must be 0 or above"),
        (lambda: genetic.GeneticSettings(population=2), "population is 2: it must be above 2, as many as are kept unchanged"),
        (lambda: genetic.GeneticSettings(generations=0), "generations is 0: it must be at least 1"),
        (lambda: genetic.GeneticSettings(mutation=1.5), "mutation is 1.5: it must be from 0 to 1"),
        (lambda: genetic.GeneticSettings(crossover=float("nan")), "crossover is nan: it must be from 0 to 1"),
        (lambda: Weights(objective=-1), "objectiveWeight is -1: it must be a number, 0 or above"),
        (lambda: Weights(0, 0, 0, 0), "successRateWeight are all 0: at least one must be above"),
        (lambda: ant_colony.AntColonySettings(ants=0), "ants is 0: it must be at least 1"),
        (lambda: ant_colony.AntColonySettings(evaporation=1), "evaporation is 1: it must be above 0 and below 1"),
        (lambda: ant_colony.AntColonySettings(value_power=-1), "valuePower is -1: it must be from 0 to 10"),
        (
            lambda: auction.solve(GOOD, nowhere(GOOD), SolverBudget(), 0, 0.0),
            "precision is 0.0: it must be above 0 and below 1",
        ),
    ],
)
def test_settings_are_checked(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()
