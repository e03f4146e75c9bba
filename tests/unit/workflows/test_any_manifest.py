"""Whatever a manifest holds, and wherever it is wrong: a reader reads it or tells what is wrong, and breaks at nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan_operator.workflows import InputError, read_graphs, read_nodes
from bayplan_operator.workflows.failures import read_failures
from tests.unit.cli.whatif_files import wfcommons
from tests.unit.workflows.reading import written
from tests.unit.workflows.test_node_manifests import PRINTED

GRAPH: dict[str, Any] = yaml.safe_load("""
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: a, namespace: b, labels: {a: b}, annotations: {bayplan.dev/submit-after: 5s}}
spec:
  deadline: 1m
  retry: {limit: 2, backoff: {initial: 1s}}
  template:
    metadata: {labels: {a: b}, annotations: {sim.bayplan.dev/seconds: "5"}}
    spec:
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: a, operator: In, values: [b]}]}]}}}
      tolerations: [{key: a}]
      containers: [{image: i, env: [{name: a, value: b}], ports: [{containerPort: 1}], resources: {requests: {cpu: 1}}}]
  templates: [{name: t, template: {spec: {containers: [{image: j}]}}}]
  tasks:
  - {name: x, expectedDuration: 5s, shards: 2, gpuModels: [A], env: [{name: A, value: b}], args: [a]}
  - {name: z, templateName: t, dependsOn: [{task: x, data: 1Gi}], shards: Auto, expectedDuration: 1m, autoShards: {max: 3}}
""")
POLICY: dict[str, Any] = yaml.safe_load("""
apiVersion: bayplan.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: p}
spec: {order: [Age], scorers: [{name: BestFit, weight: 2}], planner: {name: Greedy}, nodeSelector: {a: b}}
""")
SHORT: dict[str, Any] = yaml.safe_load("""
nodes:
- {name: a, count: 2, cpu: 1, memory: 1Gi, gpu: 1, gpuModel: x, gpuMemory: 1Gi, class: c, costPerHour: 1, resources: {a/b: 1},
   labels: {a: b}, taints: [{key: a, effect: NoSchedule}], load: {cpu: 5%, memory: [{share: 1%, at: 1m}]}}
""")
FAILURES: dict[str, Any] = yaml.safe_load("{mtbf: 1h, attempts: 1%, mtbfOfClass: {a: 1h}, crashes: [{node: a, at: 1m}]}")
RANGE: dict[str, Any] = yaml.safe_load(
    "{apiVersion: v1, kind: LimitRange, metadata: {name: a}, spec: {limits: [{type: Container, default: {cpu: 1}}]}}"
)
ODD = [
    None,
    True,
    1,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"a": None},
    {"a": {"b": 1}},
    "1e3",
    10**30,
    float("nan"),
    "a" * 300,
]


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*above, key))


def changed(value: Any, place: tuple[Any, ...], to: Any) -> Any:
    """A copy with something else at the place; `misspelt`: with another name for what is there."""
    if not place:
        return to
    copy = deepcopy(value)
    parent = copy
    for key in place[:-1]:
        parent = parent[key]
    if to == "misspelt" and isinstance(parent, dict):
        parent[f"{place[-1]}s"] = parent.pop(place[-1])
    else:
        parent[place[-1]] = to
    return copy


@st.composite
def wrong(draw: st.DrawFn) -> Any:
    value = draw(st.sampled_from([GRAPH, POLICY, SHORT, FAILURES, RANGE, PRINTED, wfcommons()]))
    for _ in range(draw(st.integers(1, 2))):
        value = changed(
            value, draw(st.sampled_from(list(places(value)))), draw(st.sampled_from([*ODD, "misspelt", "misspelt"]))
        )
    return value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=150)
@given(wrong())
def test_it_is_read_or_told(tmp_path: Path, value: Any) -> None:
    path = written(tmp_path, "a.yaml", yaml.safe_dump(value))
    for read in (lambda: read_graphs([path]), lambda: read_nodes(path), lambda: read_failures(path)):
        with suppress(InputError):
            read()
