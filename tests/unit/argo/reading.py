"""Reading workflows from texts and maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bayplan.simulation import Submission
from bayplan_operator.workflows.argo import Read, read
from bayplan_operator.workflows.documents import Document

PATH = Path("wf.yaml")


def workflow(spec: dict[str, Any] | str, kind: str = "Workflow") -> Document:
    """A document with this spec; a text is indented below `spec:`, which is line 4."""
    if isinstance(spec, dict):
        spec = yaml.dump(spec, Dumper=yaml.CSafeDumper, sort_keys=False)
    below = "".join(f"  {line}\n" for line in spec.strip("\n").splitlines())
    text = f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: w}}\nspec:\n{below}"
    return Document(PATH, yaml.load(text, Loader=yaml.CSafeLoader), text)


def read_spec(spec: dict[str, Any] | str, kind: str = "Workflow") -> Read:
    return read(workflow(spec, kind))


def graph_of(spec: dict[str, Any] | str) -> dict[str, tuple[tuple[str, ...], int]]:
    """Task to parents and pods."""
    return {each.name: (each.depends_on, each.shards) for each in read_spec(spec).submission.graph.tasks}


def resources_of(submission: Submission, task: str) -> dict[str, int]:
    return dict(submission.classes[submission.graph.index[task]].resources)
