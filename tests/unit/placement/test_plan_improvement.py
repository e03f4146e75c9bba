"""Plans that are searched on for a shorter one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.foresight.graph_plans import Improvement, Nodes, Plan, Situation, improve, make_plan, plan_again
from bayplan.model.graph import Graph, Task
from bayplan.solvers.schedules.budget import Budget

SPEEDS = np.array([4.0, 2.0, 0.5])


def lots(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def situation(seed: int, tasks: int = 30, nodes: int = 9, data: float = 20.0) -> Situation:
    """A drawn graph on nodes of three speeds, of which nothing has begun."""
    draw = np.random.default_rng(seed)
    made = []
    for number in range(tasks):
        above = draw.choice(number, min(number, int(draw.integers(0, 3))), replace=False)
        duration = float(draw.exponential(50.0) + 1.0)
        made.append(Task(f"t{number}", tuple(f"t{each}" for each in sorted(above.tolist())), duration=duration))
    graph = Graph.build(made)
    kind = np.arange(nodes) % 3
    on = Nodes(tuple(f"n{at}" for at in range(nodes)), ("a", "b", "c"), kind, np.arange(nodes), np.zeros(nodes))
    seconds = np.array([task.duration for task in made])[:, None] / SPEEDS
    moved = draw.uniform(0, data, len(graph.parents.indices))
    return Situation(graph, seconds, moved, 1.0, on, 0.0, np.zeros(tasks, bool), np.full(tasks, -1), np.full(tasks, np.nan))


def later(plan: Plan, now: float) -> Situation:
    """What has come true of a plan by then, to the second."""
    there = plan.situation
    done = plan.finish <= now
    running = (plan.start < now) & ~done
    place = np.where(done | running, plan.node, -1)
    left = np.where(running, plan.finish - now, np.nan)
    busy = np.isin(np.arange(len(there.nodes.names)), place[running])
    nodes = Nodes(
        there.nodes.names, there.nodes.classes, there.nodes.node_class, np.flatnonzero(~busy), np.zeros(int((~busy).sum()))
    )
    return Situation(there.graph, there.seconds, there.data, there.bandwidth, nodes, now, done, place, left)


def check(plan: Plan) -> None:
    """Every unit after its parents and what it reads of them; one at a time in every slot."""
    there = plan.situation
    graph = there.graph
    for slot in np.unique(plan.slot[plan.slot >= 0]).tolist():
        units = np.flatnonzero(plan.slot == slot)
        units = units[np.argsort(plan.start[units])]
        assert (plan.start[units][1:] >= plan.finish[units][:-1] - 1e-6).all()
    for edge, (parent, child) in enumerate(zip(graph.edge_parent.tolist(), graph.edge_child.tolist(), strict=True)):
        if not there.done[child] and not there.running[child]:
            assert plan.start[child] >= plan.finish[parent] - 1e-6
            reads = there.data[edge] / there.bandwidth if plan.node[parent] != plan.node[child] else 0.0
            least = there.seconds[child, there.nodes.node_class[plan.node[child]]] + reads
            assert plan.finish[child] - plan.start[child] >= least - 1e-6


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_is_found_is_a_plan_and_shorter(seed: int) -> None:
    now = situation(seed)
    plan = make_plan(now)
    better = improve(plan, now, Budget(2_000), lots())
    if better is not None:
        check(better)
        assert better.completion < plan.completion
        assert better.rank.tolist() == plan.rank.tolist()


def test_there_is_something_to_be_had_on_most_graphs() -> None:
    shorter = []
    for seed in range(12):
        now = situation(seed)
        plan = make_plan(now)
        better = improve(plan, now, Budget(4_000), lots())
        shorter.append(1.0 if better is None else better.completion / plan.completion)
    assert np.mean(shorter) < 0.97


def test_slices_find_what_one_search_finds() -> None:
    now = situation(3)
    plan = make_plan(now)
    search = Improvement(plan, now, lots())
    for _ in range(8):
        search.advance(Budget(500))
    sliced, whole = search.better(), improve(plan, now, Budget(4_000), lots())
    assert sliced is not None
    assert whole is not None
    assert sliced.start.tolist() == whole.start.tolist()
    assert sliced.slot.tolist() == whole.slot.tolist()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), part=st.floats(0.1, 0.9))
def test_what_runs_stays_and_what_is_done_is_left_out(seed: int, part: float) -> None:
    first = make_plan(situation(seed))
    now = later(first, part * first.completion)
    search = Improvement(first, now, lots())
    search.advance(Budget(1_000))
    last = search.last()
    assert last is not None
    check(last)
    running = now.running
    assert last.node[running].tolist() == now.place[running].tolist()
    assert last.finish[running] == pytest.approx(now.now + now.left[running])
    assert (last.start[~running & ~now.done] >= now.now).all()
    assert last.completion <= first.completion * (1 + 1e-9), "what came true so far goes on coming true"


def test_a_plan_that_is_made_again_keeps_what_was_found() -> None:
    kept = 0
    for seed in range(12):
        now = situation(seed)
        better = improve(make_plan(now), now, Budget(4_000), lots())
        if better is not None:
            there = later(better, 0.3 * better.completion)
            again = plan_again(better, there)
            assert again.completion <= min(better.completion, make_plan(there).completion) * (1 + 1e-9)
            kept += make_plan(there).completion > again.completion * 1.001
    assert kept > 3


def test_a_node_that_went_loses_its_units() -> None:
    now = situation(4)
    plan = make_plan(now)
    nodes = now.nodes
    left = Nodes(nodes.names[1:], nodes.classes, nodes.node_class[1:], np.arange(8), np.zeros(8))
    gone = Situation(now.graph, now.seconds, now.data, 1.0, left, 0.0, now.done, now.place, now.left)
    again = plan_again(plan, gone)
    check(again)
    assert np.isfinite(again.completion)


def test_a_plan_of_no_slots_is_made_again_when_there_are_some() -> None:
    there = situation(7)
    nodes = there.nodes
    bare = replace(nodes, slot_node=np.zeros(0, np.int64), slot_free=np.zeros(0))
    nowhere = make_plan(replace(there, nodes=bare))
    assert np.isinf(nowhere.completion)
    assert plan_again(nowhere, there).completion <= make_plan(there).completion


def test_a_gain_within_the_noise_of_run_times_is_none() -> None:
    """The two longest of four share a node: a second in a hundred is to be had by swapping, and by luck far more."""
    graph = Graph.build([Task(name) for name in "abcd"])
    on = Nodes(("n", "m"), ("",), np.zeros(2, np.int64), np.arange(2), np.zeros(2))
    seconds, none = np.array([[10.4], [10.2], [10.0], [10.0]]), np.full(4, np.nan)
    now = Situation(graph, seconds, np.zeros(0), 1.0, on, 0.0, np.zeros(4, bool), np.full(4, -1), none)
    places, starts = np.array([0, 0, 1, 1]), np.array([0.0, 10.4, 0.0, 10.0])
    present = replace(make_plan(now), slot=places, node=places, start=starts)
    certain = improve(present, now, Budget(2_000), lots())
    assert certain is not None
    assert certain.completion == pytest.approx(20.4)
    assert improve(present, now, Budget(2_000), lots(), np.full((4, 1), 0.5)) is None


def test_a_large_gain_is_one_however_uncertain_run_times_are() -> None:
    now = situation(5)
    plan = make_plan(now)
    one = np.zeros(len(plan.slot), np.int64)
    crowded = replace(plan, slot=one, node=one)
    better = improve(crowded, now, Budget(2_000), lots(), np.full(now.seconds.shape, 0.5))
    assert better is not None
    assert better.completion < plan.completion * 2


def test_where_nothing_is_left_nothing_is_better() -> None:
    now = situation(6)
    plan = make_plan(now)
    over = later(plan, plan.completion + 1.0)
    search = Improvement(plan, over, lots())
    search.advance(Budget(100))
    assert search.over
    assert search.better() is None
    assert search.last() is None
