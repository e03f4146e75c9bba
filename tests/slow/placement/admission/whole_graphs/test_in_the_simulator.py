"""Graphs that are admitted as a whole, in the simulator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.graph import Graph, Task
from bayplan.model.run_law import RunLaw
from bayplan.simulation import Policy, Setup, Submission, Trace, simulate
from bayplan.solvers.antichains import heaviest_antichain
from bayplan.strategy.presets import compile_preset
from tests.draws import seeds
from tests.unit.placement.building import GPU, asking, node
from tests.unit.placement.simulation_checks import same

HELD = 6
"""GPUs that the queue may hold."""
TREE = tree_of([Queue("q", None, (QuotaRow(QuotaKey(GPU), HELD),))])


def drawn(rng: random.Random, number: int) -> Submission:
    """Up to five tasks, of which no pod asks for more than two GPUs."""
    tasks, gpus = [], []
    for each in range(rng.randint(1, 5)):
        before = tuple(f"t{parent}" for parent in range(each) if rng.random() < 0.35)
        tasks.append(Task(f"t{each}", before, rng.randint(1, 2), float(rng.randint(1, 9))))
        gpus.append(rng.randint(0, 2))
    return Submission(
        f"ns{number % 2}/g{number}",
        Graph.build(tasks),
        tuple(asking(1, gpu) for gpu in gpus),
        at=float(rng.randint(0, 8)),
        priority=rng.choice((0, 0, 5)),
        queue="q",
    )


def fitting(rng: random.Random, count: int) -> list[Submission]:
    """So many of which each can be admitted."""
    found: list[Submission] = []
    while len(found) < count:
        each = drawn(rng, len(found))
        if needed(each, np.zeros(len(each.classes), bool)) <= HELD:
            found.append(each)
    return found


def ran(submissions: list[Submission], preset: str = "BestFit", *, shortcuts: bool = True) -> Trace:
    nodes = [node("n0", 64, HELD), node("n1", 64, HELD)]
    return simulate(submissions, Setup(nodes, {"": Policy(compile_preset(preset))}, queues=TREE), shortcuts=shortcuts)


def needed(submission: Submission, over: np.ndarray) -> int:
    weights = np.array([task.shards * dict(asked.resources).get(GPU, 0) for task, asked in pairs(submission)], np.int64)
    weights[over] = 0
    graph = submission.graph
    open_ = ~(over[graph.edge_parent] | over[graph.edge_child])
    return heaviest_antichain(weights, graph.edge_parent[open_], graph.edge_child[open_]).weight


def pairs(submission: Submission) -> Iterator[tuple[Task, object]]:
    return zip(submission.graph.tasks, submission.classes, strict=True)


def instants(trace: Trace) -> Iterator[tuple[int, list[int]]]:
    """At each instant at which anything happened: what is held, and per graph that is under way what it holds or needs yet."""
    attempts = trace.attempts
    gpus = np.array([dict(trace.request_class(row).resources).get(GPU, 0) for row in range(len(attempts))])
    for now in np.unique(np.concatenate([attempts.placed_at, attempts.ended_at])):
        there = (attempts.placed_at <= now) & ~(attempts.ended_at <= now)
        needs = []
        for number, submission in enumerate(trace.submissions):
            own = attempts.graph == number
            ended = own & (attempts.ended_at <= now)
            counts = np.bincount(attempts.task[ended], minlength=len(submission.graph.tasks))
            over = counts >= np.diff(submission.graph.unit_start)
            if (own & (attempts.placed_at <= now)).any() and not over.all():
                needs.append(needed(submission, over))
        yield int(gpus[there].sum()), needs


@pytest.mark.drawn
def test_every_graph_that_has_begun_can_have_all_it_needs_at_every_instant() -> None:
    """So none that waits for another of its own pods ever waits for another graph. Task by task it is not so."""
    unsafe = begun = 0
    for seed in seeds(150, search=400):
        rng = random.Random(seed)
        submissions = fitting(rng, rng.randint(2, 5))
        whole = ran([replace(each, admitted_whole=True) for each in submissions])
        assert whole.graphs.succeeded.all(), f"seed {seed}"
        for held, needs in instants(whole):
            assert held <= HELD, f"seed {seed}"
            assert sum(needs) <= HELD, f"seed {seed}"
            begun += len(needs) > 1
        apart = ran(submissions)
        unsafe += any(len(needs) > 1 and sum(needs) > HELD for _, needs in instants(apart))
    assert begun > 200, "graphs run beside each other where they fit"
    assert unsafe > 50


@pytest.mark.drawn
def test_questions_that_are_left_out_change_nothing() -> None:
    for seed in seeds(30, search=60):
        rng = random.Random(seed)
        submissions = [replace(each, admitted_whole=rng.random() < 0.7) for each in fitting(rng, 4)]
        assert same(ran(submissions), ran(submissions, shortcuts=False)), f"seed {seed}"


def test_what_is_charged_shrinks_as_tasks_end() -> None:
    """The second starts once what is left of the first leaves it room, long before that has ended."""
    wide = Graph.build([Task("wide", (), 3, 10.0), Task("narrow", ("wide",), 1, 100.0)])
    late = Graph.build([Task("only", (), 2, 10.0)])
    asked = asking(1, 2)
    trace = ran(
        [
            Submission("a/first", wide, (asked, asked), queue="q", admitted_whole=True),
            Submission("a/second", late, (asked,), at=1.0, queue="q", admitted_whole=True),
        ]
    )
    second = trace.attempts.graph == 1
    assert trace.attempts.placed_at[second].tolist() == [10.0, 10.0]
    assert set(np.array(trace.attempts.reason)[second]) == {"QuotaExceeded"}


def test_a_graph_that_never_fits_says_so_and_holds_up_no_other() -> None:
    wide = Submission("a/wide", Graph.build([Task("t", (), 4)]), (asking(1, 2),), queue="q", admitted_whole=True)
    small = Submission("a/small", Graph.build([Task("t")]), (asking(1, 2),), at=1.0, queue="q")
    trace = ran([wide, small])
    assert trace.graphs.succeeded.tolist() == [False, True]
    words = {trace.attempts.why[row] for row in range(len(trace.attempts)) if trace.attempts.graph[row] == 0}
    assert words == {f"queue q: {GPU}: 8 asked for the whole graph, and the queue may never hold more than 6"}


@pytest.mark.drawn
def test_planners_of_many_requests_at_once_keep_to_it_too() -> None:
    for seed in seeds(10, search=25):
        rng = random.Random(seed)
        submissions = fitting(rng, 3)
        whole = ran([replace(each, admitted_whole=True) for each in submissions], "IntegerProgram")
        assert whole.graphs.succeeded.all(), f"seed {seed}"
        assert all(held <= HELD and sum(needs) <= HELD for held, needs in instants(whole)), f"seed {seed}"


def test_a_reservation_is_for_all_that_the_graph_asks() -> None:
    """Under an endless stream of small ones it never has all of it at once, unless the queue reserves."""
    starts = {}
    for reserve in (0, 1):
        tree = tree_of([Queue("q", None, (QuotaRow(QuotaKey(GPU), HELD),), reserve=reserve)])
        small = [
            Submission(
                f"a/s{n}", Graph.build([Task("t", (), 1, 10.0)]), (asking(1, 1),), at=1.7 * n, queue="q", laws=(RunLaw(10.0),)
            )
            for n in range(300)
        ]
        pair = Graph.build([Task("left", (), 2, 10.0), Task("right", (), 2, 10.0)])
        laws = (RunLaw(10.0), RunLaw(10.0))
        large = Submission("a/large", pair, (asking(1, 1), asking(1, 2)), at=50.0, queue="q", laws=laws, admitted_whole=True)
        nodes = [node("n0", 400, 16)]
        trace = simulate([*small, large], Setup(nodes, {"": Policy(compile_preset("BestFit"))}, queues=tree))
        number = [each.name for each in trace.submissions].index("a/large")
        starts[reserve] = float(np.nanmin(trace.attempts.placed_at[trace.attempts.graph == number]))
    assert starts[0] > 500.0
    assert starts[1] < 75.0
