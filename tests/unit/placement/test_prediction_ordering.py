import math

import numpy as np

from bayplan.knowledge.run_times import ByTask, RunTimes, TaskRun
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.shortest_expected import AGEING, PATIENCE, keys, shortest_expected
from tests.unit.placement.building import asking

UNKNOWN = math.nan


def test_the_shortest_goes_first_while_nobody_has_waited() -> None:
    assert np.argsort(keys(np.log([30.0, 10.0, 20.0]), np.zeros(3))).tolist() == [1, 2, 0]


def test_an_unknown_one_is_in_the_middle_and_with_nothing_known_who_came_first_goes_first() -> None:
    assert np.argsort(keys(np.array([3.0, UNKNOWN, 1.0, 2.5, 0.5]), np.zeros(5))).tolist()[2] == 1
    assert np.argsort(keys(np.full(3, UNKNOWN), np.array([5.0, 9.0, 1.0]))).tolist() == [1, 0, 2]


def test_who_has_waited_longest_gains_a_fixed_factor() -> None:
    wait = 2 * PATIENCE
    just_under, just_over = math.exp(AGEING - 0.01), math.exp(AGEING + 0.01)
    for factor, winner in ((just_under, 0), (just_over, 1)):
        assert keys(np.log([10.0 * factor, 10.0]), np.array([wait, 0.0])).argmin() == winner


def test_short_waits_hardly_count() -> None:
    assert keys(np.log([12.0, 10.0]), np.array([600.0, 0.0])).argmin() == 1
    assert keys(np.log([12.0, 10.0]), np.array([PATIENCE, 0.0])).argmin() == 0


def test_it_ranks_by_what_was_learned() -> None:
    run_times = RunTimes()
    for at in range(5):
        run_times.observe(TaskRun("quick"), 10.0 + at, float(at))
        run_times.observe(TaskRun("slow"), 1000.0 + at, float(at))
    forecast = ByTask(run_times, lambda request: TaskRun(request.task, hint=request.duration or None))
    requests = [
        Request("a", asking(1), task="slow", arrival=(99.0, "ns", "a")),
        Request("b", asking(1), task="new", arrival=(98.0, "ns", "b"), duration=1.0),
        Request("c", asking(1), task="quick", arrival=(100.0, "ns", "c")),
    ]
    found = shortest_expected(requests, Context(now=100.0, run_times=forecast))
    assert np.argsort(found).tolist() == [1, 2, 0]
    assert np.argsort(shortest_expected(requests, Context(now=100.0))).tolist() == [1, 0, 2]
    assert shortest_expected([], Context(run_times=forecast)).shape == (0,)
