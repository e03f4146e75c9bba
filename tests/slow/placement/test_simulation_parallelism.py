"""Graphs that may have only so many units under way at once."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Parallelism, Policy, Setup, SetupError, Submission, Trace, simulate
from bayplan.strategy.presets import compile_preset
from tests.draws import cases
from tests.unit.placement.simulation_checks import check, nodes, same, setups, submissions

LARGE, SMALL = RequestClass((("cpu", 3000),)), RequestClass((("cpu", 1000),))


def most_at_once(trace: Trace, graph: int, tasks: frozenset[int]) -> int:
    """Attempts of some tasks of a graph between their places and their ends."""
    attempts = trace.attempts
    of_tasks = np.isin(attempts.task, sorted(tasks))
    rows = np.flatnonzero((attempts.graph == graph) & of_tasks & ~np.isnan(attempts.placed_at))
    ends = [math.inf if math.isnan(attempts.ended_at[row]) else float(attempts.ended_at[row]) for row in rows]
    changes = sorted([(float(attempts.placed_at[row]), 1) for row in rows] + [(end, -1) for end in ends])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def all_of(graph: Graph, most: int) -> Parallelism:
    return Parallelism(most, frozenset(range(len(graph.tasks))))


@given(work=submissions(), setup=setups(), data=st.data())
@cases(30, search=80)
def test_no_more_units_are_under_way_than_are_allowed(work: list[Submission], setup: Setup, data: st.DataObject) -> None:
    limited = []
    for each in work:
        some = st.frozensets(st.sampled_from(range(len(each.graph.tasks))), min_size=1)
        limits = data.draw(st.lists(st.builds(Parallelism, st.integers(1, 4), some), max_size=3))
        limited.append(replace(each, parallelism=tuple(limits)))
    trace = simulate(limited, setup)
    check(trace)
    for number, each in enumerate(trace.submissions):
        for limit in each.parallelism:
            assert most_at_once(trace, number, limit.tasks) <= limit.most
    assert same(trace, simulate(limited, setup, shortcuts=False))


@given(work=submissions(), limit=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_every_unit_has_its_turn(work: list[Submission], limit: int) -> None:
    setup = Setup(nodes(), {"": Policy(compile_preset("BestFit"))})
    trace = simulate([replace(each, parallelism=(all_of(each.graph, limit),)) for each in work], setup)
    assert trace.graphs.succeeded.all()
    assert len(trace.attempts) == sum(each.graph.units for each in work)


def test_six_shards_two_at_a_time() -> None:
    graph = Graph.build([Task("t", shards=6, duration=10.0)])
    job = Submission("job", graph, (SMALL,), parallelism=(all_of(graph, 2),))
    trace = simulate([job], Setup([NodeInfo("n", {"cpu": 8000})], {"": Policy(compile_preset("BestFit"))}))
    assert trace.attempts.placed_at.tolist() == [0.0, 0.0, 10.0, 10.0, 20.0, 20.0]


def test_what_waits_for_room_counts_as_under_way() -> None:
    """As with Argo, whose limit is of pods that have not ended, wherever they are."""
    tasks = [Task("large", shards=2, duration=10.0), Task("small", duration=1.0)]
    graph = Graph.build(tasks)
    job = Submission("job", graph, (LARGE, SMALL), parallelism=(all_of(graph, 2),))
    trace = simulate([job], Setup([NodeInfo("n", {"cpu": 4000})], {"": Policy(compile_preset("BestFit"))}))
    starts = dict(zip(trace.attempts.task.tolist(), trace.attempts.placed_at.tolist(), strict=True))
    assert starts == {0: 10.0, 1: 10.0}


def test_tasks_without_a_limit_do_not_wait_for_those_that_have_one() -> None:
    tasks = [Task("limited", shards=3, duration=10.0), Task("free", shards=2, duration=10.0)]
    job = Submission("job", Graph.build(tasks), (SMALL, SMALL), parallelism=(Parallelism(1, frozenset((0,))),))
    trace = simulate([job], Setup([NodeInfo("n", {"cpu": 8000})], {"": Policy(compile_preset("BestFit"))}))
    starts = sorted(zip(trace.attempts.task.tolist(), trace.attempts.placed_at.tolist(), strict=True))
    assert starts == [(0, 0.0), (0, 10.0), (0, 20.0), (1, 0.0), (1, 0.0)]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(SetupError, match="graph job: parallelism is 0: it must be at least 1"):
        Submission("job", Graph.build([Task("t")]), (SMALL,), parallelism=(Parallelism(0, frozenset((0,))),))
