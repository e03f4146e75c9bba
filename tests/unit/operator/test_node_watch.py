"""What nodes do from tick to tick."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayplan.cluster import Cluster
from bayplan.load import LoadTracker, Reading
from bayplan.prediction import NodeState, NodeStates
from bayplan.workload import NodeInfo
from bayplan_operator.conductor.node_watch import NodeWatch
from bayplan_operator.translate import node_record

HOUR = 3600.0


class Kept:
    """What was written."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.occupied = False

    def busy(self) -> bool:
        return self.occupied

    def write(self, text: str) -> None:
        self.texts.append(text)


def watching(on: Cluster, kept: Kept | None = None, states: dict[str, NodeStates] | None = None) -> NodeWatch:
    writer: Any = kept or Kept()
    return NodeWatch(on, writer, states or {})


def cluster(*classes: str) -> Cluster:
    made = Cluster()
    for number, node_class in enumerate(classes):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 10}, node_class=node_class))
    return made


def test_nodes_that_fail_often_hold_out_less_surely() -> None:
    on = cluster("spot", "spot", "steady", "steady")
    watch = watching(on)
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
    watch = watching(on)
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
    watch = watching(on)
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
    watch = watching(on)
    watch.step(1.0, lambda: tracker.estimate(on, 1.0))
    watch.step(11.0, lambda: None)
    assert watch.survival is not None
    assert watch.survival.doing == {"n0": NodeState.HOT}
    assert watch._states["k"].as_plain()["moves"]["hot-idle"] == 1.0


def test_a_successor_answers_the_same_and_goes_on_from_there() -> None:
    on, kept = cluster("k", "k"), Kept()
    watch = watching(on, kept)
    watch.step(0.0)
    assert kept.texts == [], "nothing was seen yet"
    on.set_node(NodeInfo("n0", {"cpu": 8000, "pods": 10}, node_class="k", ready=False))
    watch.step(5.0)
    watch.step(5.5)
    assert watch.next_time() == 6.0, "what happens right after a look is not left for whenever the next news comes"
    watch.step(7.0)
    assert watch.next_time() == 10.0
    kept.occupied = True
    watch.step(10.0)
    assert kept.texts == []
    kept.occupied = False
    watch.step(12.0)
    watch.step(300.0)
    (text,) = kept.texts
    assert watch.survival is not None
    states, problems = node_record.read(text)
    assert problems == []
    later = watching(on, Kept(), states)
    assert later.survival is not None
    mine, theirs = (each.survival.reruns(("k",), 30.0) for each in (watch, later) if each.survival)
    assert mine is not None
    assert theirs is not None
    assert mine.rates.tolist() == theirs.rates.tolist()
    watch.step(700.0)
    assert len(kept.texts) == 2, "time alone counts, too, but seldom"
    grown, _ = node_record.read(kept.texts[1])
    assert grown["k"].observed > states["k"].observed


def test_a_record_keeps_everything_and_says_what_is_wrong() -> None:
    seen = NodeStates()
    seen.observe(NodeState.BUSY, 1234.5678901, NodeState.FAILING)
    text = node_record.write({"k": seen, "none": NodeStates()})
    states, problems = node_record.read(text)
    assert problems == []
    assert {name: each.as_plain() for name, each in states.items()} == {
        "k": seen.as_plain(), "none": NodeStates().as_plain(),
    }  # fmt: skip
    nonsense = '{"good": {"seconds": {"busy": 5}}, "a": {"seconds": {"busy": -1}}, "b": {"moves": 3}, "c": 7}'
    states, problems = node_record.read(nonsense)
    assert list(states) == ["good"]
    assert problems == [
        "class a: seconds.busy is -1: it must be a number, 0 or above",
        "class b: moves is 3: it must be numbers by name",
        "class c is 7: it must have seconds and moves",
    ]
    for text, words in (("{", "is not JSON"), ("[1]", "must be a JSON object"), ('{"a": {"seconds": {"busy": 1e999}}}', "")):
        states, (problem,) = node_record.read(text)
        assert states == {}
        assert words in problem


def test_the_record_is_bounded() -> None:
    states = {}
    for number in range(3000):
        states[f"class-{number:04d}"] = NodeStates()
        for state in NodeState:
            for other in NodeState:
                if other is not state:
                    states[f"class-{number:04d}"].observe(state, number + 0.123456789012345, other)
    text = node_record.write(states)
    assert len(text) < 1_000_000, "what an API server takes"
    assert min(node_record.read(text)[0]) == "class-2000"
