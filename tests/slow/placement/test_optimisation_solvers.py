"""What holds for every solver, and how near each comes to what is best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.solvers.assignment import Problem, SolverBudget
from tests.draws import cases
from tests.unit.placement.batches import (
    SOLVERS,
    StopsAfter,
    assignments,
    best_value,
    check,
    greedy,
    nowhere,
    problem,
    problems,
    random_problem,
    solved,
)

EVERY = pytest.mark.parametrize("name", list(SOLVERS))
SOME = cases(15, search=30)
NEAR = 1e-6


@EVERY
@SOME
@given(problems(), st.booleans())
def test_the_answer_fits_is_no_worse_than_the_start_and_bounded(name: str, of: Problem, from_greedy: bool) -> None:
    start = greedy(of) if from_greedy else nowhere(of)
    answer = solved(name, of, start)
    check(of, answer)
    placed = np.flatnonzero(start >= 0)
    assert answer.value >= of.value[placed, start[placed]].sum()
    assert answer.finished
    assert answer.bound is None or answer.bound >= best_value(of) - NEAR


@EVERY
@settings(max_examples=10, deadline=None)
@given(problems(), st.integers(0, 3))
def test_the_same_seed_gives_the_same_answer(name: str, of: Problem, seed: int) -> None:
    one, other = solved(name, of, greedy(of), 3, seed), solved(name, of, greedy(of), 3, seed)
    assert one.assignment.tolist() == other.assignment.tolist()
    assert (one.value, one.bound, one.finished, one.note) == (other.value, other.bound, other.finished, other.note)
    assert one.devices.tolist() == other.devices.tolist()


@EVERY
def test_at_a_larger_size_too(name: str) -> None:
    of = random_problem(60, 15, seed=4)
    start, steps = greedy(of), 12 if name == "integer" else 40
    answer = solved(name, of, start, steps, seed=1)
    check(of, answer)
    assert answer.value > of.value[start >= 0, start[start >= 0]].sum()
    assert solved(name, of, start, steps, seed=1).assignment.tolist() == answer.assignment.tolist()


@EVERY
@pytest.mark.parametrize("budget", [SolverBudget(0), SolverBudget(None, lambda: True)], ids=["no steps", "stopped"])
def test_stopped_at_once_it_returns_the_start(name: str, budget: SolverBudget) -> None:
    of = random_problem(20, 6, seed=2)
    start = greedy(of)
    answer = SOLVERS[name](of, start, budget, 0)
    assert answer.assignment.tolist() == start.tolist()
    assert not answer.finished


@EVERY
@pytest.mark.parametrize("calls", [1, 2, 3, 10, 50, 200])
def test_stopped_at_any_time_it_returns_something_that_fits(name: str, calls: int) -> None:
    of = random_problem(20, 6, seed=3)
    start = greedy(of)
    answer = SOLVERS[name](of, start, SolverBudget(None, StopsAfter(calls)), 0)
    check(of, answer)
    assert answer.value >= of.value[start >= 0, start[start >= 0]].sum()


@cases(40, search=80)
@given(problems())
def test_the_integer_program_equals_brute_force(of: Problem) -> None:
    answer = solved("integer", of)
    assert answer.value == pytest.approx(best_value(of))
    assert answer.bound == pytest.approx(answer.value)


@cases(40, search=80)
@given(problems())
def test_the_linear_program_bounds_brute_force_and_its_prices_prove_it(of: Problem) -> None:
    answer = solved("linear", of)
    best = best_value(of)
    assert answer.bound is not None
    assert answer.value <= best <= answer.bound + NEAR
    assert answer.shadow_prices is not None
    assert (answer.shadow_prices >= 0).all()
    if not of.gpu_count.any() and (of.gang < 0).all():
        prices = answer.shadow_prices
        net = of.value - of.demand @ prices.T
        dual = (prices * of.free).sum() + np.maximum(net.max(axis=1), 0.0).sum()
        assert dual >= best - NEAR


@cases(40, search=80)
@given(assignments())
def test_assignment_and_linear_program_equal_brute_force_where_all_ask_for_the_same(of: Problem) -> None:
    best = best_value(of)
    answer = solved("hungarian", of)
    assert answer.value == pytest.approx(best)
    assert answer.bound == pytest.approx(best)
    if of.demand[0, 0] == 1:
        assert solved("linear", of).value == pytest.approx(best)


@cases(40, search=80)
@given(assignments())
def test_the_auction_is_within_requests_times_epsilon_of_brute_force(of: Problem) -> None:
    best = best_value(of)
    answer = solved("auction", of)
    assert answer.gap is not None
    # requests x ε is a thousandth of what one request can gain or lose: at most its largest value.
    assert answer.gap <= 1e-3 * max(of.value.max(), 0.0) + NEAR
    assert best - answer.value <= answer.gap + NEAR


@pytest.mark.parametrize(("requests", "nodes", "most"), [(40, 40, 1), (40, 25, 1), (25, 40, 1), (60, 12, 8)])
@pytest.mark.parametrize("alike", [False, True])
def test_the_auction_keeps_its_gap_beside_the_best_matching(requests: int, nodes: int, most: int, alike: bool) -> None:
    draw = np.random.default_rng(requests + nodes)
    value = draw.integers(1, 30, (requests, 1 if alike else nodes)) * np.ones((1, nodes))
    of = problem(value, [[1]] * requests, draw.integers(1, most + 1, (nodes, 1)))
    best = solved("hungarian", of)
    answer = solved("auction", of)
    assert best.gap == 0
    assert answer.gap is not None
    assert best.value - answer.value <= answer.gap <= 1e-3 * 30 + NEAR


@pytest.mark.parametrize("name", ["hungarian", "auction", "genetic", "ant colony"])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems(gangs=False))
def test_searches_are_within_a_fifth_of_brute_force(name: str, of: Problem) -> None:
    assert solved(name, of).value >= 0.8 * best_value(of)


@pytest.mark.parametrize(("name", "gap"), [("genetic", 0.02), ("ant colony", 0.05), ("auction", 0.10)])
def test_searches_are_within_their_gap_of_the_integer_program(name: str, gap: float) -> None:
    values = []
    for seed in range(5):
        of = random_problem(14, 4, seed)
        best = solved("integer", of)
        assert best.gap is not None
        values.append(solved(name, of).value / (best.value + best.gap))
    assert np.mean(values) >= 1 - gap
