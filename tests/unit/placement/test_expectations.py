"""Predictions that are made once and kept: when what was learned counts, and what is said until then."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bayplan.knowledge.run_times import RunTime, RunTimes, TaskRun, Unknown
from bayplan.knowledge.run_times.expectations import PAUSE, Expectations
from bayplan.knowledge.run_times.of_graph import critical_path
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import Request, RequestClass

A, B = TaskRun("a", "f", hint=10.0), TaskRun("b", "f", hint=20.0)
NEW = TaskRun("new", "f")
ASKED = RequestClass((("cpu", 1),))


class Learner:
    """Run times, and expectations that hear of every run that ends."""

    def __init__(self) -> None:
        self.run_times = RunTimes()
        self.expectations = Expectations(self.run_times, lambda request: {"a": A, "b": B, "new": NEW}.get(request.task))

    def ended(self, run: TaskRun, seconds: float, times: int = 1) -> None:
        for _ in range(times):
            self.run_times.observe(run, seconds, 0.0)
        self.expectations.learned(run.family, run.task)

    def says(self, run: TaskRun) -> RunTime | Unknown:
        """What the run times alone would say."""
        return self.run_times.predict(TaskRun(run.task, run.family))


def stops_after(count: int) -> Callable[[], bool]:
    asked = iter(range(count + 1))
    return lambda: next(asked) == count


def same(one: RunTime | Unknown, other: RunTime | Unknown) -> bool:
    assert isinstance(one, RunTime)
    assert isinstance(other, RunTime)
    return (one.log_mean, one.log_expected, one.mean) == (other.log_mean, other.log_expected, other.mean)


def test_where_nothing_was_learned_there_is_nothing_to_renew() -> None:
    learner = Learner()
    assert learner.expectations.due_at is None
    assert not learner.expectations.renew(5.0, lambda: pytest.fail("nothing is wanted"))
    assert not learner.expectations.renewing


def test_what_was_learned_counts_from_the_next_renewal_on_to_the_last_bit() -> None:
    learner = Learner()
    found = learner.expectations
    learner.ended(A, 50.0)
    assert found.renew(0.0, lambda: [A])
    before = found.predict(A)
    assert same(before, learner.says(A))
    learner.ended(A, 500.0, times=9)
    assert found.predict(A) is before, "kept until the renewal"
    assert not same(before, learner.says(A))
    assert found.renew(PAUSE, lambda: [A])
    assert same(found.predict(A), learner.says(A))


def test_between_two_renewals_there_is_a_pause() -> None:
    learner = Learner()
    found = learner.expectations
    learner.ended(A, 50.0)
    assert found.due_at == -math.inf
    assert found.renew(7.0, lambda: [A])
    assert found.due_at is None
    learner.ended(A, 60.0)
    assert found.due_at == 7.0 + PAUSE
    assert not found.renew(7.0 + PAUSE - 0.01, lambda: [A])
    assert found.due_at == 7.0 + PAUSE, "it still is"
    assert found.renew(7.0 + PAUSE, lambda: [A])


def test_a_rest_puts_a_renewal_off_and_never_forward() -> None:
    learner = Learner()
    found = learner.expectations
    found.rest(30.0)
    found.rest(20.0)
    assert found.due_at is None
    learner.ended(A, 50.0)
    assert found.due_at == 30.0
    assert not found.renew(29.0, lambda: [A])
    assert found.renew(30.0, lambda: [A])
    found.rest(30.5)
    learner.ended(A, 50.0)
    assert found.due_at == 30.0 + PAUSE


def test_a_renewal_that_is_stopped_goes_on_where_it_was_and_counts_once_it_is_complete() -> None:
    learner = Learner()
    found = learner.expectations
    asked = []

    def wanted() -> list[TaskRun]:
        asked.append(1)
        return [A, B, A, NEW]

    learner.ended(A, 50.0)
    learner.ended(B, 70.0)
    assert found.renew(0.0, wanted)
    before = {run.task: found.predict(run) for run in (A, B)}
    learner.ended(A, 500.0, times=9)
    assert not found.renew(10.0, wanted, stops_after(1))
    assert found.renewing
    assert {run.task: found.predict(run) for run in (A, B)} == before
    assert not found.renew(10.0, wanted, stops_after(0)), "no time at all"
    learner.ended(B, 700.0, times=9)
    assert not found.renew(10.1, wanted, stops_after(1)), "not kept waiting by the pause"
    assert found.renew(20.0, wanted, stops_after(1)), "three runs are wanted, each once"
    assert len(asked) == 2, "once per renewal"
    assert not found.renewing
    assert all(not same(found.predict(run), before[run.task]) for run in (A, B))
    assert found.due_at == 20.0 + PAUSE, "what was learned meanwhile counts at the next; the pause begins at the end"
    assert found.renew(20.0 + PAUSE, wanted)
    assert all(same(found.predict(run), learner.says(run)) for run in (A, B))


def test_one_that_was_not_wanted_is_predicted_when_it_is_asked_for() -> None:
    learner = Learner()
    found = learner.expectations
    learner.ended(A, 50.0)
    learner.ended(B, 70.0)
    assert found.made(B) is None
    found.renew(0.0, lambda: [A])
    assert found.made(A) is not None
    assert found.made(B) is None
    assert same(found.predict(B), learner.says(B))
    assert found.made(B) is found.predict(B)
    learner.ended(B, 700.0, times=9)
    found.renew(10.0, lambda: [A])
    assert found.made(B) is None, "what is not wanted is let go"


def test_what_was_learned_takes_the_place_of_the_hint_and_new_tasks_are_as_their_family() -> None:
    learner = Learner()
    found = learner.expectations
    assert (found.seconds(A), found.seconds(NEW)) == (10.0, None)
    learner.ended(A, 50.0, times=30)
    found.renew(0.0, lambda: [A, B, NEW])
    assert found.seconds(A) == pytest.approx(50.0, rel=0.1)
    assert found.seconds(B) == 20.0
    assert 20.0 < (found.seconds(NEW) or 0.0) < 100.0
    assert found.seconds(TaskRun("new", "another family")) is None
    assert found.predict(TaskRun("x", "f")) is found.predict(TaskRun("y", "f")), "new tasks of which the same is said share one"


def test_what_is_forgotten_is_new_again() -> None:
    learner = Learner()
    found = learner.expectations
    learner.ended(A, 50.0, times=5)
    learner.ended(TaskRun("c", "another family"), 50.0)
    found.renew(0.0, lambda: [A, NEW])
    assert found.seconds(NEW) is not None
    learner.run_times.forget("a", "f")
    found.forgotten("f", "a")
    assert found.due_at == PAUSE
    assert found.renew(5.0, lambda: [A, NEW])
    assert (found.seconds(A), found.seconds(NEW)) == (10.0, None)
    found.forgotten("f", "never heard of")
    assert found.seconds(NEW) is None


def test_what_orders_ask_for_is_the_log_where_anything_is_known() -> None:
    learner = Learner()
    found = learner.expectations
    requests = [Request(task, ASKED, task=task) for task in ("a", "new", "unheard of")]
    told = found.log_expected(requests, 0.0)
    assert told.shape == (3,)
    assert np.isnan(told).tolist() == [False, True, True]
    learner.ended(A, 50.0, times=9)
    found.renew(0.0, lambda: [A, NEW])
    said = learner.says(A)
    assert isinstance(said, RunTime)
    told = found.log_expected(requests, 0.0)
    assert told[0] == said.log_expected
    assert np.isnan(told).tolist() == [False, False, True]
    before = told[0]
    learner.ended(A, 500.0, times=9)
    assert found.log_expected(requests, 1.0)[0] == before
    found.renew(9.0, lambda: [A, NEW])
    assert found.log_expected(requests, 9.0)[0] > before


def test_of_a_graph_seconds_and_chains_by_what_is_known_else_by_its_own_durations() -> None:
    learner = Learner()
    learner.ended(A, 50.0, times=30)
    learner.expectations.renew(0.0, list)
    graph = Graph.build([Task("a", duration=1.0), Task("b", ("a",), duration=2.0), Task("c", ("a",), duration=30.0)])
    expected = learner.expectations.seconds_of([A, B, TaskRun("c", "another family")])
    learned = learner.expectations.seconds(A)
    assert learned == pytest.approx(50.0, rel=0.1)
    assert expected[:2].tolist() == [learned, 20.0]
    assert np.isnan(expected[2])
    assert critical_path(graph, expected).tolist() == [(learned or 0.0) + 30.0, 20.0, 30.0]
    nothing = np.full(3, np.nan)
    assert critical_path(graph, nothing).tolist() == [31.0, 2.0, 30.0]
