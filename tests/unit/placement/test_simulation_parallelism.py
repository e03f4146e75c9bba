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
from bayplan.simulation import Policy, Setup, SetupError, Submission, Trace, simulate
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.simulation_checks import check, nodes, same, setups, submissions

LARGE, SMALL = RequestClass((("cpu", 3000),)), RequestClass((("cpu", 1000),))


def most_at_once(trace: Trace, graph: int) -> int:
    """Attempts of a graph between their places and their ends."""
    attempts = trace.attempts
    rows = np.flatnonzero((attempts.graph == graph) & ~np.isnan(attempts.placed_at))
    ends = [math.inf if math.isnan(attempts.ended_at[row]) else float(attempts.ended_at[row]) for row in rows]
    changes = sorted([(float(attempts.placed_at[row]), 1) for row in rows] + [(end, -1) for end in ends])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


@given(work=submissions(), setup=setups(), limits=st.lists(st.integers(1, 4), min_size=1, max_size=5))
@settings(max_examples=80, deadline=None)
def test_no_more_units_are_under_way_than_are_allowed(work: list[Submission], setup: Setup, limits: list[int]) -> None:
    limited = [replace(each, parallelism=limits[number % len(limits)]) for number, each in enumerate(work)]
    trace = simulate(limited, setup)
    check(trace)
    for number, each in enumerate(trace.submissions):
        assert most_at_once(trace, number) <= (each.parallelism or 0)
    assert same(trace, simulate(limited, setup, shortcuts=False))


@given(work=submissions(), limit=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_every_unit_has_its_turn(work: list[Submission], limit: int) -> None:
    setup = Setup(nodes(), {"": Policy(compile_preset("BestFit"))})
    trace = simulate([replace(each, parallelism=limit) for each in work], setup)
    assert trace.graphs.succeeded.all()
    assert len(trace.attempts) == sum(each.graph.units for each in work)


def test_six_shards_two_at_a_time() -> None:
    job = Submission("job", Graph.build([Task("t", shards=6, duration=10.0)]), (SMALL,), parallelism=2)
    trace = simulate([job], Setup([NodeInfo("n", {"cpu": 8000})], {"": Policy(compile_preset("BestFit"))}))
    assert trace.attempts.placed_at.tolist() == [0.0, 0.0, 10.0, 10.0, 20.0, 20.0]


def test_what_waits_for_room_counts_as_under_way() -> None:
    """As with Argo, whose limit is of pods that have not ended, wherever they are."""
    tasks = [Task("large", shards=2, duration=10.0), Task("small", duration=1.0)]
    job = Submission("job", Graph.build(tasks), (LARGE, SMALL), parallelism=2)
    trace = simulate([job], Setup([NodeInfo("n", {"cpu": 4000})], {"": Policy(compile_preset("BestFit"))}))
    starts = dict(zip(trace.attempts.task.tolist(), trace.attempts.placed_at.tolist(), strict=True))
    assert starts == {0: 10.0, 1: 10.0}


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(SetupError, match="graph job: parallelism is 0: it must be at least 1"):
        Submission("job", Graph.build([Task("t")]), (SMALL,), parallelism=0)
