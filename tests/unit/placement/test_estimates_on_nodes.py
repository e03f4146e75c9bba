"""Estimates that are played node by node: what the policy would do, and never before the bound."""

import importlib
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import Basis, Durations, Luck, Scenario, earliest, exact
from bayplan.foresight.graph_plans import Situation, slots
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.turns import capacity_for, turns
from tests.unit.placement.building import QUICK

SPEEDS = {"slow": math.sqrt(0.3), "mid": 1.0, "fast": math.sqrt(13.0)}
"""With the durations below: no two sums are equal but for rounding, which would decide who is first."""
CLASSES = st.sampled_from((500, 1000, 1500, 3000)).map(lambda cpu: RequestClass((("cpu", cpu), ("pods", 1))))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, tuple[RequestClass, ...]]:
    """Up to six tasks of up to three shards, and what each asks."""
    tasks = []
    for number in range(draw(st.integers(1, 6))):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set()
        names = tuple(f"t{each}" for each in sorted(parents))
        tasks.append(Task(f"t{number}", names, draw(st.integers(1, 3)), draw(st.integers(1, 60)) + math.sqrt(number + 2)))
    return Graph.build(tasks), tuple(draw(CLASSES) for _ in tasks)


def machines(kinds: list[str], cpu: int) -> list[NodeInfo]:
    return [NodeInfo(f"n{number}", {"cpu": cpu, "pods": 9}, node_class=kind) for number, kind in enumerate(kinds)]


def cluster_of(nodes: list[NodeInfo]) -> Cluster:
    cluster = Cluster()
    for each in nodes:
        cluster.set_node(each)
    return cluster


def scenario(
    policy: str, nodes: list[NodeInfo], graph: Graph, classes: tuple[RequestClass, ...], known: Durations | None = None,
    elapsed: FloatArray | None = None,
) -> Scenario:  # fmt: skip
    """Of a graph with certain run times, unless more is said; where `elapsed` is a number, a unit runs on the first node."""
    cluster, none = cluster_of(nodes), np.full(graph.units, np.nan)
    elapsed = none if elapsed is None else elapsed
    running = np.flatnonzero(~np.isnan(elapsed)).tolist()
    for unit in running:
        cluster.occupy(unit, nodes[0].name, dict(classes[graph.unit_task[unit]].resources))
    there = slots(cluster, Counter(classes[task] for task in graph.unit_task.tolist()), graph.units)
    seconds = np.array([[task.duration / SPEEDS[name] for name in there.classes] for task in graph.tasks])
    seconds = np.where(there.admitting(classes), seconds, np.inf)
    place, left = np.full(graph.units, -1), none.copy()
    place[running], left[running] = there.number[nodes[0].name], 1.0
    data = np.zeros(len(graph.parents.indices))
    situation = Situation(graph, seconds, data, 1e9, there, 0.0, np.zeros(graph.units, bool), place, left)
    capacity = capacity_for(compile_preset(policy), cluster, situation, classes)
    luck = Luck.draw(graph, 64, 1)
    return Scenario.on(situation, exact(seconds) if known is None else known, elapsed, luck, capacity)


@given(
    graphs(), st.lists(st.sampled_from(("slow", "mid", "fast")), min_size=1, max_size=4), st.sampled_from(("BestFit", "Spread"))
)
@QUICK
def test_where_run_times_are_certain_the_estimate_is_what_the_policy_does(
    case: tuple[Graph, tuple[RequestClass, ...]], kinds: list[str], policy: str
) -> None:
    graph, _ = case
    classes = (RequestClass((("cpu", 1000), ("pods", 1))),) * len(graph.tasks)
    nodes = machines(kinds, 1000)
    run = Submission("g", graph, classes, policy="p")
    setup = Setup(nodes, {"p": Policy(compile_preset(policy))}, TrueRunTimes(SPEEDS))
    ended = float(simulate([run], setup).graphs.ended_at[0])
    assert scenario(policy, nodes, graph, classes).estimate().ends == pytest.approx(np.full(64, ended))


def test_the_estimate_is_of_the_policy() -> None:
    graph = Graph.build([Task("a", duration=60.0), Task("b", ("a",), duration=60.0)])
    classes = (RequestClass((("cpu", 1000), ("pods", 1))),) * 2
    nodes = machines(["slow", "fast"], 1000)
    blind, planned = (scenario(policy, nodes, graph, classes).estimate().quantile(0.5) for policy in ("BestFit", "Auto"))
    assert (blind, planned) == (
        pytest.approx(120.0 / SPEEDS["slow"]),
        pytest.approx(120.0 / SPEEDS["fast"]),
    )  # the first by name, and the fast one


def test_pods_of_several_sizes_are_packed_as_they_are_not_by_their_mean() -> None:
    graph = Graph.build([Task("small", shards=4, duration=60.0), Task("large", duration=60.0)])
    small, large = (RequestClass((("cpu", cpu), ("pods", 1))) for cpu in (250, 3000))
    found = scenario("Auto", machines(["mid"], 4000), graph, (small, large)).estimate()
    assert found.ends == pytest.approx(np.full(64, 60.0)), "all fit at once"


def test_turns_are_those_of_the_strategy() -> None:
    nodes = machines(["mid", "mid"], 2000)
    asked, cluster = RequestClass((("cpu", 1000), ("pods", 1))), cluster_of(nodes)
    number = {each.name: index for index, each in enumerate(nodes)}
    filled, spread = (turns(compile_preset(policy), cluster, {asked: 4}, number) for policy in ("BestFit", "Spread"))
    assert filled[:, :2].tolist() == [[0, 1], [2, 3]]
    assert spread[:, :2].tolist() == [[0, 2], [1, 3]]
    assert not cluster.used.any()


@given(
    graphs(),
    st.lists(st.sampled_from(("slow", "mid", "fast")), min_size=1, max_size=3),
    st.sampled_from(("Auto", "BestFit", "GraphPlan")),
    st.floats(0.0, 1.5),
    st.floats(0.0, 1.0),
    st.booleans(),
    st.none() | st.floats(0.0, 200.0),
)
@QUICK
def test_an_expected_end_never_lies_before_the_bound(
    case: tuple[Graph, tuple[RequestClass, ...]], kinds: list[str], policy: str, scale: float, shared: float,
    by_node: bool, elapsed: float | None,
) -> None:  # fmt: skip
    """By node and on slots, with a unit that runs already or without, however uncertain run times are."""
    graph, classes = case
    nodes = machines(kinds, 3000)
    runs = np.full(graph.units, np.nan)
    if elapsed is not None:
        runs[int(graph.unit_start[graph.topological[0]])] = elapsed
    with pytest.MonkeyPatch.context() as patched:
        if not by_node:
            patched.setattr(importlib.import_module("bayplan.foresight.estimates.estimate"), "MOST_PLACES", 0)
        seconds = scenario(policy, nodes, graph, classes).situation.seconds
        tasks = len(graph.tasks)
        known = Durations(np.log(seconds), np.full(seconds.shape, scale), np.full(tasks, shared), np.full(tasks, Basis.HINT))
        found = scenario(policy, nodes, graph, classes, known, runs).estimate()
    least = known.median.min(axis=1)
    left = np.where(np.isnan(runs), np.nan, np.maximum(least[graph.unit_task] - np.nan_to_num(runs), 0.0))
    bound = earliest(cluster_of(nodes), graph, classes, (), least, left).bound.seconds
    assert found.quantile(0.5) >= bound * (1 - 1e-9)
