"""What tasks read of each other takes time in the simulator, and graphs are planned there as in a cluster."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.foresight.graph_plans import Situation, make_plan, slots
from bayplan.knowledge.run_times import TaskRun
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Crash, Failures, Policy, Setup, SetupError, Submission, Trace, TrueRunTimes, simulate
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import compile_preset
from tests.draws import cases
from tests.unit.placement.building import cluster
from tests.unit.placement.plan_checks import graphs
from tests.unit.placement.simulation_checks import check

ASKED = RequestClass((("pods", 1),))
SPEEDS = {"fast": 4.0, "slow": 0.5}


def nodes(slow: int, fast: int) -> list[NodeInfo]:
    names = [f"slow-{number}" for number in range(slow)] + [f"fast-{number}" for number in range(fast)]
    return [NodeInfo(name, {"pods": 1}, node_class=name[:4]) for name in names]


def submitted(graph: Graph, data: list[float] | None = None, name: str = "g") -> Submission:
    moved = None if data is None else np.array(data, np.float64)
    return Submission(name, graph, (ASKED,) * len(graph.tasks), data=moved)


def run(work: list[Submission], on: list[NodeInfo], preset: str = "GraphPlan", **more: object) -> Trace:
    trace = simulate(work, Setup(on, {"": Policy(compile_preset(preset))}, TrueRunTimes(SPEEDS), **more))  # type: ignore[arg-type]
    check(trace)
    return trace


def static(places: dict[str, str]) -> Policy:
    return Policy(compile_strategy(["Age"], [Named("BestFit")], Named("Static", parameters=places)))


@pytest.mark.parametrize(
    ("places", "end"),
    [
        ({"a": "n0", "b": "n0", "c": "n0"}, 20.0 + 10.0),
        ({"a": "n0", "b": "n1", "c": "n0"}, 10.0 + 6.0 + 10.0),
        ({"a": "n0", "b": "n1", "c": "n1"}, 10.0 + 12.0 + 10.0),
        ({"a": "n0", "b": "n1", "c": "n2"}, 10.0 + 12.0 + 10.0),
    ],
)
def test_the_longest_of_what_is_read_from_other_nodes_is_added(places: dict[str, str], end: float) -> None:
    """c reads 24 bytes of a and 12 of b, at 2 bytes a second."""
    graph = Graph.build([Task("a", duration=10.0), Task("b", duration=10.0), Task("c", ("a", "b"), duration=10.0)])
    on = [NodeInfo(f"n{number}", {"pods": 1}) for number in range(3)]
    trace = simulate([submitted(graph, [24.0, 12.0])], Setup(on, {"": static(places)}, bandwidth=2.0))
    assert trace.ended_at == end


def test_shards_read_an_equal_part_of_each_shard() -> None:
    graph = Graph.build([Task("a", shards=4, duration=10.0), Task("b", ("a",), duration=10.0)])
    on = [NodeInfo(f"n{number}", {"pods": 1}) for number in range(4)]
    trace = simulate([submitted(graph, [80.0])], Setup(on, {"": Policy(compile_preset("BestFit"))}, bandwidth=2.0))
    assert trace.ended_at == 10.0 + 10.0 + 80.0 / 4 / 2.0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1.0, 2.0], "graph g: data has shape (2,): it must be (1,)"),
        ([-1.0], 'graph g: task "b": data of "a" is -1.0: it must be'),
    ],
)
def test_bad_data_is_refused(data: list[float], words: str) -> None:
    with pytest.raises(SetupError, match=re.escape(words)):
        submitted(Graph.build([Task("a"), Task("b", ("a",))]), data)
    with pytest.raises(SetupError, match="bandwidth is 0: it must be above 0 bytes per second"):
        Setup(nodes(1, 0), {}, bandwidth=0)


@cases(30, search=80)
@given(graph=graphs(), slow=st.integers(0, 2), fast=st.integers(1, 2), data=st.data())
def test_where_everything_is_as_expected_the_simulation_ends_when_the_plan_does(
    graph: Graph, slow: int, fast: int, data: st.DataObject
) -> None:
    moved = [data.draw(st.sampled_from([0.0, 0.0, 6.0, 60.0])) for _ in graph.parents.indices]
    on = nodes(slow, fast)
    trace = run([submitted(graph, moved)], on, bandwidth=4.0, plan_steps=0)
    assert trace.graphs.succeeded.all()
    if len(graph.tasks) == 1:
        return  # there is nothing to plan
    found = slots(cluster(*on), {ASKED: graph.units}, graph.units)
    base = np.array([task.duration for task in graph.tasks])
    seconds = base[:, None] / np.array([SPEEDS[each] for each in found.classes])
    free, nowhere = np.zeros(graph.units, bool), np.full(graph.units, -1)
    plan = make_plan(Situation(graph, seconds, np.array(moved), 4.0, found, 0.0, free, nowhere, np.full(graph.units, np.nan)))
    assert trace.graphs.ended_at[0] <= plan.completion * 1.1 + 1e-6


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), preset=st.sampled_from(["GraphPlan", "Auto"]), noise=st.sampled_from([0.0, 0.5]), seed=st.integers(0, 9))
def test_planned_graphs_always_come_to_an_end(graph: Graph, preset: str, noise: float, seed: int) -> None:
    """With noise, several graphs at once, and a node that breaks: nobody waits for ever for a place that is kept."""
    work = [submitted(graph, [5.0] * len(graph.parents.indices), name) for name in ("g", "h")]
    setup = Setup(
        nodes(2, 1), {"": Policy(compile_preset(preset))}, TrueRunTimes(SPEEDS, noise=noise),
        Failures((Crash("fast-0", 3.0, 200.0),)), bandwidth=2.0, seed=seed,
    )  # fmt: skip
    trace = simulate(work, setup)
    check(trace)
    assert trace.graphs.succeeded.all()


def test_plans_are_made_again_when_a_node_is_lost() -> None:
    """Both fast nodes are planned; once one is gone, its tasks go elsewhere and the graph still ends."""
    graph = Graph.build([Task(f"t{number}", duration=40.0) for number in range(6)])
    calm = run([submitted(graph)], nodes(2, 2))
    broken = run([submitted(graph)], nodes(2, 2), failures=Failures((Crash("fast-1", 5.0),)))
    assert calm.graphs.ended_at[0] == 30.0
    assert broken.graphs.succeeded.all()
    assert broken.graphs.ended_at[0] < 5 + 40 + 30 + 6 * 10 + 80


def test_plans_beat_best_fit_where_nodes_differ() -> None:
    """Best fit knows nothing of speeds: of equal nodes it takes the first by name, here a slow one."""
    beside = [Task(f"b{number}", ("a",), duration=40) for number in range(6)]
    graph = Graph.build([Task("a", duration=40), *beside, Task("c", ("b0",), duration=400)])
    on = [NodeInfo(f"{number}", {"pods": 1}, node_class="slow" if number < 4 else "fast") for number in range(6)]
    ends = {preset: run([submitted(graph)], on, preset).ended_at for preset in ("GraphPlan", "Auto", "BestFit")}
    assert ends["GraphPlan"] == ends["Auto"] == 10 + 10 + 100
    assert ends["BestFit"] > 3 * ends["GraphPlan"]


def test_nodes_full_of_the_graphs_own_units_are_no_free_slots_when_it_is_planned_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three of five tasks run when one of the nodes dies: what is left has to wait for the two others."""
    seen: list[Situation] = []
    monkeypatch.setattr("bayplan.simulation.planning.make_plan", lambda now: seen.append(now) or make_plan(now))
    graph = Graph.build([Task(f"t{number}", duration=200.0) for number in range(5)])
    on = [NodeInfo(f"n{number}", {"pods": 1}) for number in range(3)]
    failures = Failures(crashes=(Crash("n2", at=1.0, repaired=5000.0),))
    simulate([submitted(graph)], Setup(on, {"": Policy(compile_preset("GraphPlan"))}, failures=failures, plan_steps=0))
    again = [now for now in seen if 1.0 < now.now < 200.0]
    assert again
    for now in again:
        assert now.running.any()
        assert now.nodes.slot_node.tolist() == []


def test_plans_go_by_what_was_learned_of_run_times() -> None:
    graph = Graph.build([Task("long"), Task("short")])
    runs = (TaskRun("long", "f", hint=10.0), TaskRun("short", "f", hint=100.0))
    said, real = np.array([10.0, 100.0]), np.array([100.0, 10.0])
    work = [
        Submission(f"g{number}", graph, (ASKED,) * 2, at=500.0 * number, expected=said, actual=real, runs=runs)
        for number in range(30)
    ]
    for learn, first in ((False, "short"), (True, "long")):
        attempts = run(work, nodes(slow=1, fast=0), learn=learn).attempts
        last = np.flatnonzero(attempts.graph == len(work) - 1)
        earliest = last[np.argmin(attempts.started_at[last])]
        assert graph.tasks[attempts.task[earliest]].name == first, "what its author says is the wrong way round"
