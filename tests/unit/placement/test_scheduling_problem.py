"""Bad problems are refused in one clear sentence; the checker sees what is wrong with a schedule."""

from dataclasses import replace

import numpy as np
import pytest

from bayplan.model.graph_checks import GraphError
from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.scheduling import Annealing, BranchAndBound, Genetic, Heft, ResourceProblem, violations
from bench.scheduling.activities import activities
from tests.unit.placement.scheduling_examples import ten_tasks

ONE = np.ones((3, 2))
PAIR = (np.array([0, 1]), np.array([1, 2]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"durations": np.ones(3)}, r"durations has shape \(3,\): it must be \(tasks, processors\)"),
        ({"durations": np.ones((0, 2))}, "durations has no rows"),
        ({"durations": np.ones((2, 0))}, "durations has no columns: there must be at least one processor"),
        ({"durations": np.array([[1.0, 2.0], [3.0, -4.0]])}, r"durations\[1, 1\] is -4.0: it must be 0 or above"),
        ({"durations": np.array([[1.0], [np.nan]])}, r"durations\[1, 0\] is nan"),
        ({"durations": np.array([[1.0], [np.inf]])}, r"durations\[1\] is infinite on every processor"),
        ({"durations": ONE, "parents": np.array([0]), "children": np.array([7])}, r"children\[0\] is 7, an unknown task"),
        ({"durations": ONE, "parents": np.array([-1]), "children": np.array([1])}, r"parents\[0\] is -1, an unknown task"),
        ({"durations": ONE, "parents": np.array([1]), "children": np.array([1])}, "edge 0 makes task 1 wait for itself"),
        ({"durations": ONE, "parents": np.array([0.5]), "children": np.array([1])}, "parents holds numbers of type float64"),
        ({"durations": ONE, "parents": np.array([0, 1]), "children": np.array([1])}, "parents and children have shapes"),
        ({"durations": ONE, "parents": PAIR[0], "children": PAIR[1], "bytes": np.ones(1)}, r"bytes has shape \(1,\)"),
        ({"durations": ONE, "parents": PAIR[0], "children": PAIR[1], "bytes": np.array([1.0, -1.0])}, r"bytes\[1\] is -1.0"),
        ({"durations": ONE, "bandwidth": 0.0}, "bandwidth is 0.0: it must be above 0"),
        ({"durations": ONE, "bandwidth": float("nan")}, "bandwidth is nan"),
        ({"durations": ONE, "available": np.array([0.0, np.inf])}, r"available\[1\] is inf: it must be a finite number"),
        ({"durations": ONE, "available": np.zeros(3)}, r"available has shape \(3,\): it must be \(2,\)"),
        ({"durations": ONE, "site": np.array([0])}, r"site has shape \(1,\): it must be \(2,\)"),
        ({"durations": ONE, "site": np.array([0, 2])}, r"site\[1\] is 2: it must be from 0 to 1"),
        ({"durations": ONE, "names": ("a",)}, "names has 1 entries"),
    ],
)
def test_bad_graphs(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphProblem(**arguments)  # type: ignore[arg-type]


def test_a_cycle_is_named() -> None:
    with pytest.raises(GraphError, match="a → c → b → a"):
        GraphProblem(ONE, np.array([0, 2, 1]), np.array([2, 1, 0]), names=("a", "b", "c"))
    with pytest.raises(GraphError, match="0 → 1 → 0"):
        ResourceProblem(np.ones(2), np.ones((2, 1), int), np.ones(1, int), np.array([0, 1]), np.array([1, 0]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((2, 2)), np.ones((2, 1), int), np.array([1])), r"durations has shape \(2, 2\)"),
        ((np.ones(0), np.ones((0, 1), int), np.array([1])), "at least one task"),
        ((np.ones(2), np.ones((2, 1), int), np.zeros(0, int)), "at least one resource"),
        ((np.ones(2), np.ones((2, 2), int), np.array([1])), r"demands has shape \(2, 2\): it must be \(2, 1\)"),
        ((np.ones(2), np.array([[1], [-1]]), np.array([1])), r"demands\[1, 0\] is -1"),
        (
            (np.ones(2), np.array([[1], [3]]), np.array([2])),
            r"demands\[1, 0\] is 3: it must be at most capacities\[0\], which is 2",
        ),
        ((np.ones(2), np.array([[1.5], [1.0]]), np.array([2])), "demands holds numbers of type float64"),
        ((np.array([1.0, -2.0]), np.ones((2, 1), int), np.array([1])), r"durations\[1\] is -2.0"),
    ],
)
def test_bad_resources(arguments: tuple[np.ndarray, np.ndarray, np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResourceProblem(*arguments)


def test_what_needs_identical_processors_says_so() -> None:
    with pytest.raises(ValueError, match="needs identical processors"):
        BranchAndBound()(ten_tasks(), Budget(), 0)
    with pytest.raises(ValueError, match="needs identical processors"):
        activities(ten_tasks())
    with pytest.raises(ValueError, match="population is 1"):
        Genetic(1)


def spoilt(**changes: object) -> list[str]:
    schedule = Heft()(ten_tasks(), Budget(), 0).schedule
    return violations(
        ten_tasks(), replace(schedule, **{name: change(getattr(schedule, name)) for name, change in changes.items()})
    )  # type: ignore[operator]


def put(index: int, value: float) -> object:
    def change(values: np.ndarray) -> np.ndarray:
        changed = values.copy()
        changed[index] = value
        return changed

    return change


def test_the_checker_sees_what_is_wrong() -> None:
    assert spoilt() == []
    assert any("task 3 runs for" in each for each in spoilt(finish=put(3, 500.0)))
    assert any("starts before 0" in each for each in spoilt(start=put(0, -1.0)))
    assert spoilt(processor=put(4, 3)) == ["task 4 runs on processor 3, which there is not"]
    assert spoilt(start=lambda values: values[1:]) == ["start has shape (9,): it must be (10,)"]
    assert spoilt(start=put(0, np.nan)) == ["start or finish holds a number that is not finite"]
    # One second sooner than the bytes of task 8 arrive.
    assert any("task 9 starts before task" in each for each in spoilt(start=put(9, 72.0), finish=put(9, 79.0)))
    problem = GraphProblem(np.array([[2.0, 2.0], [2.0, 2.0]]), available=np.array([1.0, 0.0]))
    together = Schedule(np.array([1, 1]), np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    assert violations(problem, together) == ["tasks 0 and 1 run on processor 1 at the same time"]
    early = Schedule(np.array([0, 1]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
    assert violations(problem, early) == ["task 0 starts before processor 0 is available"]
    shared = ResourceProblem(np.array([2.0, 2.0]), np.array([[2], [1]]), np.array([2]), np.array([0]), np.array([1]))
    both = Schedule(np.array([-1, -1]), np.zeros(2), np.full(2, 2.0))
    wrong = violations(shared, both)
    assert "task 1 starts before task 0 has ended" in wrong
    assert any("more of resource 0 is in use" in each for each in wrong)


def test_tasks_stay_off_processors_that_cannot_run_them() -> None:
    durations = np.where(np.arange(12)[:, None] % 3 == np.arange(3), 5.0, np.inf)
    outcome = Annealing()(GraphProblem(durations), Budget(5_000), 1)
    assert (outcome.schedule.processor == np.arange(12) % 3).all()
    assert outcome.makespan == 20


def test_what_has_run_already_is_a_task_of_no_duration_where_its_outputs_are() -> None:
    """Its processor is busy until 20; the bytes that it left there take 10 s to the other one."""
    durations = np.array([[0.0, np.inf], [5.0, 5.0]])
    problem = GraphProblem(durations, np.array([0]), np.array([1]), np.array([10.0]), 1.0, np.array([20.0, 0.0]))
    for planner in (Heft(), Annealing(), Genetic()):
        outcome = planner(problem, Budget(100), 1)
        assert violations(problem, outcome.schedule) == []
        assert outcome.schedule.processor.tolist() == [0, 1]
        assert outcome.makespan == 15


def test_the_checker_knows_sites_and_who_moves_the_bytes() -> None:
    seconds = np.ones((2, 3))
    edge = {"parents": np.array([0]), "children": np.array([1]), "bytes": np.array([4.0]), "bandwidth": 1.0}
    near = GraphProblem(seconds, site=np.array([0, 0, 1]), **edge)
    schedule = Schedule(np.array([0, 1]), np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert violations(near, schedule) == []
    far = replace(schedule, processor=np.array([0, 2]))
    assert violations(near, far) == ["task 1 starts before task 0 has ended and its bytes are there"]
    fetching = replace(near, fetched=True)
    assert violations(fetching, schedule) == []
    assert violations(fetching, far) == ["task 1 runs for 1.0 s instead of 5.0 s"]
    assert violations(fetching, replace(far, finish=np.array([1.0, 6.0]))) == []
