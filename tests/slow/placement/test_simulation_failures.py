"""Crashes, losses and failures as the lifecycle sees them, instant by instant."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.lifecycle import Retry
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import (
    AttemptOutcome,
    Crash,
    Delays,
    Failures,
    Occupied,
    Policy,
    Setup,
    SetupError,
    Submission,
    simulate,
)
from bayplan.strategy.presets import compile_preset

WHOLE = RequestClass((("cpu", 1000),))
BEST_FIT = compile_preset("BestFit")


def pool(count: int) -> list[NodeInfo]:
    return [NodeInfo(f"n{number}", {"cpu": 1000}) for number in range(count)]


def setup(count: int = 1, grace: float = 30.0, **more: object) -> Setup:
    return Setup(pool(count), {"": Policy(BEST_FIT, grace)}, **more)  # type: ignore[arg-type]


def job(name: str = "job", seconds: float = 100.0, **more: object) -> Submission:
    return Submission(name, Graph.build([Task("t", duration=seconds)]), (WHOLE,), **more)  # type: ignore[arg-type]


def story(submission: Submission, given: Setup) -> list[tuple[str, float, float, str]]:
    """Node, start, end and outcome of each attempt."""
    trace = simulate([submission], given)
    attempts = trace.attempts
    return [
        (
            trace.nodes[attempts.node[row]].name,
            attempts.started_at[row],
            attempts.ended_at[row],
            AttemptOutcome(attempts.outcome[row]).name,
        )
        for row in range(len(attempts))
    ]


def test_a_node_that_stays_away_is_lost_after_notice_and_grace() -> None:
    assert story(job(), setup(2, failures=Failures((Crash("n0", 10.0),)))) == [
        ("n0", 0.0, 80.0, "LOST"),
        ("n1", 80.0, 180.0, "SUCCEEDED"),
    ]


def test_a_node_that_comes_back_before_has_lost_what_ran_there() -> None:
    assert story(job(), setup(failures=Failures((Crash("n0", 10.0, 25.0),)))) == [
        ("n0", 0.0, 25.0, "LOST"),
        ("n0", 25.0, 125.0, "SUCCEEDED"),
    ]


def test_on_a_node_whose_crash_nobody_has_noticed_nothing_starts() -> None:
    late = job(at=20.0)
    trace = simulate([late], setup(2, failures=Failures((Crash("n0", 10.0),))))
    assert np.isnan(trace.attempts.started_at[0])
    assert trace.attempts.outcome.tolist() == [AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED]
    assert trace.attempts.placed_at.tolist() == [20.0, 80.0]


def test_what_its_node_does_not_have_yet_is_taken_back() -> None:
    slow = Delays(binding=200.0, noticing=5.0)
    trace = simulate([job()], setup(2, grace=5.0, delays=slow, failures=Failures((Crash("n0", 1.0),))))
    assert trace.attempts.outcome.tolist() == [AttemptOutcome.TAKEN_BACK, AttemptOutcome.SUCCEEDED]
    assert trace.attempts.ended_at[0] == 11.0


def test_back_off_doubles_and_the_graph_fails_after_the_limit() -> None:
    hard = Failures(attempt=1.0)
    trace = simulate([job(seconds=8.0, retries=(Retry(limit=2, initial=10.0),))], setup(failures=hard))
    attempts = trace.attempts
    assert (attempts.outcome == AttemptOutcome.FAILED).all()
    assert (attempts.wanted_at[1:] - attempts.ended_at[:-1]).tolist() == pytest.approx([10.0, 20.0])
    assert trace.graphs.failure[0].startswith("task t failed on node n0 with exit code 1, after 3 failed attempts")


def test_when_a_graph_fails_its_other_attempts_are_stopped() -> None:
    graph = Graph.build([Task("a", duration=1.0), Task("b", duration=50.0), Task("c", ("b",), duration=1.0)])
    retries = (Retry(limit=0),) * 3
    trace = simulate([Submission("g", graph, (WHOLE,) * 3, retries=retries)], setup(2, failures=Failures(attempt=0.5), seed=1))
    outcomes = {
        (int(task), AttemptOutcome(outcome)) for task, outcome in zip(trace.attempts.task, trace.attempts.outcome, strict=True)
    }
    assert outcomes == {(0, AttemptOutcome.FAILED), (1, AttemptOutcome.STOPPED)}
    assert trace.graphs.ended_at[0] == trace.attempts.ended_at.max() < 1.0


def test_what_others_have_is_not_given_away() -> None:
    trace = simulate([job()], setup(2, occupied=[Occupied("n0", {"cpu": 500})]))
    assert trace.nodes[trace.attempts.node[0]].name == "n1"


def test_round_robin_goes_on_where_it_was() -> None:
    given = Setup(pool(3), {"": Policy(compile_preset("RoundRobin"))})
    trace = simulate([job(f"job{number}", 1.0, at=10.0 * number) for number in range(5)], given)
    assert trace.attempts.node.tolist() == [0, 1, 2, 0, 1]


def test_policies_that_compete_go_by_priority() -> None:
    """The later, more important graph of another policy gets the node that becomes free."""
    given = Setup(pool(1), {"one": Policy(BEST_FIT), "other": Policy(compile_preset("Spread"))})
    work = [
        job("first", 10.0, policy="one"),
        job("low", 10.0, policy="one"),
        job("high", 10.0, at=1.0, policy="other", priority=5),
    ]
    trace = simulate(work, given)
    order = [trace.submissions[graph].name for graph in trace.attempts.graph]
    assert order == ["first", "high", "low"]


def test_events_of_one_instant_ends_come_before_arrivals_and_crashes() -> None:
    """Both jobs fit the one node: the second comes in the instant in which the first ends, and the node crashes then too."""
    first, second = job("first", 10.0), job("second", 10.0, at=10.0)
    trace = simulate([first, second], setup(failures=Failures((Crash("n0", 10.0, 12.0),))))
    assert trace.attempts.outcome.tolist() == [AttemptOutcome.SUCCEEDED, AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED]
    assert trace.attempts.placed_at.tolist() == [0.0, 10.0, 12.0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: setup(0), "nodes is empty: a cluster needs at least one node"),
        (lambda: setup(failures=Failures((Crash("x", 1.0),))), 'a crash is given for node "x": there is no such node'),
        (lambda: Crash("n0", 5.0, 4.0), "node n0 crashes at 5.0 and is repaired at 4.0: that must be later"),
        (lambda: Failures((Crash("n0", 1.0, 9.0), Crash("n0", 5.0))), "node n0 crashes at 5.0: it must be after the repair"),
        (lambda: Failures(mtbf=0.0), "mtbf is 0.0: it must be seconds above 0"),
        (lambda: Delays(binding=-1.0), "delays.binding is -1.0: it must be a number of seconds, 0 or above"),
        (lambda: job(at=-1.0), "graph job: it is submitted at -1.0: it must be a number of seconds, 0 or above"),
        (lambda: job(actual=np.array([0.0])), 'graph job: task "t": actual is 0.0: it must be seconds, above 0'),
        (lambda: simulate([], setup()), "there are no graphs: submit at least one"),
        (lambda: simulate([job(), job()], setup()), 'two graphs have the name "job": each needs its own'),
        (lambda: simulate([job(policy="x")], setup()), 'graph job: policy is "x": there is no such policy'),
    ],
)
def test_wrong_input_is_said_in_one_sentence(make: object, sentence: str) -> None:
    with pytest.raises(SetupError) as raised:
        make()  # type: ignore[operator]
    assert str(raised.value).startswith(sentence)


# What is learned of nodes


def flaky(strategy: str, learn: bool, seed: int) -> int:
    """Attempts that are lost of a hundred graphs, where half of the nodes crash every quarter of an hour."""
    nodes = [NodeInfo(f"n{number}", {"cpu": 1000}, node_class="spot" if number < 4 else "steady") for number in range(8)]
    graph = Graph.build([Task("a", duration=300.0), Task("b", ("a",), duration=300.0)])
    jobs = [Submission(f"g{number}", graph, (WHOLE, WHOLE), at=200.0 * number) for number in range(100)]
    failures = Failures(mtbf_of_class={"spot": 900.0}, repair=60.0)
    given = Setup(nodes, {"": Policy(compile_preset(strategy), 30.0)}, failures=failures, learn=learn, seed=seed)
    return int((simulate(jobs, given).attempts.outcome == AttemptOutcome.LOST).sum())


@pytest.mark.parametrize("preset", ["NodeSurvival", "GraphPlan"])
def test_where_nodes_of_a_class_fail_often_others_are_taken_once_that_is_known(preset: str) -> None:
    blind = sum(flaky(preset, False, seed) for seed in range(2))
    known = sum(flaky(preset, True, seed) for seed in range(2))
    assert known < 0.5 * blind


def test_classes_fail_as_often_as_was_said_and_no_other() -> None:
    nodes = [NodeInfo("a", {"cpu": 1000}, node_class="spot"), NodeInfo("b", {"cpu": 1000}, node_class="steady")]
    failures = Failures(mtbf_of_class={"spot": 100.0}, repair=1.0)
    coming = failures.of_node(0, nodes[0], 1)
    crashes = [next(coming).at for _ in range(2000)]
    assert np.diff(crashes).mean() == pytest.approx(101.0, rel=0.1)
    assert list(failures.of_node(1, nodes[1], 1)) == []
    with pytest.raises(SetupError, match='mtbf is given for node class "sopt": there is no such node class'):
        Setup(nodes, {"": Policy(BEST_FIT)}, failures=Failures(mtbf_of_class={"sopt": 1.0}))
    with pytest.raises(SetupError, match="mtbf of node class spot is 0"):
        Failures(mtbf_of_class={"spot": 0.0})
