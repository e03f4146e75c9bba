"""Lower bounds, and distributions of a graph's end: never wrong about what is certain."""

import importlib
import itertools
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.foresight.estimates import (
    Basis,
    Durations,
    Estimate,
    Help,
    Luck,
    Scenario,
    advice,
    durations,
    estimate,
    exact,
    lower_bound,
)
from bayplan.foresight.estimates.durations import DEFAULT_SCALE, HINT_SCALE
from bayplan.foresight.graph_plans import Nodes, Plan, Situation, make_plan
from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bench.deadlines import random_graph
from tests.unit.placement.building import QUICK

NOT_STARTED = np.nan


def nodes(*slots: int, free: float = 0.0) -> Nodes:
    """So many slots of each class, one to a node."""
    classes = np.repeat(np.arange(len(slots)), slots)
    names = tuple(f"n{number}" for number in range(len(classes)))
    labels = tuple("abc"[number] for number in range(len(slots)))
    return Nodes(names, labels, classes, np.arange(len(classes)), np.full(len(classes), free))


def situation(graph: Graph, seconds: FloatArray, on: Nodes) -> Situation:
    """Nothing has begun."""
    units = graph.units
    return Situation(
        graph, seconds, np.zeros(len(graph.parents.indices)), 1e9, on, 0.0,
        np.zeros(units, bool), np.full(units, -1), np.full(units, np.nan),
    )  # fmt: skip


def trial(graph: Graph, seconds: FloatArray, on: Nodes, known: Durations, seed: int = 1, samples: int = 256) -> Scenario:
    plan = make_plan(situation(graph, seconds, on))
    return Scenario.of(plan, known, np.full(graph.units, np.nan), Luck.draw(graph, samples, seed))


@st.composite
def small(draw: st.DrawFn) -> tuple[Graph, FloatArray, Nodes]:
    """At most four units, on at most two slots of at most two classes."""
    count = draw(st.integers(1, 4))
    tasks = []
    for number in range(count):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set()
        tasks.append(Task(f"t{number}", tuple(f"t{each}" for each in sorted(parents))))
    seconds = [[draw(st.integers(1, 9)), draw(st.integers(1, 9))] for _ in range(count)]
    return Graph.build(tasks), np.array(seconds, np.float64), nodes(*draw(st.sampled_from([(1, 1), (2, 0), (2, 1)])))


def shortest(graph: Graph, seconds: FloatArray, on: Nodes) -> float:
    """The optimum: every list and every choice of slots, each unit as early as it can."""
    best = np.inf
    slots = range(len(on.slot_node))
    for order in itertools.permutations(range(graph.units)):
        place = {unit: number for number, unit in enumerate(order)}
        if any(place[int(parent)] > place[unit] for unit in order for parent in graph.parents.of(unit)):
            continue
        for chosen in itertools.product(slots, repeat=graph.units):
            free, end = np.zeros(len(slots)), np.zeros(graph.units)
            for unit in order:
                ready = max((end[parent] for parent in graph.parents.of(unit)), default=0.0)
                slot = chosen[unit]
                end[unit] = free[slot] = max(ready, free[slot]) + seconds[unit, on.node_class[slot]]
            best = min(best, end.max())
    return float(best)


@given(small())
@QUICK
def test_no_schedule_at_all_beats_the_bound(case: tuple[Graph, FloatArray, Nodes]) -> None:
    graph, seconds, on = case
    there = np.unique(on.node_class)
    least = seconds[:, there].min(axis=1)
    bound = lower_bound(
        graph, least, np.full(graph.units, NOT_STARTED), np.ones((graph.units, 1)), np.array([float(len(on.slot_node))])
    )
    assert bound.seconds <= shortest(graph, seconds, on) + 1e-9


def test_the_bound_counts_what_is_left() -> None:
    graph = Graph.build([Task("a", shards=2), Task("b", ("a",)), Task("c", shards=4)])
    least, amounts = np.array([60.0, 30.0, 10.0]), np.ones((3, 1))
    fresh = np.full(graph.units, NOT_STARTED)
    bound = lower_bound(graph, least, fresh, amounts, np.array([100.0]))
    assert (bound.chain, bound.path) == (90.0, (0, 1))
    assert bound.work == pytest.approx((120 + 30 + 40) / 100)
    assert lower_bound(graph, least, fresh, amounts, np.array([1.0])).seconds == pytest.approx(190.0)
    left = np.array([0.0, 25.0, NOT_STARTED, 0.0, 0.0, 0.0, 0.0])
    later = lower_bound(graph, least, left, amounts, np.array([0.0]))
    assert (later.seconds, later.path) == (55.0, (0, 1))
    over = lower_bound(graph, least, np.zeros(graph.units), amounts, np.array([1.0]))
    assert (over.seconds, over.path) == (0.0, ())


def test_the_bound_of_the_largest_graph_takes_milliseconds() -> None:
    tasks = [Task(f"t{n}", tuple(f"t{p}" for p in range(max(0, n - 20), n, 2))) for n in range(5_000)]
    graph = Graph.build(tasks)
    arguments = (graph, np.full(5_000, 60.0), np.full(5_000, NOT_STARTED), np.ones((5_000, 3)), np.full(3, 1e5))
    lower_bound(*arguments)
    took = []
    for _ in range(5):
        begun = time.thread_time()
        lower_bound(*arguments)
        took.append(time.thread_time() - begun)
    assert min(took) < (0.02 if HAVE_NUMBA else 0.5)


def test_with_exact_run_times_the_estimate_is_the_schedule() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",), shards=3), Task("c", ("b",))])
    seconds = np.array([[10.0], [20.0], [5.0]])
    for slots, makespan in ((1, 75.0), (2, 55.0), (3, 35.0), (9, 35.0)):
        found = trial(graph, seconds, nodes(slots), exact(seconds)).estimate()
        assert found.ends == pytest.approx(np.full(256, makespan))


def test_what_runs_and_what_is_over_counts() -> None:
    graph = Graph.build([Task("a"), Task("b"), Task("c", ("a", "b"))])
    seconds = np.array([[10.0], [100.0], [5.0]])
    on = nodes(1)
    none = np.nan
    there = Situation(
        graph, seconds, np.zeros(2), 1e9, on, 1_000.0,
        np.array([True, False, False]), np.array([0, 0, -1]), np.array([none, 40.0, none]),
    )  # fmt: skip
    elapsed = np.array([none, 60.0, none])
    assert estimate(make_plan(there), exact(seconds), elapsed, 1).ends == pytest.approx(np.full(256, 45.0))
    overdue = np.array([none, 500.0, none])
    found = estimate(make_plan(there), exact(seconds, 0.5), overdue, 1)
    assert found.quantile(0.5) > 45.0, "what has run five times as long as expected is not about to end"


def test_what_finds_no_place_never_ends() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",))])
    seconds = np.array([[10.0], [np.inf]])
    assert np.isinf(trial(graph, seconds, nodes(2), exact(seconds)).estimate().ends).all()


@given(st.lists(st.floats(0.1, 1e6), min_size=2, max_size=40), st.floats(0, 1e6), st.floats(0, 1e6))
@QUICK
def test_more_time_is_never_less_likely(ends: list[float], one: float, other: float) -> None:
    found = Estimate(np.sort(np.array(ends)))
    assert found.probability_by(min(one, other)) <= found.probability_by(max(one, other))
    quantiles = [found.quantile(share) for share in (0.05, 0.1, 0.5, 0.9, 0.95)]
    assert quantiles == sorted(quantiles)
    assert found.quantile(0.5) == pytest.approx(float(np.median(ends)))


def test_the_same_seed_gives_the_same_answer_and_another_nearly_so() -> None:
    graph = random_graph(np.random.default_rng(3))
    seconds = np.array([[task.duration] for task in graph.tasks])
    plan = make_plan(situation(graph, seconds, nodes(5)))
    none = np.full(graph.units, np.nan)
    first, again, other = (estimate(plan, exact(seconds, 0.3), none, seed) for seed in (7, 7, 8))
    assert (first.ends == again.ends).all()
    assert (first.ends != other.ends).any()
    assert other.quantile(0.5) == pytest.approx(first.quantile(0.5), rel=0.03)


def test_run_times_are_those_of_the_distribution_given_how_long_it_runs_already() -> None:
    graph = Graph.build([Task("a", shards=2_000)])
    known, column = exact(np.array([[60.0]]), 0.5), np.zeros(2_000, np.int64)
    luck = Luck.draw(graph, 100, 5)
    fresh = luck.seconds(graph, known, column, np.full(2_000, np.nan))
    assert fresh.mean() == pytest.approx(60.0, rel=0.01)
    beyond = fresh[fresh > 100.0] - 100.0
    left = luck.seconds(graph, known, column, np.full(2_000, 100.0))
    shares = (0.1, 0.5, 0.9)
    assert np.quantile(left, shares) == pytest.approx(np.quantile(beyond, shares), rel=0.05)
    assert np.isfinite(luck.seconds(graph, known, column, np.full(2_000, 1e9))).all()


def test_shards_share_the_error_of_their_hint() -> None:
    graph = Graph.build([Task("a", shards=50)])
    run = [TaskRun("a", hint=60.0)]
    hinted = durations(graph, run, ["x"], np.array([[60.0]]), None)
    alone = Durations(hinted.location, hinted.scale, np.zeros(1), hinted.basis)
    none = (np.zeros(50, np.int64), np.full(50, np.nan))
    luck = Luck.draw(graph, 256, 1)
    together, apart = (luck.seconds(graph, each, *none).mean(axis=0).std() for each in (hinted, alone))
    assert together > 3 * apart


def test_a_new_task_without_a_hint_is_expected_like_its_family() -> None:
    graph, seen = Graph.build([Task("a"), Task("new"), Task("hinted"), Task("stranger")]), RunTimes()
    for task, seconds in (("a", 100.0), ("b", 130.0), ("c", 80.0)):
        for number in range(10):
            seen.observe(TaskRun(task, "train", "x"), seconds + number % 3, float(number))
    runs = [TaskRun("a", "train"), TaskRun("new", "train"), TaskRun("hinted", "train", hint=7.0), TaskRun("stranger", "other")]
    found = durations(graph, runs, ["x"], np.array([[60.0], [60.0], [7.0], [60.0]]), seen)
    assert found.basis.tolist() == [Basis.LEARNED, Basis.FAMILY, Basis.HINT, Basis.NOTHING]
    assert found.words == "run times by task: 1 learned, 1 by their family, 1 from hints, 1 unknown"
    median, scale = np.exp(found.location[:, 0]), found.scale[:, 0]
    assert 70.0 < median[1] < 150.0
    assert scale[0] < scale[1], "a task of its own is known better"
    assert found.expected[2:, 0] == pytest.approx([7.0, 60.0])


def test_what_is_known_is_said() -> None:
    graph = Graph.build([Task("a"), Task("b"), Task("c")])
    runs = [TaskRun("a", hint=10.0), TaskRun("b", hint=20.0), TaskRun("c")]
    seconds = np.array([[10.0], [20.0], [60.0]])
    silent = durations(graph, [TaskRun(name) for name in "abc"], ["x"], seconds, None)
    assert not silent.informed
    assert "nothing is known" in silent.words
    hinted = durations(graph, [*runs[:2], TaskRun("c", hint=5.0)], ["x"], seconds, None)
    assert hinted.words == "from hints only"
    some = durations(graph, runs, ["x"], seconds, None)
    assert some.scale[:, 0].tolist() == [HINT_SCALE, HINT_SCALE, DEFAULT_SCALE]
    seen = RunTimes()
    for number in range(40):
        seen.observe(TaskRun("a", node_class="x"), 30.0 + number % 3, float(number))
    found = durations(graph, runs, ["x"], seconds, seen)
    assert found.basis.tolist() == [Basis.LEARNED, Basis.HINT, Basis.NOTHING]
    assert found.words == "run times by task: 1 learned, 1 from hints, 1 unknown"
    assert found.expected[0, 0] == pytest.approx(31.0, rel=0.05), "forty runs weigh more than the hint"
    assert found.scale[0, 0] < HINT_SCALE
    assert found.expected[1:, 0] == pytest.approx([20.0, 60.0])


def test_a_sketch_does_where_a_plan_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(np.random.default_rng(4))
    seconds = np.array([[task.duration, task.duration * 3] for task in graph.tasks])
    there, none = situation(graph, seconds, nodes(4, 4)), np.full(graph.units, np.nan)
    known, luck = exact(seconds, 0.3), Luck.draw(graph, 256, 1)
    planned = Scenario.on(there, known, none, luck)
    monkeypatch.setattr(importlib.import_module("bayplan.foresight.estimates.estimate"), "MOST_PAIRS", 0)
    sketched = Scenario.on(there, known, none, luck)
    assert set(sketched.node_class.tolist()) == {0, 1}, "the slow ones take what the fast ones cannot"
    assert sketched.estimate().quantile(0.5) == pytest.approx(planned.estimate().quantile(0.5), rel=0.25)


def helps(trial: Scenario, budget: float, others: Scenario | None = None) -> dict[Help, tuple[str, float]]:
    graph = trial.situation.graph
    least = trial.situation.seconds.min(axis=1)
    bound = lower_bound(graph, least, np.full(graph.units, NOT_STARTED), np.ones((len(least), 1)), np.zeros(1))
    return {each.help: (each.subject, each.probability) for each in advice(trial, bound, budget, 0.9, others)}


def test_more_nodes_help_where_many_wait_for_few() -> None:
    graph = Graph.build([Task("wide", shards=20)])
    seconds = np.array([[60.0]])
    found = helps(trial(graph, seconds, nodes(2), exact(seconds, 0.1)), 100.0)
    assert found[Help.MORE_NODES] == ("a", 1.0)
    assert Help.FASTER_NODES in found, "as many of the class as it takes are more nodes too"
    alone = trial(graph, seconds, nodes(20), exact(seconds, 0.1))
    assert helps(trial(graph, seconds, nodes(2), exact(seconds, 0.1)), 100.0, alone)[Help.HIGHER_PRIORITY] == ("", 1.0)


def test_faster_nodes_help_where_a_chain_runs_on_slow_ones() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",)), Task("x"), Task("y", ("x",))])
    seconds = np.array([[20.0, 30.0]] * 4)
    found = helps(trial(graph, seconds, nodes(1, 1), exact(seconds, 0.02)), 45.0)
    assert found[Help.FASTER_NODES] == ("a", 1.0)


def test_a_shorter_task_helps_where_it_is_most_of_the_chain() -> None:
    graph = Graph.build([Task("short"), Task("long", ("short",)), Task("end", ("long",))])
    seconds = np.array([[10.0], [100.0], [10.0]])
    found = helps(trial(graph, seconds, nodes(4), exact(seconds, 0.05)), 80.0)
    assert found[Help.SHORTER_TASK] == ("long", 1.0)
    assert Help.MORE_NODES not in found
    assert found[Help.LATER_DEADLINE] == ("", 0.0)


def plays() -> list[list[float]]:
    """What the kernel makes of a few situations."""
    found = []
    for seed in range(4):
        graph = random_graph(np.random.default_rng(seed))
        seconds = np.array([[task.duration, task.duration * 1.5] for task in graph.tasks])
        found.append(trial(graph, seconds, nodes(2, 2), exact(seconds, 0.4), seed, 8).estimate().ends.tolist())
    return found


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: there is only one of the twins")
def test_plain_python_plays_the_same() -> None:
    program = f"import json; from {__name__} import plays; print(json.dumps(plays()))"
    environment = {**os.environ, "BAYPLAN_KERNELS": "numpy"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == plays()


def test_no_sample_ends_before_its_own_longest_chain() -> None:
    graph = random_graph(np.random.default_rng(11))
    seconds = np.array([[task.duration] for task in graph.tasks])
    made = trial(graph, seconds, nodes(4), exact(seconds, 0.3), samples=32)
    none = np.full(graph.units, np.nan)
    drawn = made.luck.seconds(graph, made.durations, made.node_class, none)
    chains = [graph.critical_path_length(np.maximum.reduceat(drawn[:, sample], graph.unit_start[:-1])) for sample in range(32)]
    assert (made.estimate().ends >= np.sort(chains) - 1e-9).all()


def test_a_thousand_units_are_estimated_within_a_tenth_of_a_second() -> None:
    tasks = [Task(f"t{n}", tuple(f"t{p}" for p in range(max(0, n - 3), n)) if n % 20 else ()) for n in range(1_000)]
    graph = Graph.build(tasks)
    seconds = np.full((1_000, 1), 60.0)
    plan: Plan = make_plan(situation(graph, seconds, nodes(200)))
    none = np.full(graph.units, np.nan)
    took = []
    for _ in range(5):
        begun = time.thread_time()
        estimate(plan, exact(seconds, 0.3), none, 1)
        took.append(time.thread_time() - begun)
    assert min(took) < (0.3 if HAVE_NUMBA else 3.0), "three times what it takes on a machine with nothing else to do"
