"""A conductor with an adaptive policy, an API server that keeps what is written to it, and a clock that is moved by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.lifecycle import UnitState
from bayplan.model.workload import NodeInfo
from bayplan_operator.conductor.graphs import intake, reporting
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.writer import EventWriter, GraphWriter
from tests.unit.operator.timing import tick

BEGIN = 1_800_000_000.0
CREATED = "2027-01-15T08:00:00Z"
POLICY = ("", "learning")
SPEC = {"adaptive": {"candidates": [{"preset": "BestFit"}, {"preset": "Spread"}]}}


class Stored(GraphWriter):
    """Statuses as the API server has them: fields are replaced, null removes one."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes = 0
        self.answers = True
        """Whether anybody hears that a write has worked."""

    def busy(self, key: tuple[str, str]) -> bool:
        return False

    def write_status(
        self,
        key: tuple[str, str],
        uid: str,
        status: Mapping[str, Any],
        on_written: Callable[[int], None],
        only_at: int | None = None,
    ) -> None:
        self.writes += 1
        fields = {**self.statuses.get(key, {}), **copy.deepcopy(dict(status))}
        self.statuses[key] = {name: value for name, value in fields.items() if value is not None}
        if self.answers:
            on_written(self.writes)


class Told(EventWriter):
    """Events as they were written."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []

    def write(
        self, about: tuple[str, str, str], kind: str, reason: str, message: str, now: float, what: str = "TaskGraph"
    ) -> None:
        self.events.append((f"{what} {about[1]}", reason, message))


class Operator:
    """One process: begins with what the API server has."""

    def __init__(self, server: Stored, spec: Mapping[str, Any] | None = None, uid: str = "p") -> None:
        cluster = Cluster()
        cluster.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
        self.server, self.told, self.now = server, Told(), BEGIN
        self.adapting = Adapting(cluster, server, self.told, 0)
        self.graphs: dict[str, GraphRun] = {}
        self.take(spec or SPEC, uid)

    def take(self, spec: Mapping[str, Any], uid: str = "p") -> None:
        """The policy as the watch tells of it."""
        status = self.server.statuses.get(POLICY, {})
        accepted = [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": CREATED}]
        raw = {
            "metadata": {"name": POLICY[1], "uid": uid, "generation": 1, "resourceVersion": "1"},
            "spec": spec,
            "status": {**status, "conditions": status.get("conditions") or accepted},
        }
        self.policy = compile_policy(raw)
        self.adapting.take(POLICY, raw, self.policy, self.now)

    def see(self, name: str, expected: str | None = "10s") -> GraphRun:
        """A graph of one task as the watch tells of it."""
        pod = {"template": {"spec": {"containers": [{"image": "i"}]}}}
        raw = {
            "metadata": {"namespace": "ns", "name": name, "uid": name, "creationTimestamp": CREATED},
            "spec": {"tasks": [{"name": "a", **({"expectedDuration": expected} if expected else {}), **pod}]},
            "status": copy.deepcopy(self.server.statuses.get(("ns", name), {})),
        }
        graph = self.graphs[name] = intake.new_graph(raw, self.now, intake.IntakeTerms())
        graph.known.policy = self.policy
        if graph.decided.ended:
            self.adapting.recall(graph, self.now)
        else:
            self.adapting.admit(graph, self.now)
        return graph

    def write(self, graph: GraphRun) -> None:
        """Its status goes to the API server."""
        reporting.update_conditions(graph, self.told, self.now)
        status = reporting.status(graph)

        def on_written(version: int) -> None:
            graph.stands({**graph.written.status, **status})

        self.server.write_status(graph.key, graph.ref.uid, status, on_written)

    def end(self, name: str, seconds: float, *, durable: bool = True, failed: bool = False) -> GraphRun:
        """Its task ran for so long, at once after the graph was taken in."""
        graph = self.graphs[name]
        assert graph.running is not None
        assert graph.decided.accepted_at is not None
        run = graph.running.run
        run.state[0] = UnitState.FAILED if failed else UnitState.SUCCEEDED
        run.failure = "it failed" if failed else ""
        run.started[0], run.finished[0], run.node[0] = graph.decided.accepted_at, graph.decided.accepted_at + seconds, "n"
        graph.running.all_over = True
        self.adapting.ended(graph, graph.decided.accepted_at + seconds)
        if durable:
            self.write(graph)
            graph.running, graph.decided.ended = None, True
            self.adapting.recall(graph, self.now)
        return graph

    def state(self) -> Any:
        """What is in the policy's status, once it is due."""
        self.now += 60.0
        self.adapting.step(tick(self.now, ()))
        return self.server.statuses.get(POLICY, {}).get("adaptive")
