"""Plans keep to precedence, slots and transfers; and what they are made of is checked."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from bayplan.foresight.graph_plans import Nodes, Situation, beside_own, expected_seconds, make_plan, slots
from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bench import replan
from tests.draws import cases
from tests.unit.placement.building import cluster
from tests.unit.placement.plan_checks import check, situations


def situation(graph: Graph, seconds: list[list[float]], nodes: Nodes, data: float = 0.0, now: float = 0.0) -> Situation:
    units = graph.units
    return Situation(
        graph, np.array(seconds), np.full(len(graph.parents.indices), data), 1.0, nodes, now,
        np.zeros(units, bool), np.full(units, -1), np.full(units, np.nan),
    )  # fmt: skip


def two(free: tuple[float, ...] = (0.0, 0.0)) -> Nodes:
    """A slow node and a fast one, a slot each."""
    return Nodes(("slow-0", "fast-0"), ("slow", "fast"), np.array([0, 1]), np.array([0, 1]), np.array(free))


@cases(80, search=300)
@given(now=situations())
def test_precedence_slots_and_reading_are_kept(now: Situation) -> None:
    plan = make_plan(now)
    check(plan)
    assert np.isfinite(plan.completion)


@cases(60, search=200)
@given(now=situations(impossible=True))
def test_what_no_slot_could_hold_has_no_place_and_the_rest_has(now: Situation) -> None:
    plan = make_plan(now)
    check(plan)
    graph, classes = now.graph, np.unique(plan.nodes.node_class[plan.nodes.slot_node])
    waits = np.array([not (now.done | now.running)[graph.unit_task == task].all() for task in range(len(graph.tasks))])
    blocked = waits & ~np.isfinite(now.seconds[:, classes]).any(axis=1)
    for task in graph.topological.tolist():
        blocked[task] |= blocked[graph.parents.of(task)].any()
    expected = blocked[graph.unit_task] & ~(now.done | now.running)
    assert (np.isinf(plan.finish) == expected).all()


@pytest.mark.parametrize("seed", range(20))
def test_equally_long_schedules_are_not_told_apart_by_rounding(seed: int) -> None:
    # On one slot every order takes the sum of the durations, which rounds differently from order to order.
    seconds = np.random.default_rng(seed).uniform(0.1, 30.0, 6)
    tasks = [("a1",), ("z1",), ("y",), ("a2", "a1"), ("z2", "z1"), ("end", "a2", "z2", "y")]
    graph = Graph.build([Task(name, tuple(after)) for name, *after in tasks])
    nodes = Nodes(("only-0",), ("only",), np.array([0]), np.array([0]), np.array([0.0]))
    plan = make_plan(situation(graph, seconds[:, None].tolist(), nodes))
    assert (np.argsort(plan.start) == np.argsort(-plan.rank)).all(), "HEFT's order"


@cases(50, search=100)
@given(now=situations())
def test_the_same_situation_gives_the_same_plan(now: Situation) -> None:
    one, other = make_plan(now), make_plan(now)
    for name in ("rank", "slot", "node", "start", "finish", "seconds"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_the_critical_path_gets_the_fast_node_and_the_rest_the_slow_one() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",)), Task("side")])
    plan = make_plan(situation(graph, [[70, 10], [70, 10], [20, 10]], two()))
    assert plan.node.tolist() == [1, 1, 0]
    assert plan.completion == 20.0
    assert plan.rank.tolist() == [80.0, 40.0, 15.0]


def test_data_keeps_tasks_on_one_node() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",)), Task("c", ("a",))])
    nodes = Nodes(("n0", "n1"), ("",), np.array([0, 0]), np.array([0, 0, 1]), np.zeros(3))
    plan = make_plan(situation(graph, [[10], [10], [10]], nodes, data=100.0))
    assert plan.node.tolist() == [0, 0, 0]
    assert plan.completion == 20.0, "slots of one node are one place for data"


def test_what_lies_on_a_node_without_a_slot_is_read_from_there() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",))])
    nodes = Nodes(("n0", "n1"), ("",), np.array([0, 0]), np.array([1]), np.zeros(1))
    now = replace(situation(graph, [[10], [10]], nodes, data=3.0), done=np.array([True, False]), place=np.array([0, -1]))
    assert make_plan(now).seconds.tolist() == [0.0, 13.0]


def test_a_unit_that_runs_holds_its_slot_until_its_end() -> None:
    graph = Graph.build([Task("a", shards=2)])
    nodes = Nodes(("n0",), ("",), np.array([0]), np.zeros(0, np.int64), np.zeros(0))
    now = replace(situation(graph, [[10]], nodes, now=100.0), place=np.array([0, -1]), left=np.array([4.0, np.nan]))
    plan = make_plan(now)
    assert plan.start.tolist() == [100.0, 104.0]
    assert plan.finish.tolist() == [104.0, 114.0]


def test_many_shards_that_wait_for_many_are_planned_by_a_join() -> None:
    graph = Graph.build([Task("a", shards=200), Task("b", ("a",), shards=200)])
    nodes = Nodes(("n0", "n1"), ("",), np.array([0, 0]), np.repeat([0, 1], 200), np.zeros(400))
    plan = make_plan(situation(graph, [[10], [5]], nodes, data=400.0))
    assert set(plan.start[200:].tolist()) == {10.0}
    assert set(plan.seconds[200:].tolist()) == {7.0}, "a two hundredth of the bytes from each"


def test_a_finished_graph_has_a_plan_with_nothing_to_do() -> None:
    graph = Graph.build([Task("a")])
    now = replace(situation(graph, [[1, 1]], two(), now=9.0), done=np.array([True]), place=np.array([1]))
    plan = make_plan(now)
    assert plan.completion == 9.0
    assert plan.slot.tolist() == [-1]


def test_without_any_slot_nothing_has_a_place() -> None:
    nodes = Nodes((), (), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    plan = make_plan(situation(Graph.build([Task("a")]), np.zeros((1, 0)).tolist(), nodes))
    assert plan.slot.tolist() == [-1]
    assert plan.completion == np.inf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bandwidth": 0.0}, "bandwidth is 0.0: it must be above 0 bytes per second"),
        ({"seconds": np.array([[1.0, np.nan]])}, "seconds[0, 1] is nan: it must be a number, 0 or above"),
        ({"seconds": np.array([[1.0]])}, "seconds has shape (1, 1): it must be (1, 2)"),
        ({"place": np.array([2])}, "place[0] is 2: it must be from -1 to 1"),
        ({"left": np.array([-1.0])}, "left[0] is -1.0: it must be a number, 0 or above"),
        ({"left": np.array([1.0])}, "place[0] is -1: unit 0 runs, so it must be on a node"),
        ({"now": np.inf}, "now is inf: it must be seconds since the epoch"),
    ],
)
def test_a_wrong_situation_names_the_field(change: dict[str, object], words: str) -> None:
    now = situation(Graph.build([Task("a")]), [[1, 1]], two())
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        replace(now, **change)


CPU = RequestClass((("cpu", 4000),))
GPU = RequestClass((("cpu", 1000), ("gpu", 1)))


def test_slots_are_what_fits_beside_what_is_there() -> None:
    on = cluster(
        NodeInfo("b", {"cpu": 16000}, node_class="cpu"),
        NodeInfo("a", {"cpu": 8000, "gpu": 4}, node_class="gpu"),
        NodeInfo("c", {"cpu": 8000}, node_class="cpu", ready=False),
    )
    on.occupy("x", "b", {"cpu": 5000})
    found = slots(on, {CPU: 3}, 10)
    assert found.names == ("a", "b", "c")
    assert sorted(found.slot_node.tolist()) == [0, 0, 1, 1]
    only = slots(on, {GPU: 3}, 10)
    assert only.slot_node.tolist() == [0, 0, 0, 0]
    column = only.admitting((GPU, CPU))
    assert {only.classes[each] for each in np.flatnonzero(column[0]).tolist()} == {"gpu"}
    assert column[1].all(), "what was not asked about is not judged"


def test_where_a_class_has_no_room_now_nodes_count_as_empty() -> None:
    on = cluster(NodeInfo("a", {"cpu": 8000}))
    on.occupy("x", "a", {"cpu": 7000})
    assert slots(on, {CPU: 1}, 10).slot_node.tolist() == [0, 0]


def test_nodes_that_are_full_of_the_graphs_own_units_do_not_count_as_empty_too() -> None:
    on = cluster(NodeInfo("a", {"cpu": 4000}))
    on.occupy("own", "a", {"cpu": 4000})
    found = slots(on, {CPU: 2}, 10)
    graph = Graph.build([Task("t", shards=3)])
    now = situation(graph, [[10.0] * len(found.classes)], found)
    now = replace(now, place=np.array([0, -1, -1]), left=np.array([4.0, np.nan, np.nan]))
    assert sorted(make_plan(now).start.tolist()) == [0.0, 0.0, 4.0], "a slot on the full node, beside the one that gets free"
    assert sorted(make_plan(beside_own(now, on)).start.tolist()) == [0.0, 4.0, 14.0]
    others = replace(now, place=np.full(3, -1), left=np.full(3, np.nan))
    assert beside_own(others, on) is others, "when others leave is not known: the node counts as empty"


def test_of_each_class_the_freest_nodes_keep_their_slots() -> None:
    nodes = [NodeInfo(f"n{each}", {"cpu": 4000 * (1 + each % 3)}, node_class=("even", "odd")[each % 2]) for each in range(12)]
    found = slots(cluster(*nodes), {CPU: 5}, 4)
    numbers = [int(found.names[node][1:]) for node in found.slot_node.tolist()]
    assert [sum(each % 2 == kind for each in numbers) for kind in (0, 1)] == [4, 4]
    assert {each % 3 for each in numbers} == {2}


def test_seconds_come_from_what_was_learned_then_from_hints_then_from_the_graph() -> None:
    graph = Graph.build([Task("a"), Task("b"), Task("c", duration=33.0)])
    runs = [TaskRun("g/a", hint=10.0), TaskRun("g/b", hint=20.0), TaskRun("g/c")]
    assert expected_seconds(graph, runs, ("slow", "fast")).tolist() == [[10, 10], [20, 20], [33, 33]]
    learned = RunTimes()
    for at in range(40):
        learned.observe(TaskRun("g/a", node_class="fast"), 5.0, at)
        learned.observe(TaskRun("g/a", node_class="slow"), 50.0, at)
    found = expected_seconds(graph, runs, ("slow", "fast"), learned)
    assert found[0] == pytest.approx([50.0, 5.0], rel=0.1)
    with pytest.raises(ValueError, match="one for each of the 3 tasks"):
        expected_seconds(graph, runs[:2], ("slow",))


def test_a_thousand_tasks_on_a_thousand_nodes_are_planned_in_an_instant() -> None:
    """The bound is 200 ms; processor time, and room for a slow machine that other work shares."""
    figures = replan.measure(1000, 1000, repeat=2)
    assert [each["tasks"] for each in figures] == [1000, 1000]
    if HAVE_NUMBA:
        assert all(each["cpu"] < 1.0 for each in figures), figures
