"""The largest graph after its whole run: its status is stored, and the object is no larger than was counted before it ran."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from bayplan.lifecycle import Attempt, News, Phase
from bayplan_operator.conductor.graphs import intake, reporting
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.kube import configuration, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.translate.flow.needed import MAX_VALUE
from bayplan_operator.translate.record_size import plain_size, size_of_relations
from bayplan_operator.translate.task_graph import MAX_BYTES
from bayplan_operator.writer import EventWriter, GraphWriter, WriteQueue
from tests.cluster.kube import GROUP, VERSION, Object
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess

TASKS, SHARDS, SPEAKING = 5_000, 4, 25
"""Of the tasks, so many say as much as is kept of them."""


@pytest.fixture
def namespace(testbed: Cluster, operators: list[OperatorProcess]) -> Iterator[str]:
    """A namespace in which no operator is at work."""
    for operator in operators:
        operator.stop()
    name = f"test-{uuid.uuid4().hex[:8]}"
    testbed.kubectl("create", "namespace", name)
    yield name
    testbed.kubectl("delete", "namespace", name, "--wait=false")


def largest() -> Object:
    pod = {"spec": {"containers": [{"image": "busybox:1.36", "resources": {"requests": {"cpu": "1"}}}]}}
    tasks: list[Object] = [{"name": f"t{number}", "shards": SHARDS} for number in range(TASKS)]
    for task in tasks[:SPEAKING]:
        task["outputs"] = ["loss"]
    return {
        "apiVersion": f"{GROUP}/{VERSION}", "kind": "TaskGraph", "metadata": {"name": "wide"},
        "spec": {"template": pod, "tasks": tasks},
    }  # fmt: skip


def run_to_its_end(raw: Object) -> GraphRun:
    """As the operator goes on with a graph of which each pod has succeeded."""
    graph = intake.new_graph(raw, 1_800_000_000.0, intake.IntakeTerms())
    assert graph.known.invalid is None
    running, accepted = graph.running, graph.decided.accepted_at
    assert running is not None
    assert accepted is not None
    units, now = range(running.prepared.graph.units), accepted + 23_456.78
    said = {"loss": "x" * (MAX_VALUE - 2)}
    pods = [
        Attempt(
            unit, 1, unit, Phase.SUCCEEDED, f"worker-{unit % 5000:05d}", bound=True, started=now - 123.45, finished=now - 1.0,
            results=said if unit < SPEAKING * SHARDS else {},
        )
        for unit in units
    ]  # fmt: skip
    step = running.lifecycle.step(News(pods), running.controls, now)
    running.run, running.all_over = step.run, step.ended
    running.lines.stale.update(range(TASKS))
    running.lines.renew(running.run)
    return graph


def counted(graph: GraphRun) -> int:
    """Bytes that were counted for the object before anything ran."""
    known = graph.known.prepared
    assert known is not None
    return known.size + plain_size(known.graph, TASKS * SHARDS) + size_of_relations(known.graph, known.relations)


class Server:
    """What the operator writes through."""

    def __init__(self, server: ApiServer) -> None:
        self._server, queue = server, WriteQueue(4, random.Random(1), lambda _: None)
        self._graphs, self._events = GraphWriter(server, queue), EventWriter(server, queue, "test")

    async def read(self, graph: GraphRun) -> bytes:
        """The object as it is stored, byte for byte: an API server keeps it as JSON too."""
        return await self._server.call("GET", paths.task_graph(graph.ref.namespace, graph.ref.name))

    async def write(self, graph: GraphRun, now: float) -> dict[str, Any]:
        """The status of a graph; what was written."""
        reporting.update_conditions(graph, self._events, now)
        status, written = reporting.status(graph) | reporting.ends(graph), asyncio.Event()
        key = (graph.ref.namespace, graph.ref.name)
        self._graphs.write_status(key, graph.ref.uid, status, lambda _: written.set(), graph.written.seen_version)
        await asyncio.wait_for(written.wait(), 60.0)
        return status


async def test_5000_tasks_and_20000_shards_after_their_whole_run(testbed: Cluster, namespace: str) -> None:
    create = testbed.kubectl("create", "-n", namespace, "-o", "json", "-f", "-", input=json.dumps(largest()))
    graph = run_to_its_end(json.loads(create.stdout))
    async with ApiServer(configuration.load(testbed.kubeconfig)) as connected:
        server = Server(connected)
        status = await server.write(graph, 1_800_030_000.0)
        stored = await server.read(graph)
    found = json.loads(stored)
    assert (found["status"]["succeeded"], found["status"]["summary"]) == (TASKS * SHARDS, "Succeeded")
    assert (found["status"]["tasks"], found["status"]["results"]) == (status["tasks"], status["results"])
    assert len(status["results"]) == SPEAKING * SHARDS
    managed = {each.get("subresource", "spec") for each in found["metadata"]["managedFields"]}
    assert managed == {"spec", "status"}
    assert 0.9 * MAX_BYTES < len(stored) <= counted(graph) < MAX_BYTES
