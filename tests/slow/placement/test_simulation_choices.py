"""Simulated graphs whose tasks have candidates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayplan.collaboration.choosing import ChoiceTerms, ChoosingRule, Tariff
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Retry
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import RequestClass
from bayplan.simulation import (
    AttemptOutcome,
    Candidate,
    Crash,
    Ending,
    Failures,
    SetupError,
    Submission,
    TaskCandidates,
    Trace,
    TrueRunTimes,
    figures,
    simulate,
)
from bayplan_operator.views.simulations.build import build
from tests.unit.placement.flows import SMALL, setup
from tests.unit.placement.simulation_checks import check_capacity, same

LARGE, HUGE = RequestClass((("cpu", 3),)), RequestClass((("cpu", 90_000),))
GRAPH = Graph.build([Task("look", (), 1, 1.0), Task("answer", ("look",), 2, 4.0), Task("after", ("answer",), 1, 1.0)])


def candidate(name: str, says: float | None = None, asks: RequestClass = SMALL, **more: Any) -> Candidate:
    ending = Ending(() if says is None else ({"accuracy": says},), more.pop("exit_code", 0), more.pop("only", frozenset()))
    return Candidate(name, asks, TaskRun(f"answer--{name}", "family"), ending=ending, **more)


def asking(by: Any, *candidates: Candidate, **fields: Any) -> Submission:
    names = tuple(each.name for each in candidates)
    terms = ChoiceTerms(names, by, ChoosingRule((), names[0]), "accuracy", Tariff(), False, False)
    made: dict[str, Any] = {
        "runs": tuple(TaskRun(task.name, "family") for task in GRAPH.tasks), "endings": (Ending(),) * 3,
        "actual": np.array([1.0, 4.0, 1.0]), "retries": (Retry(limit=0),) * 3,
        "candidates": {1: TaskCandidates(terms, candidates)},
    }  # fmt: skip
    return Submission("g", GRAPH, (SMALL, candidates[0].request_class, SMALL), **(made | fields))


def nightly(submission: Submission, count: int, every: float) -> list[Submission]:
    return [replace(submission, name=f"g{number}", at=every * number) for number in range(count)]


def winners(trace: Trace) -> list[str]:
    return [str(each.made.winner) for each in trace.choices]


def test_each_is_tried_and_then_the_best_is_taken_whether_or_not_run_times_are_learned() -> None:
    graphs = nightly(asking("Performance", candidate("bad", 0.2), candidate("good", 0.9)), 30, 20.0)
    for learn in (False, True):
        trace = simulate(graphs, replace(setup(), learn=learn))
        found = winners(trace)
        assert set(found[:2]) == {"bad", "good"}, "each has two shards, and so two runs"
        assert found[6:].count("good") >= 20
        assert "accuracy 0.8" in trace.choices[-1].made.why


def test_another_seed_draws_other_lots() -> None:
    graphs = nightly(asking("Performance", candidate("a", 0.5), candidate("b", 0.5000001)), 12, 20.0)
    assert len({tuple(winners(simulate(graphs, setup(seed)))) for seed in range(4)}) > 1
    assert winners(simulate(graphs, setup(1))) == winners(simulate(graphs, setup(1)))


def test_what_a_candidate_takes_and_asks_is_its_own() -> None:
    small, large = candidate("small", seconds=2.0), candidate("large", asks=LARGE, seconds=9.0)
    trace = simulate([asking("Rule", large, small), replace(asking("Rule", small, large), name="h", at=30.0)], setup())
    assert trace.graphs.ended_at.tolist() == [11.0, 34.0]
    check_capacity(trace)
    assert max(figures.usage(trace, "cpu").used) == 6
    of_task = trace.attempts.task == 1
    assert [trace.request_class(int(row)) for row in np.flatnonzero(of_task)] == [LARGE, LARGE, SMALL, SMALL]


def test_all_shards_start_again_with_another_where_one_fails_for_good() -> None:
    failing = candidate("failing", 0.9, seconds=3.0, exit_code=3, only=frozenset({1}))
    submission = asking("Rule", failing, candidate("spare", seconds=1.0))
    trace = simulate([submission], setup())
    assert winners(trace) == ["failing", "spare"]
    assert {name: each.why for name, each in trace.choices[1].failed.items()} == {"failing": "Error (exit code 3)"}
    assert trace.graphs.ended_at[0] == pytest.approx(1.0 + 3.0 + 1.0 + 1.0)
    assert trace.attempts.candidate[trace.attempts.task == 1].tolist() == [0, 0, 1, 1]


def test_where_all_have_failed_the_graph_has_and_says_what_became_of_each() -> None:
    bad = candidate("bad", exit_code=3)
    trace = simulate([asking("Rule", bad, replace(bad, name="worse"))], setup())
    assert not trace.graphs.succeeded[0]
    words = "candidate worse has failed, as before it bad (Error (exit code 3)), and no other is left"
    assert trace.graphs.failure[0].endswith(words)


def test_where_no_node_can_hold_any_it_waits_for_ever_and_says_so() -> None:
    submission = asking("Auction", candidate("a", asks=HUGE), candidate("b", asks=HUGE))
    breaking = replace(setup(nodes=2), failures=Failures(mtbf=50.0))
    for trace in (simulate([submission], setup()), simulate([submission], breaking)):
        assert np.isnan(trace.graphs.ended_at[0])
        waiting = trace.attempts.outcome == AttemptOutcome.WAITING
        assert waiting.sum() == 2
        assert {trace.attempts.why[row] for row in np.flatnonzero(waiting)} == {
            "no candidate is left: a (no node can run it) and b (no node can run it)"
        }
        assert {trace.attempts.reason[row] for row in np.flatnonzero(waiting)} == {"NoSuchNode"}


def test_an_auction_weighs_the_price_of_nodes_and_the_wait() -> None:
    tariff = Tariff(second=0.01)
    both = asking("Auction", candidate("large", 0.9, asks=LARGE), candidate("small", 0.8))
    of_task = both.candidates[1]
    priced = replace(both, candidates={1: TaskCandidates(replace(of_task.terms, tariff=tariff), of_task.candidates)})
    first = nightly(replace(priced, candidates={1: replace(of_task, terms=replace(of_task.terms, by="Performance"))}), 4, 20.0)
    block = Submission("block", Graph.build([Task("block", (), 1, 50.0)]), (LARGE,), at=99.5)
    narrow = setup(4)
    calm = simulate([*first, replace(priced, name="last", at=100.0)], narrow)
    busy = simulate([*first, block, replace(priced, name="last", at=100.0)], narrow)
    assert [trace.choices[-1].made.winner for trace in (calm, busy)] == ["large", "small"]
    assert "no wait" in calm.choices[-1].made.why


@pytest.mark.parametrize("preset", ["BestFit", "GraphPlan", "Auto"])
@pytest.mark.parametrize("learn", [False, True])
def test_shortcuts_change_nothing_and_no_node_has_too_much(preset: str, learn: bool) -> None:
    flaky = candidate("flaky", 0.9, asks=LARGE, exit_code=1, only=frozenset({1, 2}))
    graphs = nightly(asking("Performance", flaky, candidate("plain", 0.6, seconds=2.0)), 8, 3.0)
    crashing = replace(setup(4, preset, nodes=2), learn=learn, failures=Failures([Crash("n0", 5.0, 20.0)], attempt=0.1))
    trace = simulate(graphs, crashing)
    check_capacity(trace)
    assert same(trace, simulate(graphs, crashing, shortcuts=False))
    assert len(trace.choices) >= 8


@pytest.mark.parametrize("preset", ["BestFit", "GraphPlan"])
def test_what_a_candidate_had_done_is_done_again(preset: str) -> None:
    names = [candidate(f"c{number}", 0.5, seconds=2.0) for number in range(6)]
    moved = {"data": np.array([0.0, 1e9]), "retries": (Retry(limit=50), Retry(limit=0), Retry(limit=50))}
    submission = asking("Rule", *names, **moved)
    narrow = setup(1, preset, nodes=2)
    nodes = [replace(node, node_class="fast" if node.name == "n0" else "") for node in narrow.nodes]
    there = replace(narrow, nodes=nodes, run_times=TrueRunTimes({"fast": 8.0}), bandwidth=1e9)
    failing, seen = replace(there, failures=Failures(attempt=0.3)), 0
    for seed in range(8):
        trace = simulate([submission], replace(failing, seed=seed))
        attempts = trace.attempts
        of_task = (attempts.task == 1) & (attempts.outcome == AttemptOutcome.SUCCEEDED)
        seen += len(set(attempts.candidate[of_task].tolist())) > 1
        assert trace.graphs.succeeded[0] or len(trace.choices) == len(names)
        if trace.graphs.succeeded[0]:
            last = of_task & (attempts.candidate == attempts.candidate[of_task].max())
            assert sorted(attempts.shard[last].tolist()) == [0, 1], "each shard was done by the last candidate"
        check_capacity(trace)
    assert seen, "or no shard had succeeded before its candidate was given up"


def test_what_was_given_up_counts_for_no_bound() -> None:
    failing = candidate("failing", seconds=3.0, exit_code=3, only=frozenset({2}))
    slow = candidate("slow", seconds=30.0, exit_code=3, only=frozenset({1}))
    graph = Graph.build([Task("answer", (), 2, 4.0)])
    submission = asking("Rule", slow, failing)
    alone = Submission(
        "g", graph, (SMALL,), runs=submission.runs[1:2], endings=(Ending(),), retries=(Retry(limit=0),),
        candidates={0: submission.candidates[1]}, actual=np.array([4.0]),
    )  # fmt: skip
    trace = simulate([alone], setup())
    view = build(trace, "p", 0, TrueRunTimes())
    assert view.graphs[0].lower_bound <= (view.graphs[0].took or 0.0)


def test_what_is_wrong_is_said() -> None:
    good = asking("Rule", candidate("a"), candidate("b"))
    with pytest.raises(SetupError, match="candidates are b, a: they must be those that are chosen among, a, b"):
        TaskCandidates(good.candidates[1].terms, good.candidates[1].candidates[::-1])
    with pytest.raises(SetupError, match="runs and endings must be given where tasks have candidates"):
        replace(good, endings=())
    with pytest.raises(SetupError, match="candidates names a task that there is not: it has 3"):
        replace(good, candidates={3: good.candidates[1]})
