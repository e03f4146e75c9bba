"""Bounds and estimates of graphs whose tasks follow each other by gates, may be left out, or repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.foresight.estimates import (
    Bound,
    Capacity,
    Estimate,
    RestOfGraph,
    course,
    exact,
    lower_bound,
    sure_rounds,
    with_further_rounds,
    with_gates,
)
from bayplan.foresight.estimates.further_rounds import NAME
from bayplan.foresight.graph_plans import Nodes, Situation
from bayplan.lifecycle import BackupRule, Flow, Gate, Repeated, parse
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.simulation import Submission, simulate
from tests.draws import cases
from tests.unit.placement.flows import SMALL, flows, setup


def bound(graph: Graph, flow: Flow, further: int = 0, left: FloatArray | None = None, cores: float = 1e9) -> Bound:
    least = np.array([task.duration for task in graph.tasks])
    none = np.full(graph.units, np.nan)
    amounts = np.ones((len(graph.tasks), 1))
    return lower_bound(graph, least, none if left is None else left, amounts, np.array([cores]), course(graph, flow, further))


@given(submission=flows(), cores=st.sampled_from([3, 4, 10_000]))
@cases(50, search=120)
def test_no_graph_that_succeeds_is_ever_earlier_than_its_bound(submission: Submission, cores: int) -> None:
    assert submission.flow is not None
    trace = simulate([submission], setup(cores))
    if trace.graphs.succeeded[0]:
        rounds = 1 if submission.rounds is None else submission.rounds.rule.most
        found = bound(submission.graph, submission.flow, rounds - 1, cores=cores)
        assert found.seconds <= trace.graphs.ended_at[0] + 1e-9


@given(submission=flows())
@settings(max_examples=40, deadline=None)
def test_where_all_run_after_all_before_the_bound_is_the_plain_one(submission: Submission) -> None:
    graph = submission.graph
    least = np.array([task.duration for task in graph.tasks])
    none, amounts = np.full(graph.units, np.nan), np.ones((len(graph.tasks), 1))
    plain = lower_bound(graph, least, none, amounts, np.array([2.0]))
    found = lower_bound(graph, least, none, amounts, np.array([2.0]), course(graph, Flow.plain(graph)))
    assert (found.chain, found.work) == (pytest.approx(plain.chain), pytest.approx(plain.work))
    assert sum(least[list(found.path)]) == pytest.approx(plain.chain)


#       prepare ── local ── evaluate ── deploy
#             └──── beside ──────────────┘
TRAINING = Graph.build(
    [
        Task("prepare", (), duration=1.0), Task("local", ("prepare",), 3, 3.0), Task("evaluate", ("local",), duration=2.0),
        Task("beside", ("prepare",), duration=9.0), Task("deploy", ("evaluate", "beside"), duration=1.0),
    ]
)  # fmt: skip
REPEATED = Repeated(np.isin(np.arange(5), (1, 2)), np.isin(TRAINING.unit_task, (1, 2)))
ROUNDS = replace(Flow.plain(TRAINING), repeated=REPEATED)


@pytest.mark.parametrize(("further", "chain"), [(0, 11.0), (1, 12.0), (9, 52.0)])
def test_sure_rounds_count_in_the_bound(further: int, chain: float) -> None:
    found = bound(TRAINING, ROUNDS, further)
    assert found.chain == chain
    assert [TRAINING.tasks[task].name for task in found.path][-1] == "deploy"
    assert bound(TRAINING, ROUNDS, further, cores=2.0).work == pytest.approx((11.0 + 11.0 * (further + 1)) / 2)


def test_of_shards_that_are_drawn_by_lot_only_so_many_count() -> None:
    assert course(TRAINING, ROUNDS, 2).minimum.tolist() == [1, 3, 1, 1, 1]
    assert course(TRAINING, ROUNDS, 2, clients=2).minimum.tolist() == [1, 2, 1, 1, 1]
    assert ROUNDS.minimum.tolist() == [1, 3, 1, 1, 1], "the flow stays as it was"


def test_in_the_middle_of_a_round_the_rest_of_it_counts() -> None:
    left = np.array([0.0, 0.0, 1.5, 0.0, np.nan, 0.0, np.nan])
    assert bound(TRAINING, ROUNDS, 2, left).chain == 1.5 + 2.0 + 2 * 5.0 + 1.0


def test_shards_beyond_the_minimum_and_tasks_that_may_be_left_out_do_not_count() -> None:
    left = np.array([0.0, 1.0, 2.0, 9.0, np.nan, 0.0, np.nan])
    assert bound(TRAINING, replace(Flow.plain(TRAINING), minimum=np.array([1, 2, 1, 1, 1])), left=left).chain == 2.0 + 2.0 + 1.0
    optional = replace(Flow.plain(TRAINING), optional=np.array([False, False, False, True, False]))
    assert bound(TRAINING, optional).chain == 6.0, "what follows an optional task may be skipped"
    best = replace(optional, gate=np.array([0, 0, 0, 0, Gate.BEST], np.int8))
    assert bound(TRAINING, best).chain == 1.0 + 3.0 + 2.0 + 1.0
    condition = replace(Flow.plain(TRAINING), when={2: parse("mean(local.x) > 1")})
    assert bound(TRAINING, condition).chain == 1.0 + 9.0


def test_the_first_of_several_counts() -> None:
    first = replace(Flow.plain(TRAINING), gate=np.array([0, 0, 0, 0, Gate.ANY], np.int8))
    assert bound(TRAINING, first).chain == 10.0, "what nothing waits for still has to end"
    left = np.array([0.0, 0.0, 0.0, 0.0, np.nan, np.nan, np.nan])
    assert bound(TRAINING, first, left=left).path == (3,)


@pytest.mark.parametrize(
    ("most", "until", "patience", "over", "sure"),
    [(10, False, None, 1, 9), (10, False, None, 10, 0), (10, True, None, 1, 0), (10, False, 3, 1, 3), (10, False, 3, 7, 0)],
)
def test_which_rounds_are_sure(most: int, until: bool, patience: int | None, over: int, sure: int) -> None:
    assert sure_rounds(most, until, patience, over) == sure


def known(graph: Graph, slots: int, scale: float = 0.0) -> RestOfGraph:
    seconds = np.array([[task.duration] for task in graph.tasks])
    names = tuple(f"n{number}" for number in range(slots))
    nodes = Nodes(names, ("a",), np.zeros(slots, np.int64), np.arange(slots), np.zeros(slots))
    none = np.full(graph.units, np.nan)
    data, done = np.zeros(len(graph.edge_parent)), np.zeros(graph.units, bool)
    there = Situation(graph, seconds, data, 1e9, nodes, 0.0, done, np.full(graph.units, -1), none)
    return RestOfGraph(there, exact(seconds, scale), none, (SMALL,) * len(graph.tasks))


def capacity(each: RestOfGraph) -> Capacity:
    return Capacity.of_slots(each.situation)


def end(each: RestOfGraph) -> Estimate:
    return each.scenario(7, capacity).estimate()


def unrolled(rounds: int) -> Graph:
    """The same, with each round written out."""
    tasks, before = [TRAINING.tasks[0], TRAINING.tasks[3]], "prepare"
    for number in range(rounds):
        tasks.append(Task(f"local-{number}", (before,), 3, 3.0))
        before = f"evaluate-{number}"
        tasks.append(Task(before, (f"local-{number}",), duration=2.0))
    return Graph.build([*tasks, Task("deploy", (before, "beside"), duration=1.0)])


@pytest.mark.parametrize("rounds", [1, 2, 3, 12])
def test_an_estimate_counts_rounds_as_if_they_were_written_out(rounds: int) -> None:
    found = end(with_further_rounds(known(TRAINING, 4), ROUNDS, np.array([rounds - 1]), 7, capacity))
    assert found.quantile(0.5) == pytest.approx(max(1.0 + 5.0 * rounds, 10.0) + 1.0)
    assert found.quantile(0.5) == pytest.approx(end(known(unrolled(rounds), 4)).quantile(0.5))


@pytest.mark.parametrize("rounds", [2, 4, 20])
def test_so_where_run_times_vary(rounds: int) -> None:
    found = end(with_further_rounds(known(TRAINING, 4, 0.4), ROUNDS, np.array([rounds - 1]), 7, capacity))
    expected = end(known(unrolled(rounds), 4, 0.4))
    for probability in (0.1, 0.5, 0.9):
        assert found.quantile(probability) == pytest.approx(expected.quantile(probability), rel=0.08)
    assert found.quantile(0.5) >= bound(TRAINING, ROUNDS, rounds - 1).seconds


def test_what_runs_of_this_round_is_out_of_the_way_of_the_next() -> None:
    now = known(TRAINING, 1)
    done = np.array([True, True, True, False, False, True, False])
    place, left = np.where(np.arange(7) == 3, 0, -1), np.where(np.arange(7) == 3, 2.0, np.nan)
    nodes = replace(now.situation.nodes, slot_node=np.zeros(0, np.int64), slot_free=np.zeros(0))
    running = replace(now, situation=replace(now.situation, nodes=nodes, done=done, place=place, left=left))
    full = Capacity(np.zeros((1, 1)), np.ones((5, 1)), np.zeros((1, 0), np.int64))
    made = with_further_rounds(running, ROUNDS, np.array([2]), 7, lambda each: full)
    assert made.situation.graph.tasks[-1].name == NAME
    one_by_one = 2 * (3 * 3.0 + 2.0)
    assert float(np.exp(made.durations.location[-1, 0])) == pytest.approx(one_by_one)


def mixed(further: FloatArray, samples: int = 256) -> FloatArray:
    """The ends of graphs with one or the other number of rounds written out, as many of each as are likely."""
    parts = [end(known(unrolled(int(each) + 1), 4, 0.2)).ends for each in np.unique(further)]
    shares = [np.count_nonzero(further == each) / len(further) for each in np.unique(further)]
    return np.sort(
        np.concatenate(
            [np.quantile(part, np.linspace(0, 1, round(samples * share))) for part, share in zip(parts, shares, strict=True)]
        )
    )


@pytest.mark.parametrize("likely", [{1: 0.5, 9: 0.5}, {0: 0.75, 5: 0.25}, {0: 0.05, 3: 0.95}])
def test_rounds_that_are_not_sure_spread_the_end(likely: dict[int, float]) -> None:
    further = np.repeat(list(likely), [round(share * 100) for share in likely.values()])
    further = np.random.default_rng(1).permutation(further)
    found = end(with_further_rounds(known(TRAINING, 4, 0.2), ROUNDS, further, 7, capacity))
    expected = mixed(further)
    for probability in (0.1, 0.25, 0.9):
        assert found.quantile(probability) == pytest.approx(float(np.quantile(expected, probability)), rel=0.12)


def test_without_further_rounds_nothing_changes() -> None:
    now = known(TRAINING, 4)
    assert with_further_rounds(now, ROUNDS, np.array([0]), 7, capacity) is now
    assert with_gates(now, ROUNDS) is now


def test_an_estimate_goes_on_from_the_first_of_several() -> None:
    first = replace(Flow.plain(TRAINING), gate=np.array([0, 0, 0, 0, Gate.ANY], np.int8))
    made = with_gates(known(TRAINING, 4), first)
    assert made.situation.graph.tasks[4].depends_on == ("evaluate",)
    assert len(made.situation.data) == len(made.situation.graph.edge_parent) == 4
    assert end(made).quantile(0.5) == pytest.approx(10.0)


def test_backups_are_not_counted_before_they_run() -> None:
    tasks = [Task("a", (), 2, 3.0), Task("a.backup-1", (), 2, 3.0), Task("b", ("a",), duration=1.0)]
    graph = Graph.build(tasks)
    flow = replace(Flow.plain(graph), backups=(BackupRule(0, (1,)),))
    assert bound(graph, flow, cores=1.0).work == 7.0
    assert end(with_gates(known(graph, 1), flow)).quantile(0.5) == pytest.approx(7.0)
    again = replace(flow, repeated=Repeated(np.array([True, True, False]), np.array([True] * 4 + [False])))
    assert bound(graph, again, 2, cores=1.0).work == 19.0
    assert end(with_further_rounds(with_gates(known(graph, 1), again), again, np.array([2]), 7, capacity)).quantile(
        0.5
    ) == pytest.approx(19.0)
