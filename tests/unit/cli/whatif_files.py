"""Files for the what-if commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli import main
from bayplan_operator.cli.exit_codes import ExitCode

NODES = """\
nodes:
- {name: fast, count: 2, class: fast, cpu: 8, memory: 32Gi, gpu: 2, gpuModel: A100, costPerHour: 10}
- {name: slow, count: 2, class: slow, cpu: 8, memory: 32Gi, costPerHour: 1}
"""
GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: sample, namespace: team}
spec:
  deadline: 1m
  template: {spec: {containers: [{image: i, resources: {requests: {cpu: "4", memory: 1Gi}}}]}}
  tasks:
  - {name: load, expectedDuration: 10s}
  - {name: train, dependsOn: [{task: load}], shards: 3, expectedDuration: 20s}
  - {name: check, dependsOn: [{task: train}], expectedDuration: 5s}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: Diamond-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: work}
      - {name: B, template: work, dependencies: [A]}
      - {name: C, template: long, depends: "A.Succeeded", withItems: [1, 2, 3]}
      - {name: D, template: work, depends: "B && C.Succeeded"}
  - name: work
    retryStrategy: {limit: "2"}
    container: {image: alpine, resources: {requests: {cpu: 500m}}}
  - name: long
    metadata: {annotations: {bayplan.dev/expected-duration: 90s}}
    nodeSelector: {bayplan.dev/node-class: fast}
    script: {image: python, source: print(1), resources: {limits: {nvidia.com/gpu: 1}}}
"""


def wfcommons(**changes: Any) -> dict[str, Any]:
    """Three tasks in a row; ids as recorded workflows have them."""
    ids = ["split_ID01", "work_ID02", "join_ID03"]
    written = [
        {"name": each, "id": each, "parents": ids[number - 1 : number] if number else [], "children": []}
        for number, each in enumerate(ids)
    ]
    ran = [
        {"id": each, "runtimeInSeconds": 1.5 + number, "coreCount": 2, "memoryInBytes": 10} for number, each in enumerate(ids)
    ]
    return {
        "name": "Recorded_Work",
        "schemaVersion": "1.5",
        "workflow": {"specification": {"tasks": written}, "execution": {"tasks": ran}},
        **changes,
    }


def write(folder: Path, name: str, what: str | dict[str, Any]) -> Path:
    path = folder / name
    path.write_text(what if isinstance(what, str) else json.dumps(what))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, without what is said where kernels are compiled for the first time."""
    capsys.readouterr()
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as ended:
        code = int(str(ended.code))
    said = capsys.readouterr()
    err = "".join(line for line in said.err.splitlines(keepends=True) if not line.startswith("bayplan: compil"))
    return code, said.out, err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """What is printed; also of graphs that do not complete in time."""
    code, out, err = run(capsys, *arguments, "-o", "json")
    assert code in (ExitCode.DONE, ExitCode.GRAPH)
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found
