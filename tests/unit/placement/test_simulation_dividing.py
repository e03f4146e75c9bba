"""Submissions whose shards are decided: by the same function, on the same nodes, before anything runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayplan.foresight.shards import Splitting
from bayplan.model.graph import Graph, Task
from bayplan.simulation import AttemptOutcome, Divider, Policy, Setup, SetupError, Submission, TrueRunTimes, simulate
from tests.unit.placement.building import BEST_FIT, asking, node

PART = Splitting(600, 20, most=64)


def submission(*splittings: Splitting | None) -> Submission:
    graph = Graph.build([Task("train", shards=1, duration=620), Task("after", ("train",), 1, 10)])
    given = splittings or (PART, None)
    return Submission("g", graph, (asking(cpu=4), asking(cpu=4)), policy="p", expected=np.array([600.0, 0.0]), splittings=given)


def setup(nodes: int, speed: float = 1.0, selector: tuple[tuple[str, str], ...] = ()) -> Setup:
    policy = Policy(replace(BEST_FIT, node_selector=selector))
    made = [node(f"n{number}", labels={"pool": "a" if number else "b"}, node_class="x") for number in range(nodes)]
    return Setup(made, {"p": policy}, TrueRunTimes({"x": speed}))


@pytest.mark.parametrize(("nodes", "shards"), [(2, 4), (8, 15)])
def test_it_runs_in_as_many_shards_as_pay_off(nodes: int, shards: int) -> None:
    trace = simulate([submission()], setup(nodes))
    assert trace.submissions[0].graph.tasks[0].shards == shards
    took = 20 + 600 / shards
    assert trace.graphs.ended_at[0] == pytest.approx(took + 10)
    assert (trace.attempts.outcome == AttemptOutcome.SUCCEEDED).all()
    assert len(trace.attempts) == shards + 1
    assert trace.submissions[0].expected is not None
    assert trace.submissions[0].expected.tolist() == pytest.approx([took, 0.0])


def test_speeds_and_the_policys_nodes_count() -> None:
    slow = replace(setup(8, speed=0.1), nodes=[node("fast", node_class="y"), *setup(8).nodes])
    assert Divider(slow).divided(submission()).graph.tasks[0].shards == 2, "two places are ten times as fast as the others"
    few = Divider(setup(3, selector=(("pool", "a"),))).divided(submission())
    assert few.graph.tasks[0].shards == 4


def test_what_is_given_stays() -> None:
    given = submission(None, None)
    assert Divider(setup(8)).divided(given) is given


def test_wrong_splittings() -> None:
    with pytest.raises(SetupError, match="there are 1 splittings for 2 tasks"):
        submission(PART)
    with pytest.raises(SetupError, match="actual is given, and splittings too"):
        replace(submission(), actual=np.array([1.0, 1.0]))
