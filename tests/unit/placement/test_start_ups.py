"""How long pods take to start, and what that adds to an estimate."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.foresight.estimates import exact
from bayplan.foresight.estimates.luck import Luck
from bayplan.knowledge.run_times import EndedRun, Evaluation, StartUps
from bayplan.model.graph import Graph, Task


def ended(task: str, node_class: str, starting: float | None) -> EndedRun:
    return EndedRun(task, node_class, 0.0, 10.0, 20.0, starting=starting)


def test_a_task_that_was_not_seen_on_a_class_is_expected_to_start_as_others_do_there() -> None:
    evaluation = Evaluation()
    for run in (ended("a", "fast", 2.0), ended("a", "fast", 4.0), ended("b", "fast", 9.0), ended("b", "slow", 30.0)):
        evaluation.add(run)
    found = StartUps.of(evaluation)
    assert found is not None
    assert found.table(["a", "b", "c"], ["fast", "slow", "new"]).tolist() == [
        [3.0, 30.0, 11.25], [9.0, 30.0, 11.25], [5.0, 30.0, 11.25],
    ]  # fmt: skip
    assert found.table([], ["fast"]).shape == (0, 1)


def test_where_no_node_has_said_it_nothing_is_known() -> None:
    evaluation = Evaluation()
    evaluation.add(ended("a", "fast", None))
    assert StartUps.of(evaluation) is None
    assert "start" not in evaluation.by_task["a", "fast"].by_name()


def test_figures_that_are_none_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"starting is -1.0: it must be seconds, 0 or above"):
        ended("a", "fast", -1.0)


def test_what_has_not_started_takes_as_much_longer_and_what_runs_does_not() -> None:
    graph = Graph.build([Task("a", (), 3, 8.0)])
    known = exact(np.array([[8.0]]), 0.3)
    luck = Luck.draw(graph, 4, 1)
    elapsed, on = np.array([np.nan, 0.0, 2.0]), np.zeros(3, np.int64)
    without = luck.seconds(graph, known, on, elapsed)
    slow = type(known)(known.location, known.scale, known.shared, known.basis, starting=np.array([[5.0]]))
    assert luck.seconds(graph, slow, on, elapsed) - without == pytest.approx(np.array([[5.0] * 4, [5.0] * 4, [0.0] * 4]))
