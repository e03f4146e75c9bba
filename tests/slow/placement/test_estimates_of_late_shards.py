"""Estimates of rounds that go on without late shards, held to what the lifecycle does with the same run times."""

from __future__ import annotations

import heapq
import importlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.foresight.estimates import Capacity, Luck, RestOfGraph, Scenario, exact, lateness, with_further_rounds
from bayplan.foresight.graph_plans import Nodes, Situation
from bayplan.lifecycle import Attempt, Controls, Flow, Lifecycle, News, Phase, Repeated, Retry, Round, Run
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import RequestClass
from tests.draws import cases

SAMPLES = 8


def training(shards: int) -> Graph:
    """Local training in shards, what follows it, and a task that follows the rounds."""
    return Graph.build(
        [Task("local", (), shards, 10.0), Task("evaluate", ("local",), 2, 2.0), Task("deploy", ("evaluate",), 1, 1.0)]
    )


def flow(graph: Graph, minimum: int, *, asynchronous: bool = False) -> Flow:
    tasks = np.array([True, True, False])
    loose = frozenset({0}) if asynchronous else frozenset()
    return replace(
        Flow.plain(graph), minimum=np.array([minimum, 2, 1]), repeated=Repeated(tasks, tasks[graph.unit_task], loose)
    )


def situation(graph: Graph, slots: int) -> Situation:
    seconds = np.array([[task.duration] for task in graph.tasks])
    names = tuple(f"n{number:02}" for number in range(slots))
    nodes = Nodes(names, ("a",), np.zeros(slots, np.int64), np.arange(slots), np.zeros(slots))
    none = np.full(graph.units, np.nan)
    data, done = np.zeros(len(graph.edge_parent)), np.zeros(graph.units, bool)
    return Situation(graph, seconds, data, 1e9, nodes, 0.0, done, np.full(graph.units, -1), none)


def by_the_lifecycle(graph: Graph, given: Flow, time_out: float, seconds: FloatArray, slots: int) -> float:
    """When a graph of one round ends. `seconds`: shape (units,)."""
    controls = Controls((Retry(),) * len(graph.tasks), flow=given, time_outs={0: time_out})
    life = Lifecycle(graph, Run.fresh(graph.units))
    life.begin_round(given, Round(1))
    news: dict[int, Attempt] = {}
    gone: list[int] = []
    runs: dict[int, Attempt] = {}
    clock: list[tuple[float, int]] = []
    now = 0.0
    while True:
        step = life.step(News(list(news.values()), gone), controls, now)
        news, gone = {}, []
        for attempt in step.wants.stop:
            gone.append(attempt.unit)
            del runs[attempt.unit]
        for unit in step.wants.start:
            if unit not in runs and len(runs) < slots:
                runs[unit] = news[unit] = Attempt(unit, 1, unit, Phase.RUNNING, "n", bound=True, started=now)
                heapq.heappush(clock, (now + float(seconds[unit]), unit))
        if step.round_over:
            life.end_rounds()
            continue
        if news or gone:
            continue
        if step.ended:
            return now
        now = min(each for each in (step.wants.wake_at, clock[0][0] if clock else None) if each is not None)
        while clock and clock[0][0] <= now:
            ended = runs.pop(heapq.heappop(clock)[1], None)
            if ended is not None:
                news[ended.unit] = replace(ended, phase=Phase.SUCCEEDED, finished=now)


def scenario(graph: Graph, given: Flow, time_out: float, slots: int, seed: int) -> Scenario:
    there, none = situation(graph, slots), np.full(graph.units, np.nan)
    luck = Luck.draw(graph, SAMPLES, seed)
    found = Scenario.on(there, exact(there.seconds, 0.6), none, luck, Capacity.of_slots(there))
    return replace(found, late=lateness(graph, given, {0: time_out}, np.zeros(graph.units, bool), none))


@pytest.mark.parametrize("by_node", [True, False])
@given(
    shards=st.integers(1, 6), minimum=st.integers(1, 6), time_out=st.sampled_from((1.0, 6.0, 10.0, 15.0, 60.0)),
    slots=st.sampled_from((1, 2, 3, 9)), seed=st.integers(0, 99),
)  # fmt: skip
@cases(25, search=60)
def test_every_draw_ends_when_the_lifecycle_would_end_it(
    by_node: bool, shards: int, minimum: int, time_out: float, slots: int, seed: int
) -> None:
    graph = training(shards)
    given = flow(graph, min(minimum, shards))
    with pytest.MonkeyPatch.context() as patch:
        if not by_node:
            patch.setattr(importlib.import_module("bayplan.foresight.estimates.estimate"), "MOST_PLACES", 0)
        found = scenario(graph, given, time_out, slots, seed)
        assert found.by_node == by_node
        ends = found.ends()
    drawn = found.luck.seconds(graph, found.durations, np.zeros(graph.units, np.int64), found.elapsed)
    expected = [by_the_lifecycle(graph, given, time_out, drawn[:, sample], slots) for sample in range(SAMPLES)]
    assert ends == pytest.approx(expected)


def rest(graph: Graph, given: Flow, time_out: float, scale: float = 0.0) -> RestOfGraph:
    there, none = situation(graph, 9), np.full(graph.units, np.nan)
    late = lateness(graph, given, {0: time_out}, np.zeros(graph.units, bool), none)
    return RestOfGraph(there, exact(there.seconds, scale), none, (RequestClass((("cpu", 1),)),) * len(graph.tasks), late=late)


def capacity(each: RestOfGraph) -> Capacity:
    return Capacity.of_slots(each.situation)


def median(each: RestOfGraph) -> float:
    return each.scenario(7, capacity).estimate().quantile(0.5)


def test_later_rounds_go_on_without_late_shards_too() -> None:
    graph = training(5)
    given = flow(graph, 4)
    patient, hasty = (rest(graph, given, time_out, 0.8) for time_out in (1e6, 1.0))
    one_by_one = [median(patient), median(hasty)]
    nine = [median(with_further_rounds(each, given, np.array([9]), 7, capacity)) for each in (patient, hasty)]
    assert one_by_one[1] < 0.9 * one_by_one[0], "the slowest of five is left behind"
    assert nine[1] < 0.8 * nine[0]


def test_asynchronous_rounds_wait_for_no_shard_beyond_the_minimum() -> None:
    graph = training(5)
    none = np.full(graph.units, np.nan)
    loose = lateness(graph, flow(graph, 3, asynchronous=True), {}, np.zeros(graph.units, bool), none)
    assert loose.time_out.tolist() == [0.0, np.inf, np.inf]


def test_in_the_middle_of_a_round_what_has_ended_and_begun_counts() -> None:
    graph = training(4)
    succeeded = np.array([True, True, True, False, False, False, False])
    elapsed = np.array([30.0, 29.0, 30.0, 28.0, np.nan, np.nan, np.nan])
    late = lateness(graph, flow(graph, 3), {0: 40.0}, succeeded, elapsed)
    assert (late.needed.tolist(), late.began.tolist()) == ([0, 2, 1], [-30.0, np.inf, np.inf])
    there = situation(graph, 9)
    place, left = np.where(np.arange(7) == 3, 0, -1), np.where(np.arange(7) == 3, 1.0, np.nan)
    running = replace(there, done=succeeded, place=place, left=left)
    slow = exact(np.array([[1000.0], [2.0], [1.0]]))
    now = np.where(np.arange(7) == 3, 28.0, np.nan)
    found = Scenario.on(running, slow, now, Luck.draw(graph, 2, 1), Capacity.of_slots(there))
    assert found.ends() == pytest.approx([1000.0 - 28.0 + 3.0] * 2)
    assert replace(found, late=late).ends() == pytest.approx([40.0 - 30.0 + 3.0] * 2)
    over = late._replace(time_out=np.array([5.0, np.inf, np.inf]))
    assert replace(found, late=over).ends() == pytest.approx([3.0] * 2)
