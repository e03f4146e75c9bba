"""What nodes do from tick to tick."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import LoadTracker, Reading
from bayplan.knowledge.node_states import NodeState, NodeWatch
from bayplan.model.workload import NodeInfo

HOUR = 3600.0


HOUR = 3600.0


def cluster(*classes: str) -> Cluster:
    made = Cluster()
    for number, node_class in enumerate(classes):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 10}, node_class=node_class))
    return made


def test_nodes_that_fail_often_hold_out_less_surely() -> None:
    on = cluster("spot", "spot", "steady", "steady")
    watch = NodeWatch(on, {})
    spot = NodeInfo("n0", {"cpu": 8000, "pods": 10}, node_class="spot")
    for hour in range(20):
        watch.step(hour * HOUR)
        on.set_node(replace(spot, ready=hour % 2 == 1))
    on.set_node(spot)
    watch.step(20 * HOUR)
    assert watch.survival is not None
    found = watch.survival.of(on, HOUR)
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert found[1] < 0.7 < 0.95 < found[2]
    assert watch.survival.of(on, 60.0)[1] > found[1]


def test_what_is_seen_is_how_long_and_how_often() -> None:
    on = cluster("k", "k")
    watch = NodeWatch(on, {})
    watch.step(0.0)
    on.occupy("pod", "n0", {"cpu": 5000})
    watch.step(10.0)  # the first node became busy at some time within these ten seconds
    watch.step(30.0)
    on.remove_node("n1")
    watch.step(40.0)
    assert watch.survival is not None
    states = watch._states["k"]
    plain = states.as_plain()
    assert plain["moves"]["idle-busy"] == 1.0
    assert plain["seconds"]["idle"] == 10.0 + 10.0 + 20.0
    assert plain["seconds"]["busy"] == 20.0 + 10.0
    assert watch._doing == {"n0": 1}


def test_a_node_that_is_failing_survives_nothing_and_scores_come_anew_only_now_and_then() -> None:
    on = cluster("k")
    watch = NodeWatch(on, {})
    watch.step(0.0)
    first = watch.survival
    assert first is not None
    on.set_node(NodeInfo("n0", {"cpu": 8000, "pods": 10}, node_class="k", ready=False))
    watch.step(5.0)
    assert watch.survival is first, "a new table would void every kept score"
    watch.step(31.0)
    assert watch.survival is not None
    assert watch.survival.doing == {"n0": NodeState.FAILING}
    assert watch.survival.of(on, 1.0)[0] == pytest.approx(0.0, abs=1e-9)


def test_a_node_that_is_measured_to_be_busy_is_hot() -> None:
    on = cluster("k", "k")
    tracker = LoadTracker()
    shares = np.array([[0.95], [0.5]])
    tracker.take(Reading(("n0", "n1"), ("cpu",), shares, 0.0), on, 1.0)
    watch = NodeWatch(on, {})
    watch.step(1.0, lambda: tracker.estimate(on, 1.0))
    watch.step(11.0, lambda: None)
    assert watch.survival is not None
    assert watch.survival.doing == {"n0": NodeState.HOT}
    assert watch._states["k"].as_plain()["moves"]["hot-idle"] == 1.0
