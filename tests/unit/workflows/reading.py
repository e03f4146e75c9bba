"""Files for the readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan_operator.workflows.documents import InputError, documents
from bayplan_operator.workflows.files.syntax import Loader

CASES = Path(__file__).parents[2] / "cases"
GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: sample, namespace: team}
spec:
  template: {spec: {containers: [{image: i, resources: {requests: {cpu: "4", memory: 1Gi}}}]}}
  tasks:
  - {name: load, expectedDuration: 10s}
  - {name: train, dependsOn: [{task: load}], shards: 3, expectedDuration: 20s}
"""
NODE = """\
apiVersion: v1
kind: Node
metadata: {name: n0}
status:
  allocatable: {cpu: 4, memory: 8Gi, pods: 110}
  conditions: [{type: Ready, status: "True"}]
"""


class KubectlsDumper(yaml.SafeDumper):
    """Quotes what kubectl would take for a number, and PyYAML alone would not."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: object) -> bool:
        return True


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def values(path: Path) -> list[Any]:
    return [document.value for document in documents(path)]


def told(path: Path) -> list[tuple[int | None, str, str]]:
    """Lines, places and sentences of what is wrong with the text of a file."""
    with pytest.raises(InputError) as raised:
        list(documents(path))
    return [(each.line, each.place, each.sentence) for each in raised.value.findings]
