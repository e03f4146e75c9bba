"""Graphs and clusters for the tests of planning."""

from __future__ import annotations

from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.policy import compile_policy

CREATED = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00Z"  # CREATED


def task(name: str, *after: str | tuple[str, str], cpu: str = "1", seconds: int | None = 10, **fields: Any) -> dict[str, Any]:
    """A task; of what it waits for, with the bytes that it reads where they are given."""
    pairs = [each if isinstance(each, tuple) else (each, "0") for each in after]
    made: dict[str, Any] = {
        "name": name,
        "dependsOn": [{"task": parent, "data": data} for parent, data in pairs],
        "template": {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": cpu}}}]}},
        **fields,
    }
    return made if seconds is None else {**made, "expectedDuration": f"{seconds}s"}


def raw(name: str, *tasks: dict[str, Any], lines: tuple[str, ...] = (), **spec: Any) -> dict[str, Any]:
    """A TaskGraph as the API server gives it; `lines`: the record of its run."""
    metadata = {
        "namespace": "ns", "name": name, "uid": name, "resourceVersion": "5", "generation": 1, "creationTimestamp": STAMP
    }  # fmt: skip
    status = {"status": {"acceptedAt": STAMP, "tasks": list(lines)}} if lines else {}
    return {"metadata": metadata, "spec": {"tasks": list(tasks), **spec}, **status}


def graph(name: str, *tasks: dict[str, Any], lines: tuple[str, ...] = (), preset: str = "GraphPlan", **spec: Any) -> GraphRun:
    """A graph with its policy."""
    made = intake.new_graph(raw(name, *tasks, lines=lines, **spec), CREATED, intake.IntakeTerms())
    made.known.policy = compile_policy({"metadata": {"name": "p"}, "spec": {"preset": preset}})
    return made


def running(of: GraphRun) -> Running:
    assert of.running is not None
    return of.running


def cluster(nodes: int, cpu: int = 2000, **fields: Any) -> Cluster:
    """Nodes n0, n1, …"""
    made = Cluster()
    for number in range(nodes):
        made.set_node(node(f"n{number}", cpu, **fields))
    return made


def node(name: str, cpu: int = 2000, **fields: Any) -> NodeInfo:
    return NodeInfo(name, {"cpu": cpu, "pods": 110}, **fields)
