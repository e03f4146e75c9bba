"""Knowledge with an API server of its own and a clock that is moved by hand."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import UnitState
from bayplan.model.workload import NodeInfo
from bayplan_operator.api.v1alpha1 import TaskProfile
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.knowledge.knowledge import Knowledge
from bayplan_operator.conductor.knowledge.node_memory import NodeMemory
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.settings import Settings
from bayplan_operator.view import PodStore
from tests.unit.operator.timing import tick

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW
Object = dict[str, Any]


class Server:
    """The API server's part: it keeps profiles, and counts what is written."""

    def __init__(self) -> None:
        self.profiles: dict[tuple[str, str], Object] = {}
        self.writes = 0
        self.events: list[tuple[Any, ...]] = []
        self._version = 100

    def busy(self, key: tuple[str, str]) -> bool:
        return False

    def write(self, *told: Any) -> None:
        """A profile with five arguments; an event with more."""
        if isinstance(told[1], str) and callable(told[-1]):
            self._profile(*told)
        else:
            self.events.append(told)

    def _profile(self, key: tuple[str, str], uid: str, spec: Object, status: Object, on_written: Any) -> None:
        self.writes += 1
        self._version += 1
        uid = uid or f"uid-{self._version}"
        metadata = {"namespace": key[0], "name": key[1], "uid": uid, "creationTimestamp": STAMP, "generation": 1}
        known = self.profiles.setdefault(key, {"metadata": metadata, "spec": spec, "status": {}})
        told, status = status, {**known["status"], **msgspec.json.decode(msgspec.json.encode(status))}
        known["status"] = {name: value for name, value in status.items() if value is not None}
        known["metadata"]["resourceVersion"] = str(self._version)
        TaskProfile.model_validate({**known, "status": msgspec.json.decode(msgspec.json.encode(told))})
        on_written(uid, self._version)

    def delete(self, key: tuple[str, str], uid: str) -> None:
        self.writes += 1
        assert self.profiles.pop(key)["metadata"]["uid"] == uid

    def news(self) -> list[tuple[tuple[str, str], Object]]:
        return [(key, json.loads(json.dumps(raw))) for key, raw in self.profiles.items()]


class Fixture:
    """Knowledge with a server of its own, and a clock that is moved by hand."""

    def __init__(self, server: Server | None = None, **settings: Any) -> None:
        self.server = server or Server()
        self.now = NOW
        self.cluster = Cluster()
        for name, node_class in (("n", "slow"), ("m", "fast")):
            self.cluster.set_node(NodeInfo(name, {"cpu": 8000, "pods": 10}, node_class=node_class, cost=2.0))
        store = PodStore(self.cluster, lambda: self.now, lambda: None)
        self.settings = Settings("test", **settings)
        server: Any = self.server
        nodes = NodeMemory(self.cluster, server, {})
        self.knowledge = Knowledge(self.cluster, store, Profiles(server, server, self.settings), nodes, Clock(lambda: self.now))
        self.knowledge.take(self.server.news(), NOW)
        self.graphs: list[GraphRun] = []

    def graph(
        self,
        name: str,
        *tasks: Object,
        lines: tuple[str, ...] = (),
        metadata: Object | None = None,
        status: Object | None = None,
        **spec: Any,
    ) -> GraphRun:
        pod = {"template": {"spec": {"containers": [{"name": "main", "image": "i"}]}}}
        raw = {
            "metadata": {"namespace": "ns", "name": name, "uid": name, "creationTimestamp": STAMP, **(metadata or {})},
            "spec": {"tasks": [{**pod, **each} for each in tasks or ({"name": "a"},)], **spec},
            "status": {"acceptedAt": STAMP, "tasks": list(lines), **(status or {})},
        }
        made = intake.new_graph(raw, self.now, intake.IntakeTerms())
        self.knowledge.meet(made, raw, self.now)
        self.graphs.append(made)
        return made

    def end(self, graph: GraphRun, seconds: float, unit: int = 0, *, node: str = "n", succeeded: bool = True) -> None:
        """An attempt of a unit ends now."""
        assert graph.running is not None
        before, after = graph.running.run, graph.running.run.copy()
        after.incarnation[unit] += 1
        after.settled[unit] = after.incarnation[unit]
        after.node[unit], after.finished[unit] = node, self.now
        after.state[unit] = UnitState.SUCCEEDED if succeeded else UnitState.READY
        after.failures[unit] += not succeeded
        after.started[unit] = self.now - seconds
        before.started[unit] = self.now - seconds
        graph.running.run = after
        self.knowledge.advanced(graph, before, self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(max(1, int(seconds * 4))):
            self.now += 0.25
            self.knowledge.step(tick(self.now, self.graphs))

    def profile(self, task: str = "a", family: str = "f") -> Object:
        return next(each for each in self.server.profiles.values() if each["spec"] == {"family": family, "task": task})


def run(task: str = "a", node_class: str = "slow") -> TaskRun:
    return TaskRun(task, "ns/f", node_class)


def edited(raw: Object, **status: Any) -> Object:
    metadata = {**raw["metadata"], "resourceVersion": str(int(raw["metadata"]["resourceVersion"]) + 1)}
    return {**raw, "metadata": metadata, "status": {**raw["status"], **status}}
