"""What the solvers are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.solvers.assignment import FORBIDDEN, Problem, SolverBudget
from bayplan.solvers.assignment.candidates import candidates
from bayplan.solvers.assignment.compact import compacted
from bayplan.solvers.assignment.crowd import Crowd
from bayplan.solvers.assignment.device_packing import pack_devices
from bayplan.solvers.assignment.fitness import Weights, fitness
from bayplan.solvers.assignment.genetic import GeneticSettings, solve
from bayplan.solvers.assignment.integer import solve as solve_integer
from bayplan.solvers.assignment.linear import solve as solve_linear
from bayplan.solvers.assignment.local_search import by_density, improved
from bayplan.solvers.assignment.packing_state import PackingState
from bayplan.solvers.assignment.places import assignment_form
from bayplan.solvers.kernels import construct as kernel
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from tests.draws import cases
from tests.unit.placement.batches import best_value, check, greedy, nowhere, problem, problems, random_problem

SOME = cases(30, search=60)


@SOME
@given(problems(), st.randoms(use_true_random=False))
def test_undo_restores_a_packing_to_the_byte(of: Problem, random: object) -> None:
    state = PackingState(of)

    def picture() -> tuple[bytes, ...]:
        gpus = str([state.devices(request) for request in range(of.requests)]).encode()
        return state.assignment.tobytes(), state.free.tobytes(), state.gpu_free.tobytes(), gpus

    pictures = [(state.mark(), picture())]
    for _ in range(12):
        request = random.randrange(of.requests)  # type: ignore[attr-defined]
        if state.assignment[request] >= 0:
            state.remove(request)
        else:
            node = random.randrange(of.nodes)  # type: ignore[attr-defined]
            assert state.place(request, node) == bool(state.fits(request)[node] or state.assignment[request] >= 0)
        pictures.append((state.mark(), picture()))
    for mark, before in reversed(pictures):
        state.undo(mark)
        assert picture() == before


@SOME
@given(problems())
def test_local_search_never_loses_and_fits(of: Problem) -> None:
    state = PackingState(of)
    improved(state, by_density(of), lambda: False)
    check(of, state.solution())
    before = state.value
    improved(state, by_density(of), lambda: False)
    assert state.value >= before


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([(1, 1000), (2, 1000), (1, 200), (1, 300), (1, 500), (1, 700)]), max_size=5),
    st.lists(st.sampled_from([0, 300, 500, 800, 1000]), min_size=1, max_size=4),
)
def test_gpus_are_found_whenever_there_are_some(asks: list[tuple[int, int]], free: list[int]) -> None:
    of = problem([[1]] * len(asks) or [[1]], [[0]] * max(len(asks), 1), [[1]], asks or [(0, 1000)], [free])
    counts, parts = of.gpu_count, of.gpu_thousandths
    found = pack_devices(counts, parts, np.array(free))
    assert (found is not None) == (best_value(of) == of.requests)
    left = np.array(free)
    for devices, count, part in zip(found or [], counts, parts, strict=False):
        assert len(set(devices)) == count
        left[list(devices)] -= part
    assert (left >= 0).all()


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: there is only one of the twins")
@SOME
@given(problems(), st.integers(0, 99))
def test_packings_side_by_side_equal_those_one_by_one(of: Problem, seed: int) -> None:
    draw = np.random.default_rng(seed)
    packable = Crowd(of, compacted(of), nowhere(of), 4, seed)._packable
    order = np.argsort(draw.random((4, of.requests)), axis=1)
    scores = draw.integers(0, 3, (4, *packable.choices.shape)).astype(np.float64)
    compiled = kernel._construct(order, scores, *packable)
    assert compiled.tolist() == kernel.construct_numpy(order, scores, *packable).tolist()


def test_alike_requests_are_one_group_and_gangs_apart() -> None:
    of = problem([[1, 2], [1, 2], [1, 2], [1, 3]], [[1]] * 4, [[2], [2]], gang=[-1, -1, 0, -1])
    made = compacted(of)
    assert made.group.tolist() == [0, 0, 1, 2]
    assert made.size.tolist() == [2, 1, 1]
    assert made.members(0).tolist() == [0, 1]


def test_what_follows_from_gpus_has_a_column_only_if_no_resource_says_the_same() -> None:
    asks, slots = [(1, 1000), (2, 1000)], [[1000, 1000], [1000, 0]]
    counted = problem([[1, 1]] * 2, [[1], [2]], [[2], [1]], asks, slots)
    assert compacted(counted).free.shape[1] == 1
    uncounted = problem([[1, 1]] * 2, [[5], [5]], [[9], [9]], asks, slots)
    assert compacted(uncounted).free.shape[1] == 2
    lavish = problem([[1, 1]] * 2, [[1], [2]], [[9], [9]], asks, slots)
    assert compacted(lavish).free.shape[1] == 2


def test_of_many_nodes_the_best_are_looked_at_and_those_of_the_start() -> None:
    value = np.tile(np.arange(500.0), (10, 1)) + np.arange(10)[:, None]
    of = problem(value, [[1]] * 10, [[1]] * 500)
    start = nowhere(of)
    start[0] = 3
    made = compacted(of)
    chosen = candidates(made, start, 200, seed=0)
    assert chosen[0].sum() == 21
    assert chosen[0, 3]
    assert set(np.flatnonzero(chosen[1])) == set(range(480, 500))


def test_a_large_group_gets_as_many_nodes_as_hold_it_twice() -> None:
    of = problem(np.ones((300, 1000)), [[1]] * 300, [[2]] * 1000)
    assert candidates(compacted(of), nowhere(of), 4, seed=0).sum() == 300


def test_equal_values_are_drawn_by_lot_so_that_groups_differ() -> None:
    of = problem(np.ones((20, 400)) * np.arange(1, 21)[:, None], [[1]] * 20, [[1]] * 400)
    chosen = candidates(compacted(of), nowhere(of), 80, seed=0)
    assert chosen.any(axis=0).sum() > 40


@pytest.mark.parametrize(
    ("of", "places"),
    [
        (problem([[1, 2]] * 3, [[2]] * 3, [[5], [2]]), [2, 1]),
        (problem([[1, 2]] * 3, [[2], [3], [3]], [[4], [3]]), [1, 1]),
        (problem([[1, 2]] * 3, [[2], [1], [3]], [[4], [3]]), None),
        (problem([[1, 2]] * 2, [[1]] * 2, [[4], [3]], gang=[0, 0]), None),
        (problem([[1, 2]] * 5, [[0]] * 5, [[1], [1]], [(1, 300)] * 5, [[1000, 700], [500, 0]]), [5, 1]),
        (problem([[1, 2]] * 5, [[0]] * 5, [[1], [1]], [(2, 1000)] * 5, [[1000] * 5, [1000] + [0] * 4]), [2]),
    ],
    ids=["alike", "one at a time", "neither", "a gang", "fractions", "whole GPUs"],
)
def test_when_a_problem_is_one_of_assignment(of: Problem, places: list[int] | None) -> None:
    form = assignment_form(of, compacted(of))
    assert (None if form is None else form.places.tolist()) == places


def test_places_that_only_take_the_rest_are_left_out_without_loss() -> None:
    of = problem(np.tile(np.arange(300.0), (3, 1)), [[1]] * 3, [[1]] * 300)
    form = assignment_form(of, compacted(of))
    assert form is not None
    assert form.nodes.tolist() == [297, 298, 299]
    assert form.complete


def test_criteria_are_what_they_say() -> None:
    of = problem([[4, 2], [4, 2]], [[1], [1]], [[2], [2]])
    both = np.array([[0, 0], [0, 1], [0, -1]])
    values = np.array([8.0, 6.0, 4.0])
    assert fitness(of, both, values, Weights(1, 0, 0, 0)).tolist() == [1, 0.75, 0.5]
    assert fitness(of, both, values, Weights(0, 1, 0, 0)).tolist() == [0, 0.5, 0.25]
    assert fitness(of, both, values, Weights(0, 0, 1, 0)).tolist() == [1, 0.5, 0.5]
    assert fitness(of, both, values, Weights(0, 0, 0, 1)).tolist() == [1, 1, 0.5]
    assert fitness(of, both, values, Weights(1, 0, 0, 3)).tolist() == [1, 0.9375, 0.5]


def test_weights_decide_among_what_is_worth_as_much() -> None:
    of = problem(np.ones((4, 4)), [[1]] * 4, [[4]] * 4)
    start = np.array([0, 0, 1, 1])
    spread = solve(of, start, SolverBudget(), 0, GeneticSettings(weights=Weights(1, 1, 0, 0)))
    full = solve(of, start, SolverBudget(), 0, GeneticSettings(weights=Weights(1, 0, 1, 0)))
    assert (len(set(spread.assignment.tolist())), len(set(full.assignment.tolist()))) == (4, 1)


def test_small_programs_better_what_is_too_large_for_one() -> None:
    of = random_problem(60, 15, seed=6)
    start = greedy(of)
    programs = SolverBudget(25)
    more = solve_integer(of, start, programs, 0)
    check(of, more)
    assert more.value > solve_linear(of, start, SolverBudget(), 0).value
    assert not more.finished


def test_a_thousand_requests_are_placed_without_looking_at_every_node() -> None:
    draw = np.random.default_rng(0)
    of = problem(draw.integers(1, 50, (200, 3000)), draw.integers(1, 4, (200, 2)), np.full((3000, 2), 3))
    made = compacted(of)
    assert candidates(made, nowhere(of), 12_000, 0).sum() == 60 * 200
    answer = solve(of, nowhere(of), SolverBudget(5), 0)
    check(of, answer)
    assert answer.value >= 0.95 * of.value.max(axis=1).sum()
    assert (of.value > FORBIDDEN).all()
