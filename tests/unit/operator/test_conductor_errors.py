"""An error in the handling of one graph: told, tried again after a while, and nobody else's business."""

from __future__ import annotations

import random
from typing import Any

from kubernetes import client

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from bayplan_operator.clock import Clock
from bayplan_operator.conductor import View, Writers, conductor
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.settings import Settings
from bayplan_operator.view import NodeStore, PodStore
from bayplan_operator.view.kinds import Inboxes
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


class Fixture:
    """A conductor whose API server is not there, and a clock that is moved by hand."""

    def __init__(self) -> None:
        cluster = Cluster()
        cluster.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
        self.now = 1_800_000_000.0
        nothing = lambda: None  # noqa: E731
        self.view = View(
            Inboxes(nothing), PodStore(cluster, self.clock, nothing),
            NodeStore(cluster, nothing), cluster,
        )  # fmt: skip
        server = ApiServer(client.Configuration())
        queue = WriteQueue(4, random.Random(1), lambda _: None)
        writers = Writers(
            PodWriter(server, self.view.pods, queue, queue), GraphWriter(server, queue), EventWriter(server, queue, "test"),
            ProfileWriter(server, queue), ServiceWriter(server, queue), NodeRecordWriter(server, queue, "ns"), Admitting(),
        )  # fmt: skip
        self.conductor = conductor(self.view, writers, Settings("test"), Clock(self.clock), nothing)

    def clock(self) -> float:
        return self.now

    def put(self, name: str) -> GraphRun:
        pod = {"template": {"spec": {"containers": [{"image": "i"}]}}}
        metadata: dict[str, Any] = {
            "namespace": "ns", "name": name, "uid": name, "resourceVersion": "5", "creationTimestamp": "2027-01-15T08:00:00Z"
        }  # fmt: skip
        self.view.inboxes.graphs.put({"metadata": metadata, "spec": {"tasks": [{"name": "a", **pod}]}})
        self.conductor.tick()
        self.conductor.tick()  # what the API server makes of its pods is known
        return self.conductor.graphs.by_uid[name]


async def test_a_graph_that_cannot_be_handled_is_told_and_tried_again_later_not_at_once() -> None:
    fixture = Fixture()
    broken, good = fixture.put("broken"), fixture.put("good")
    assert broken.running is not None
    sound = broken.running.run.notes
    broken.running.run.notes = None  # type: ignore[assignment]
    fixture.conductor.graphs.due(["broken", "good"])
    fixture.now += 60.0
    next_at = fixture.conductor.tick()
    assert broken.known.invalid is not None
    assert broken.known.invalid.reason == "InternalError"
    assert not broken.startable
    assert good.known.invalid is None
    assert next_at is not None
    assert next_at >= fixture.now + 1.0, "the loop would spin"
    broken.running.run.notes = sound
    fixture.now += 5.0
    fixture.conductor.tick()
    assert broken.known.invalid is None, "whatever it was, it has passed"
