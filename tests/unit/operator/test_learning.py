"""Learning what usually arrives: every shard counts once, and the model is built beside the ticks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals import Arrivals, MixModel
from bayplan.lifecycle import UnitState
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.knowledge import arrivals as learning
from bayplan_operator.conductor.knowledge.arrivals import Learner
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.kube import wire
from bayplan_operator.view import NodeStore
from tests.unit.operator.timing import Hands, Later, tick

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW


def node(name: str, version: int, gpus: int, labels: dict[str, str] | None = None) -> wire.Node:
    allocatable = {"cpu": "64", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": str(gpus)}
    raw = {
        "metadata": {"name": name, "resourceVersion": str(version), "labels": labels or {}},
        "status": {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]},
    }
    return msgspec.convert(raw, wire.Node, strict=False)


def running(shards: int, *lines: str) -> GraphRun:
    """A task with so many shards, which may start, and one after it, which may not yet."""
    container = {"image": "i", "resources": {"requests": {"cpu": "4"}, "limits": {"nvidia.com/gpu": 1}}}
    pod = {"template": {"spec": {"containers": [container]}}}
    tasks: list[dict[str, Any]] = [{"name": "a", "shards": shards, **pod}, {"name": "b", "dependsOn": [{"task": "a"}], **pod}]
    raw = {
        "metadata": {"namespace": "ns", "name": "g", "uid": "u", "creationTimestamp": STAMP},
        "spec": {"tasks": tasks},
        "status": {"acceptedAt": STAMP, "tasks": list(lines)},
    }
    graph = intake.new_graph(raw, NOW, intake.IntakeTerms())
    assert graph.running is not None
    return graph


def ready(shards: int) -> GraphRun:
    return running(shards, "a " + " | ".join(["Ready"] * shards))


def first_due() -> int:
    """After how many arrivals the first model is due."""
    arrivals = Arrivals()
    while not arrivals.due:
        arrivals.count(RequestClass((("cpu", 1),)))
    return arrivals._arrived


ENOUGH = first_due()


class Fixture:
    def __init__(self) -> None:
        self.cluster, self.hands, self.beside = Cluster(), Hands(NOW), Later()
        self.nodes = NodeStore(self.cluster, lambda: None)
        for number in range(4):
            self.nodes.apply(node(f"n{number}", 5, 8))
        self.learner = Learner(self.cluster, 0, self.hands.clock, self.beside)

    def note(self, graph: GraphRun) -> None:
        assert graph.running is not None
        self.learner.advanced(graph, graph.running.run, NOW)

    def step(self) -> None:
        self.learner.step(tick(NOW, ()))

    def build(self) -> MixModel | None:
        """Whatever is due is built, the pause after the last build being over."""
        self.hands.moment += 3600.0
        self.step()
        self.beside.finish()
        return self.learner.model


def counted() -> float:
    return REGISTRY.get_sample_value("bayplan_arrivals_total") or 0.0


def test_every_shard_counts_once_when_it_first_wants_a_place() -> None:
    fixture, before = Fixture(), counted()
    graph = ready(3)
    for _ in range(3):
        fixture.note(graph)
    assert counted() - before == 3, "and the task behind it not yet"
    assert graph.running is not None
    graph.running.run.state[:3] = UnitState.SUCCEEDED
    graph.running.run.state[3] = UnitState.READY
    fixture.note(graph)
    assert counted() - before == 4


def test_after_a_restart_what_has_had_a_place_counts_again() -> None:
    fixture, before = Fixture(), counted()
    fixture.note(running(3, "a Succeeded 1/0 n 1+1 | Running 1/0 n 1 | Ready 1/1 >5"))
    assert counted() - before == 3


def test_the_model_is_built_once_enough_has_arrived_and_not_in_the_tick() -> None:
    fixture = Fixture()
    fixture.note(ready(ENOUGH - 1))
    assert fixture.build() is None
    fixture.note(ready(1))
    fixture.step()
    assert fixture.learner.model is None, "it is under way"
    model = fixture.build()
    assert model is not None
    assert fixture.build() is model, "nothing is new"


def test_other_gpus_in_the_cluster_are_another_model() -> None:
    fixture = Fixture()
    fixture.note(ready(ENOUGH))
    first = fixture.build()
    fixture.nodes.apply(node("n0", 6, 8, {"other": "label"}))
    assert fixture.build() is first, "a label is no GPU"
    fixture.nodes.apply(node("n4", 5, 4, {"nvidia.com/gpu.product": "Tesla-T4"}))
    second = fixture.build()
    assert second is not first
    fixture.nodes.remove(node("n4", 7, 4))
    assert fixture.build() is not second


def test_a_build_that_fails_leaves_the_model_before_and_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = Fixture()
    fixture.note(ready(ENOUGH))
    good = fixture.build()
    assert good is not None

    def broken(*_: object) -> MixModel:
        raise ValueError("no figures")

    with monkeypatch.context() as patched:
        patched.setattr(learning, "made_of", broken)
        fixture.note(ready(1000))
        assert fixture.build() is good
    fixture.hands.moment += 29.0
    fixture.step()
    assert not fixture.beside.busy, "not at once"
    assert fixture.build() is not good


def test_after_a_build_there_is_a_pause() -> None:
    fixture = Fixture()
    fixture.note(ready(ENOUGH))
    first = fixture.build()
    fixture.note(ready(1000))
    fixture.step()
    assert not fixture.beside.busy
    assert fixture.build() is not first
