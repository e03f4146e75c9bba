"""A measurement has decisions made anew only where somebody goes by it; a node that cools down is enough for a task."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from kubernetes import client

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import Reading
from bayplan.model.workload import NodeInfo
from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.conductor import View, Writers, conductor
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.settings import PrometheusSettings, Settings
from bayplan_operator.view import NodeStore, PodStore
from bayplan_operator.view.kinds import Inboxes
from bayplan_operator.view.prometheus import PollResult
from bayplan_operator.view.prometheus.readings import Measured
from bayplan_operator.writer import (
    EventWriter,
    GraphWriter,
    NodeRecordWriter,
    PodWriter,
    ProfileWriter,
    ServiceWriter,
    WriteQueue,
)
from tests.unit.operator.written import Admitting

HOT = {"load": {"hot": [{"resource": "cpu", "share": "90%"}]}}
MEASURED = Settings("test", prometheus=PrometheusSettings("http://prometheus.example:9090"))


class Fixture:
    """A conductor whose API server is not there, with one node that is hot, and a clock that is moved by hand."""

    def __init__(self, policy: dict[str, Any], settings: Settings = MEASURED) -> None:
        cluster = Cluster()
        cluster.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
        self.now = 1_800_000_000.0
        nothing = lambda: None  # noqa: E731
        self.view = View(
            Inboxes(nothing), PodStore(cluster, self.clock, nothing),
            NodeStore(cluster, nothing), cluster, load=Load(settings.prometheus),
        )  # fmt: skip
        server = ApiServer(client.Configuration())
        queue = WriteQueue(4, random.Random(1), lambda _: None)
        writers = Writers(
            PodWriter(server, self.view.pods, queue, queue), GraphWriter(server, queue), EventWriter(server, queue, "test"),
            ProfileWriter(server, queue), ServiceWriter(server, queue), NodeRecordWriter(server, queue, "ns"), Admitting(),
        )  # fmt: skip
        self.conductor = conductor(self.view, writers, settings, Clock(self.clock), nothing)
        metadata = {"uid": "u", "resourceVersion": "5", "creationTimestamp": "2027-01-15T08:00:00Z"}
        self.view.inboxes.policies.put({"metadata": {**metadata, "name": "default"}, "spec": policy})
        self.view.inboxes.policies.put({"metadata": {**metadata, "name": "other", "uid": "o"}, "spec": HOT})  # no graph's
        pod = {"containers": [{"image": "i", "resources": {"requests": {"cpu": "1"}}}]}
        tasks = [{"name": "a", "template": {"spec": pod}}]
        self.view.inboxes.graphs.put({"metadata": {**metadata, "namespace": "ns", "name": "g"}, "spec": {"tasks": tasks}})
        self.measured(0.95)
        self.conductor.tick()  # what the API server makes of its pods is known

    def clock(self) -> float:
        return self.now

    def measured(self, share: float | None) -> None:
        """A poll has brought this."""
        self.now += 15.0
        reading = Reading(("n",), ("cpu",), np.array([[np.nan if share is None else share]]), self.now)
        self.view.load.put(PollResult(Measured(reading)))
        self.conductor.tick()

    def waits(self) -> list[str]:
        running = self.conductor.graphs.by_uid["u"].running
        assert running is not None
        return [decision.message for decision in running.asking.waiting.values()]


def placings() -> float:
    return next(each.value for each in metrics.PLACING_SECONDS.collect()[0].samples if each.name.endswith("_count"))


async def test_a_task_waits_for_a_hot_node_and_starts_when_it_has_cooled_down() -> None:
    fixture = Fixture(HOT)
    assert fixture.waits() == ["0/1 nodes: 1 is hot (cpu at 95 %)"]
    fixture.measured(0.92)
    assert fixture.waits() == ["0/1 nodes: 1 is hot (cpu at 92 %)"]
    fixture.measured(0.5)
    assert fixture.waits() == []
    pods = fixture.view.pods
    assert [p.node for key in pods.keys("u") if (p := pods.pending("u", key))] == ["n"]


async def test_a_node_cools_down_without_measurements_too() -> None:
    fixture = Fixture(HOT)
    for _ in range(25):
        fixture.measured(None)
    assert fixture.waits() == [], "a reading that is six minutes old forbids nothing"


@pytest.mark.parametrize(("policy", "expected"), [(HOT, 1), ({"preset": "LeastLoaded", "nodeSelector": {"no": "such"}}, 0)])
async def test_only_who_goes_by_load_is_decided_anew(policy: dict[str, Any], expected: int) -> None:
    fixture = Fixture(policy)
    before = placings()
    fixture.measured(0.94)
    assert placings() - before == expected
