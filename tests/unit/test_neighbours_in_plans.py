"""Spread constraints, affinity and ports of manifests in `bayplan plan` and `simulate`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bayplan.simulation import Delays, Policy, Setup, simulate
from bayplan.strategy.presets import compile_preset
from bayplan_operator.cli import main
from bayplan_operator.workflows.graphs import read_graphs
from bayplan_operator.workflows.nodes import read_nodes

TASK = """
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: g}
spec:
  tasks:
  - name: a
    shards: 6
    expectedDuration: 10s
    template:
      metadata: {labels: {app: a}}
      spec:
        containers: [{image: none, resources: {requests: {cpu: "1"}}}]
"""
NODES = """
nodes:
- {name: e1, cpu: 8, memory: 8Gi, labels: {zone: east}}
- {name: e2, cpu: 8, memory: 8Gi, labels: {zone: east}}
- {name: w1, cpu: 8, memory: 8Gi, labels: {zone: west}}
"""
APART = """        affinity:
          podAntiAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: zone, labelSelector: {matchLabels: {app: a}}}
"""
TOGETHER = APART.replace("podAntiAffinity", "podAffinity")
SPREAD = """        topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: a}}}
"""
EVENLY = SPREAD.replace("DoNotSchedule", "ScheduleAnyway")


@pytest.mark.parametrize("delays", [Delays(), Delays(binding=0.5, starting=0.5)])
@pytest.mark.parametrize(
    ("terms", "rounds", "zones"),
    [("", 1, {6}), (APART, 3, {1}), (TOGETHER, 1, {6}), (SPREAD, 1, {3}), (EVENLY, 1, {3})],
    ids=["none", "apart", "together", "spread", "evenly"],
)
def test_terms_about_pods_hold_in_a_simulation(
    tmp_path: Path, terms: str, rounds: int, zones: set[int], delays: Delays
) -> None:
    (tmp_path / "graph.yaml").write_text(TASK + terms)
    (tmp_path / "nodes.yaml").write_text(NODES)
    nodes = read_nodes(tmp_path / "nodes.yaml").nodes
    submissions = read_graphs([tmp_path / "graph.yaml"]).submissions
    trace = simulate(submissions, Setup(nodes, {"default": Policy(compile_preset("BestFit"))}, delays=delays))
    assert trace.graphs.succeeded.all()
    attempts = trace.attempts
    wave = attempts.placed_at < 5
    per_zone = Counter("east" if trace.nodes[node].name.startswith("e") else "west" for node in attempts.node[wave])
    assert set(per_zone.values()) == zones
    assert len(np.unique(np.round(attempts.placed_at))) == rounds


def test_a_plan_says_that_its_interval_does_not_look_at_pods_nearby(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "graph.yaml").write_text(TASK + APART)
    (tmp_path / "nodes.yaml").write_text(NODES)
    main(["plan", "-f", str(tmp_path / "graph.yaml"), "--nodes", str(tmp_path / "nodes.yaml"), "-o", "json"])
    (graph,) = json.loads(capsys.readouterr().out)["graphs"]
    assert graph["outlook"]["high"] < 30
    assert "pods mind the pods nearby" in graph["outlook"]["apart"]
