"""Estimates of graphs whose queue may hold less than the nodes have."""

import importlib

import numpy as np
import pytest

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.foresight.estimates import Bound, Help, Luck, Scenario, advice, exact, quota_caps, within
from bayplan.foresight.graph_plans import Situation, slots
from bayplan.model.graph import Graph, Task
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, simulate
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.turns import capacity_for

CPU = QuotaKey("cpu")
ASKED = RequestClass((("cpu", 1000), ("pods", 1)))
GRAPH = Graph.build([Task("wide", shards=12, duration=60.0), Task("last", ("wide",), duration=30.0)])
CLASSES = (ASKED, ASKED)


def nodes(count: int = 4) -> list[NodeInfo]:
    return [NodeInfo(f"n{each}", {"cpu": 4000, "pods": 20}, {"kind": "a" if each else "b"}) for each in range(count)]


def world(tree: QueueTree) -> Cluster:
    cluster = Cluster()
    for each in nodes():
        cluster.set_node(each)
    cluster.set_quotas(tree.limits())
    return cluster


def scenario(cluster: Cluster, queue: str, *, alone: bool = False, policy: str = "BestFit") -> Scenario:
    """Of the graph in a queue."""
    there = slots(cluster, {ASKED: 13}, GRAPH.units)
    seconds = np.array([[task.duration] * len(there.classes) for task in GRAPH.tasks])
    none = np.full(GRAPH.units, np.nan)
    situation = Situation(
        GRAPH, seconds, np.zeros(1), 1e9, there, 0.0, np.zeros(GRAPH.units, bool), np.full(GRAPH.units, -1), none
    )
    capacity = capacity_for(compile_preset(policy), cluster, situation, CLASSES)
    caps = quota_caps(cluster, queue)
    if alone:
        caps = tuple(each.alone for each in caps)
    capacity = within(capacity, caps, cluster, situation)
    return Scenario.on(situation, exact(seconds), none, Luck.draw(GRAPH, 16, 1), capacity)


def ends(cluster: Cluster, queue: str, *, alone: bool = False, policy: str = "BestFit") -> float:
    """The estimated median of the graph's end, in seconds."""
    return scenario(cluster, queue, alone=alone, policy=policy).estimate().quantile(0.5)


@pytest.mark.parametrize("policy", ["BestFit", "Spread", "Auto"])
@pytest.mark.parametrize("nominal", [2, 3, 5, 12, 40])
def test_an_estimate_is_what_happens_in_a_queue_with_a_quota(policy: str, nominal: int) -> None:
    tree = tree_of([Queue("q", quotas=(QuotaRow(CPU, 1000 * nominal),))])
    setup = Setup(nodes(), {"p": Policy(compile_preset(policy))}, queues=tree)
    simulated = simulate([Submission("g", GRAPH, CLASSES, policy="p", queue="q")], setup)
    assert ends(world(tree), "q", policy=policy) == pytest.approx(float(simulated.graphs.ended_at[0]))


@pytest.mark.parametrize("most_pairs", [0, 4_000_000])
def test_a_graph_that_is_played_on_slots_has_as_many_as_its_queue_may_hold(
    monkeypatch: pytest.MonkeyPatch, most_pairs: int
) -> None:
    module = importlib.import_module("bayplan.foresight.estimates.estimate")
    monkeypatch.setattr(module, "MOST_PLACES", 0)
    monkeypatch.setattr(module, "MOST_PAIRS", most_pairs)
    assert ends(world(tree_of([Queue("q", quotas=(QuotaRow(CPU, 3000),))])), "q") == pytest.approx(4 * 60.0 + 30.0)
    on_a = tree_of([Queue("q", quotas=(QuotaRow(QuotaKey("cpu", (("kind", "a"),)), 2000),))])
    assert ends(world(on_a), "q") == pytest.approx(2 * 60.0 + 30.0), "four on the node without the label, and two elsewhere"


def test_what_other_queues_borrow_is_not_there_and_when_all_of_it_is_gone_the_most_counts() -> None:
    row = QuotaRow(CPU, 3000)
    tree = tree_of([Queue("all"), Queue("a", "all", (row,)), Queue("b", "all", (row,))])
    cluster = world(tree)
    assert ends(cluster, "a") == pytest.approx(2 * 60.0 + 30.0), "six of twelve at a time"
    cluster.occupy("x", "n1", {"cpu": 4000, "pods": 1}, tenant=Tenant(queue="b"))
    assert ends(cluster, "a") == pytest.approx(6 * 60.0 + 30.0), "two of twelve at a time"
    assert ends(cluster, "a", alone=True) == pytest.approx(2 * 60.0 + 30.0)
    cluster.occupy("y", "n2", {"cpu": 2000, "pods": 1}, tenant=Tenant(queue="a"))
    assert ends(cluster, "a") == pytest.approx(2 * 60.0 + 30.0), "when others of the queue have ended, six at a time"


def test_a_quota_counts_on_its_own_nodes() -> None:
    tree = tree_of([Queue("q", quotas=(QuotaRow(QuotaKey("cpu", (("kind", "a"),)), 1000),))])
    assert ends(world(tree), "q") == pytest.approx(3 * 60.0 + 30.0), "four on the node without the label, and one elsewhere"


def test_where_a_quota_makes_it_late_a_larger_one_is_what_helps() -> None:
    bound = Bound(90.0, 0.0, (0, 1))
    capped = scenario(world(tree_of([Queue("q", quotas=(QuotaRow(CPU, 3000),))])), "q")
    found = {each.help: each.probability for each in advice(capped, bound, 100.0, 0.9)}
    assert found[Help.MORE_QUOTA] == 1.0
    assert Help.MORE_NODES not in found
    wide = scenario(world(tree_of([Queue("q", quotas=(QuotaRow(CPU, 40_000),))])), "q")
    assert Help.MORE_QUOTA not in {each.help for each in advice(wide, bound, 80.0, 0.9)}
