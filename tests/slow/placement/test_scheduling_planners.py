"""Whatever plans, the schedule is valid, and it is the same for the same seed and steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.ranks import upward_rank
from bench.scheduling import (
    GRAPH_PLANNERS,
    Auto,
    Genetic,
    Heft,
    ListScheduling,
    ResourceProblem,
    ScheduleSolution,
    lower_bound,
    violations,
)
from tests.draws import cases
from tests.unit.placement.scheduling_examples import different, identical, shared, shortest_shared, ten_tasks

SOME = cases(30, search=60)
FEW = settings(max_examples=15, deadline=None)
FOR_RESOURCES = ("AntColony", "Genetic", "ListScheduling")
ANYWHERE = sorted(set(GRAPH_PLANNERS) - {"BranchAndBound"})


def holds(problem: GraphProblem | ResourceProblem, outcome: ScheduleSolution) -> None:
    assert violations(problem, outcome.schedule) == []
    assert outcome.makespan == outcome.schedule.makespan
    assert outcome.lower_bound <= outcome.makespan + 1e-9
    assert outcome.lower_bound >= lower_bound(problem) - 1e-9
    assert outcome.proved == (outcome.lower_bound >= outcome.makespan)
    assert outcome.schedules >= 1


def same(one: ScheduleSolution, other: ScheduleSolution) -> bool:
    arrays = ("processor", "start", "finish")
    equal = all((getattr(one.schedule, name) == getattr(other.schedule, name)).all() for name in arrays)
    return equal and (one.lower_bound, one.proved, one.schedules) == (other.lower_bound, other.proved, other.schedules)


def test_heft_and_cpop_give_the_published_makespans() -> None:
    assert GRAPH_PLANNERS["Heft"](ten_tasks(), Budget(), 0).makespan == 80
    assert GRAPH_PLANNERS["Cpop"](ten_tasks(), Budget(), 0).makespan == 86


def test_upward_ranks_are_the_published_ones() -> None:
    published = [108, 77, 80, 80, 69, 63.333, 42.667, 35.667, 44.333, 14.667]
    assert upward_rank(ten_tasks()) == pytest.approx(published, abs=1e-3)


def test_search_finds_what_is_shorter_than_heft_on_the_ten_tasks() -> None:
    assert Auto()(ten_tasks(), Budget(20_000), 1).makespan <= 73


@pytest.mark.parametrize("name", ANYWHERE)
@FEW
@given(problem=st.one_of(different(), identical()))
def test_schedules_are_valid(name: str, problem: GraphProblem) -> None:
    holds(problem, GRAPH_PLANNERS[name](problem, Budget(200), 3))


@SOME
@given(identical())
def test_branch_and_bound_is_valid(problem: GraphProblem) -> None:
    holds(problem, GRAPH_PLANNERS["BranchAndBound"](problem, Budget(200), 3))


@pytest.mark.parametrize("name", FOR_RESOURCES)
@FEW
@given(problem=shared())
def test_schedules_under_resources_are_valid(name: str, problem: ResourceProblem) -> None:
    planner = {"AntColony": GRAPH_PLANNERS["AntColony"], "Genetic": Genetic(), "ListScheduling": ListScheduling()}[name]
    holds(problem, planner(problem, Budget(200), 3))  # type: ignore[arg-type]


@FEW
@given(shared())
def test_genetic_finds_what_trying_everything_finds(problem: ResourceProblem) -> None:
    if problem.tasks <= 5:
        assert Genetic()(problem, Budget(3000), 1).makespan == shortest_shared(problem)


@SOME
@given(st.one_of(different(), identical()), st.integers(0, 50))
def test_auto_is_never_worse_than_heft(problem: GraphProblem, seed: int) -> None:
    assert Auto()(problem, Budget(50), seed).makespan <= Heft()(problem, Budget(), seed).makespan + 1e-9


def large(seed: int, *, alike: bool) -> GraphProblem:
    lots = np.random.default_rng(seed)
    tasks = 40
    durations = lots.integers(1, 30, (tasks, 1)) * (np.ones(4) if alike else np.array([1.0, 1.3, 2.0, 3.0]))
    pairs = np.array([(a, b) for a in range(tasks) for b in range(a + 1, tasks) if lots.random() < 0.06]).T
    return GraphProblem(durations, pairs[0], pairs[1], np.zeros(len(pairs[0])) if alike else lots.random(len(pairs[0])), 0.1)


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("name", sorted(GRAPH_PLANNERS))
def test_same_seed_and_steps_give_the_same_schedule(name: str, alike: bool) -> None:
    if name == "BranchAndBound" and not alike:
        return
    problem = large(5, alike=alike)
    planner = GRAPH_PLANNERS[name]
    first = planner(problem, Budget(3_000), 7)
    assert same(first, planner(problem, Budget(3_000), 7))
    # A stop function that never says so changes nothing; how often it is asked does neither.
    assert same(first, planner(problem, Budget(3_000, lambda: False), 7))


@pytest.mark.parametrize("name", ["Annealing", "AntColony", "Genetic"])
def test_seeds_matter_and_more_steps_are_never_worse(name: str) -> None:
    problem = large(6, alike=False)
    planner = GRAPH_PLANNERS[name]
    found = [planner(problem, Budget(1_500), seed) for seed in range(4)]
    assert len({tuple(each.schedule.start) for each in found}) > 1
    assert planner(problem, Budget(6_000), 0).makespan <= found[0].makespan


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 50, 1000])
@pytest.mark.parametrize("name", ["AntColony", "Genetic"])
def test_no_more_schedules_than_steps(name: str, steps: int) -> None:
    for alike in (True, False):
        outcome = GRAPH_PLANNERS[name](large(7, alike=alike), Budget(steps), 1)
        assert outcome.schedules <= max(steps, 1)  # one has to be made


@pytest.mark.parametrize("name", sorted(GRAPH_PLANNERS))
def test_the_stop_function_ends_the_search(name: str) -> None:
    problem = large(8, alike=True)
    asked = []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > 5

    outcome = GRAPH_PLANNERS[name](problem, Budget(None, stop), 1)
    holds(problem, outcome)
    assert len(asked) <= 10


def test_a_budget_has_no_negative_steps() -> None:
    with pytest.raises(ValueError, match="steps is -1"):
        Budget(-1)
