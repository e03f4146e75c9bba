"""The simulator and the operator take the same decisions for the same graphs: nodes, instants, and the words for them.

Where they do not, the test says which part of the two decides by something else: they have a conductor each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bayplan.simulation import Crash, Delays, Failures, HiddenLoad, Steps
from bayplan.strategy.presets import PRESETS
from tests.cluster.kube import Object, task
from tests.shapes import CHAINS, TASKS, Shape
from tests.testbed.nodes import NodeKind
from tests.tick.both import Case, Placed, Unit, in_the_cluster, in_the_simulator, scrapes

SMALL = NodeKind("small", 8, "32Gi")
# By name and by the number of tasks on the chain, nothing says that `z` leads to the long one.
UNEVEN: Shape = (
    ("a1", (), 1, 6, 4), ("z1", (), 1, 6, 4), ("y", (), 1, 6, 7),
    ("a2", ("a1",), 1, 6, 3), ("z2", ("z1",), 1, 6, 40), ("end", ("a2", "z2", "y"), 1, 1, 2),
)  # fmt: skip

LOTS = "lots are drawn by the UID of the graph in the operator, by its number in the simulator"
THEN = "the operator says what was so when each request was asked about, the simulator what is so at the end"


def graph(tasks: Shape = TASKS, *, hints: bool = True, data: str = "0", **spec: object) -> Object:
    made = []
    for name, after, shards, cores, seconds in tasks:
        hint = {"expectedDuration": f"{seconds}s"} if hints else {}
        each = task(name, *after, shards=shards, cpu=str(cores), seconds=seconds, **hint)
        made.append(each | {"dependsOn": [{"task": parent, "data": data} for parent in after]})
    return {"tasks": made, "policyName": "p", **spec}


def two() -> dict[str, tuple[float, Object]]:
    """Graphs that compete, of which the second goes first."""
    return {"a": (0.0, graph()), "b": (3.0, graph(priority=5))}


def both(case: Case, folder: Path) -> tuple[Mapping[Unit, Placed], Mapping[Unit, Placed]]:
    """The decisions of simulator and operator. Something has to wait, or no order would show."""
    trace, readings = case.simulated(folder)
    assert (trace.attempts.placed_at > trace.attempts.wanted_at).any()
    world = case.operated(trace, readings)
    try:
        return in_the_simulator(trace), in_the_cluster(world)
    finally:
        world.close()


def timeless(why: str) -> str:
    """Without the seconds that a plan counts with: the operator looks every 5 s whether a plan was left behind by lateness, the
    simulator whenever something happens, so that they make plans again at other instants."""
    return re.sub(r"\d+ s\b", "… s", why)


def same(case: Case, folder: Path) -> None:
    expected, made = both(case, folder)
    assert {unit: (each.node, timeless(each.why)) for unit, each in made.items()} == {
        unit: (each.node, timeless(each.why)) for unit, each in expected.items()
    }
    assert {unit: each.at for unit, each in made.items()} == {
        unit: pytest.approx(each.at, abs=0.05) for unit, each in expected.items()
    }


def preset(name: str, nodes: int, graphs: dict[str, tuple[float, Object]] | None = None) -> Case:
    return Case(graphs or two(), {"p": {"preset": name}}, [(SMALL, nodes)])


def drifts(why: str, *parameters: object, id: str) -> object:
    return pytest.param(*parameters, id=id, marks=pytest.mark.xfail(strict=True, reason=why))


# Without learning: each task runs once, and its author says how long


@pytest.mark.parametrize("name", PRESETS)
def test_one_graph_by_each_preset(name: str, tmp_path: Path) -> None:
    # The operator always learns; where decisions go by it even in one graph, the simulator does too.
    case = replace(preset(name, 2, {"same": (0.0, graph())}), learn=name in ("GraphPlan", "Efficiency"))
    if name != "GraphPlan":
        same(case, tmp_path)
        return
    expected, made = both(case, tmp_path)  # the words say by which of two plans, made at other instants, a task goes
    assert {unit: each.node for unit, each in made.items()} == {unit: each.node for unit, each in expected.items()}


DUE = {"a": (0.0, graph(deadline="10m")), "b": (3.0, graph(deadline="3m")), "c": (20.0, graph(deadline="5m"))}
SEVERAL = {
    "priorities": preset("BestFit", 3),
    "delays": replace(preset("BestFit", 3), delays=Delays(binding=1.0, starting=2.0)),
    "two policies": Case(
        {"a": (0.0, graph()), "b": (3.0, graph(priority=5, policyName="q")), "c": (20.0, graph(policyName="q"))},
        {"p": {"preset": "BestFit"}, "q": {"preset": "Spread"}},
        [(SMALL, 3)],
    ),
    "slack": Case(DUE, {"p": {"order": ["LeastSlack", "CriticalPath", "Age"]}}, [(SMALL, 2)]),
    "failures": replace(preset("BestFit", 3), failures=Failures(attempt=0.2)),
}


@pytest.mark.parametrize("what", SEVERAL)
def test_several_graphs(what: str, tmp_path: Path) -> None:
    same(SEVERAL[what], tmp_path)


EQUAL = {
    "deadlines": Case(DUE, {"p": {"order": ["EarliestDeadline", "CriticalPath", "Age"]}}, [(SMALL, 2)]),
    "round robin": preset("RoundRobin", 3),
}


@pytest.mark.parametrize("what", EQUAL)
def test_graphs_with_equal_requests(what: str, tmp_path: Path) -> None:
    same(EQUAL[what], tmp_path)


def test_a_node_that_is_lost_and_comes_back(tmp_path: Path) -> None:
    lost = Failures(crashes=(Crash("small-1", at=11.0, repaired=100.0),))
    delays = Delays(binding=1.0, starting=1.0, noticing=10.0)
    policy = {"preset": "BestFit", "nodeLossGrace": "5s"}
    same(Case({"a": (0.0, graph())}, {"p": policy}, [(SMALL, 2)], delays=delays, failures=lost), tmp_path)


@pytest.mark.xfail(strict=True, reason=THEN)
def test_the_words_for_those_who_wait(tmp_path: Path) -> None:
    case = replace(preset("BestFit", 2), until=30.0)
    trace, _ = case.simulated(tmp_path)
    waiting = np.flatnonzero(trace.attempts.node < 0).tolist()
    assert len(waiting) > 3
    world = case.operated(trace)
    told = {name: world.condition(name, "Waiting") for name in case.graphs}
    world.close()
    for number, name in enumerate(case.graphs):
        words = [trace.attempts.why[row] for row in waiting if trace.attempts.graph[row] == number]
        assert told[name] is not None
        assert words[0] in told[name]["message"]  # type: ignore[index]


# With learning: the same tasks come back in another graph, and no hint says how long they run


def again(by: Object) -> Case:
    graphs = {name: (120.0 * number, graph(UNEVEN, hints=False, profile="work")) for number, name in enumerate("abc")}
    return Case(graphs, {"p": by}, [(SMALL, 1)], learn=True)


LEARNING = [
    pytest.param({"order": ["ShortestExpected"]}, id="shortest"),
    pytest.param({"preset": "BestFit"}, id="critical path"),
    pytest.param({"preset": "LeastSlack"}, id="slack"),
    pytest.param({"preset": "Efficiency"}, id="efficiency"),
    pytest.param({"preset": "NodeSurvival"}, id="survival"),
    pytest.param({"preset": "GraphPlan"}, id="plans"),
]


@pytest.mark.parametrize("by", LEARNING)
def test_with_learning(by: Object, tmp_path: Path) -> None:
    same(again(by), tmp_path)


# With load: the operator gets the readings of the simulator, at the same instants

HIDDEN = HiddenLoad(
    {
        "small-0": {"cpu": Steps((0.0, 60.0), (0.5, 0.2))},
        "small-1": {"cpu": Steps((0.0, 30.0), (0.2, 0.75))},
        "small-2": {"memory": Steps((0.0,), (0.5,))},
    },
    scrapes(),
)
HOT = {"load": {"hot": [{"resource": "cpu", "share": "80%"}]}}
LOADED = [
    pytest.param({"preset": "LoadAware"}, id="least load"),
    pytest.param({"preset": "LoadRisk"}, id="risk"),
    pytest.param({"preset": "BestFit", **HOT}, id="hot"),
    pytest.param({"preset": "LoadAware", **HOT}, id="hot and least load"),
    pytest.param({"preset": "TargetUtilization"}, id="target"),
]


@pytest.mark.parametrize("by", LOADED)
def test_with_load(by: Object, tmp_path: Path) -> None:
    same(Case(two(), {"p": by}, [(SMALL, 3)], load=HIDDEN), tmp_path)


def test_load_matters(tmp_path: Path) -> None:
    """Or the tests above would show nothing."""
    case = Case(two(), {"p": {"preset": "LoadAware", **HOT}}, [(SMALL, 3)], load=HIDDEN)
    loaded, _ = case.simulated(tmp_path)
    calm, _ = replace(case, load=None).simulated(tmp_path)
    assert in_the_simulator(loaded).keys() == in_the_simulator(calm).keys()
    assert {unit: each.node for unit, each in in_the_simulator(loaded).items()} != {
        unit: each.node for unit, each in in_the_simulator(calm).items()
    }


# With an adaptive policy

PAIR: Shape = (("x", (), 3, 3, 6), ("y", ("x",), 2, 4, 5))


@pytest.mark.parametrize("minimum", [4, drifts(LOTS, 1, id="lots")])
def test_with_an_adaptive_policy(minimum: int, tmp_path: Path) -> None:
    adaptive = {"candidates": [{"preset": "BestFit"}, {"preset": "Spread"}], "minimumGraphs": minimum}
    case = Case(
        {f"g{number}": (40.0 * number, graph(PAIR)) for number in range(8)}, {"p": {"adaptive": adaptive}}, [(SMALL, 1)]
    )
    trace, _ = case.simulated(tmp_path)
    world = case.operated(trace)
    given = tuple(world.status(name)["strategy"] for name in case.graphs)
    made = in_the_cluster(world)
    world.close()
    assert given == trace.graphs.strategy
    expected = in_the_simulator(trace)
    assert {unit: each.node for unit, each in made.items()} == {unit: each.node for unit, each in expected.items()}


# With plans of whole graphs

PLANNED = {
    "one": Case({"a": (0.0, graph(CHAINS, data="10G"))}, {"p": {"preset": "GraphPlan"}}, [(SMALL, 2)]),
    "delays": Case(
        {"a": (0.0, graph(CHAINS, data="10G"))}, {"p": {"preset": "GraphPlan"}}, [(SMALL, 2)], delays=Delays(1.0, 1.0)
    ),
    "little data": Case({"a": (0.0, graph(CHAINS, data="100M"))}, {"p": {"preset": "GraphPlan"}}, [(SMALL, 2)]),
}


@pytest.mark.parametrize("what", PLANNED)
def test_with_plans(what: str, tmp_path: Path) -> None:
    same(PLANNED[what], tmp_path)


def test_with_plans_and_the_seconds_that_they_count_with(tmp_path: Path) -> None:
    expected, made = both(replace(PLANNED["one"], learn=True), tmp_path)
    assert {unit: each.why for unit, each in made.items()} == {unit: each.why for unit, each in expected.items()}


def test_which_graphs_have_plans(tmp_path: Path) -> None:
    """On equal nodes, data makes the plan of the one matter; that of the other could only keep places."""
    graphs = {"a": (0.0, graph(CHAINS, data="10G")), "b": (1.0, graph(UNEVEN))}
    expected, made = both(Case(graphs, {"p": {"preset": "Auto"}}, [(SMALL, 3)]), tmp_path)
    assert {unit: "not planned" in each.why for unit, each in made.items()} == {
        unit: "not planned" in each.why for unit, each in expected.items()
    }
