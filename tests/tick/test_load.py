"""Placing by measured load, and without it when nothing is measured."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from bayplan.knowledge.load import Reading
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus import LoadError, PollResult
from bayplan_operator.view.prometheus.readings import Measured
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.machinery.pods import node_of
from tests.tick.seen import find
from tests.tick.world import World

NODES = [f"n-{number}" for number in range(6)]
LEAST: Object = {"order": ["Priority", "Age"], "scorers": [{"name": "LeastMeasuredLoad", "weight": 1}]}


@pytest.fixture
def pool(empty: World) -> World:
    """Six nodes of 8 cores, and an operator that is told of their load."""
    empty.add_nodes(NodeKind("n", 8, "32Gi"), len(NODES))
    empty.operator.start(Load(PrometheusSettings("http://prometheus.test")))
    empty.run()
    return empty


def measure(world: World, *shares: float, nodes: list[str] = NODES) -> None:
    """A poll has brought these shares of the CPU of the first nodes."""
    values = np.array(shares)[:, None]
    reading = Reading(tuple(nodes[: len(shares)]), ("cpu",), values, world.loop.clock())
    world.operator.measured(PollResult(Measured(reading)))
    world.run(0.1)


def available(world: World, status: str) -> Any:
    return world.until(lambda: find(world.policy("p").get("status", {}), "LoadAvailable", status))


def nodes(pods: list[Object]) -> Counter[str]:
    return Counter(node_of(pod) for pod in pods)


def test_the_least_loaded_nodes_are_taken(pool: World) -> None:
    pool.create_policy("p", **LEAST)
    measure(pool, 0.7, 0.7, 0.7, 0.7, 0.2, 0.2)
    assert available(pool, "True")["message"].startswith("measured of 6 nodes: cpu of 6")
    pool.create("g", task("a", seconds=None, cpu="1", shards=6), policyName="p")
    assert nodes(pool.wait_running("g", count=6)) == {"n-4": 3, "n-5": 3}


def test_hot_nodes_get_nothing_are_named_and_cool_down(pool: World) -> None:
    pool.create_policy("p", load={"hot": [{"resource": "cpu", "share": "80%"}]})
    measure(pool, 0.95, 0.95, 0.95, 0.95, 0.95, 0.1)
    pool.create("g", task("a", seconds=None, cpu="6"), task("b", seconds=None, cpu="6"), policyName="p")
    assert nodes(pool.wait_running("g")) == {"n-5": 1}
    waiting = pool.wait_condition("g", "Waiting")
    assert waiting["reason"] == "NoCapacity"
    assert "are hot (cpu at " in waiting["message"]
    pool.run(10)
    measure(pool, 0.2, 0.95, 0.95, 0.95, 0.95, 0.95)
    assert nodes(pool.wait_running("g", count=2)) == {"n-5": 1, "n-0": 1}, "a cooler measurement alone lets it start"


def test_nodes_of_which_nothing_is_measured_get_no_more_of_a_burst_than_others(pool: World) -> None:
    pool.create_policy("p", **LEAST)
    measure(pool, 0.2, 0.2, 0.2, 0.2)
    for number in range(3):
        pool.create(f"g{number}", task("a", seconds=None, cpu="100m", shards=8), policyName="p")
    pool.until(lambda: len(pool.running()) == 24)
    assert nodes(pool.pods()) == dict.fromkeys(NODES, 4)


def test_without_measurements_placing_goes_on_and_it_recovers_by_itself(pool: World) -> None:
    pool.create_policy("p", **LEAST)
    measure(pool, *[0.2] * 6)
    available(pool, "True")
    pool.operator.measured(PollResult(None, LoadError("Unreachable", "http://prometheus.test: it cannot be reached")))
    lost = available(pool, "False")
    assert lost["reason"] == "Unreachable"
    assert "it cannot be reached; pods are placed by what was measured before" in lost["message"]
    pool.run(3600)
    pool.create("g", task("a", seconds=None, cpu="1", shards=12), policyName="p")
    assert nodes(pool.wait_running("g", count=12)) == dict.fromkeys(NODES, 2), "by what they request"
    measure(pool, *[0.2] * 6)
    assert available(pool, "True")["reason"] == "Measured"
