"""Renders the chart with helm, without a cluster."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.binaries import ensure

CHART = Path(__file__).parents[2] / "charts/bayplan"
NAMESPACE = "bayplan-system"

Object = dict[str, Any]


def helm(*arguments: str, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs helm; `values` come over standard input, so that `-` has to be among the arguments of `--values`."""
    return subprocess.run(
        [str(ensure("helm") / "helm"), *arguments],
        input=json.dumps(dict(values or {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def render(values: Mapping[str, Any] | None = None, *arguments: str) -> list[Object]:
    """All objects of the chart with `values`; fails when helm does."""
    run = helm("template", "test", str(CHART), "--namespace", NAMESPACE, "--values", "-", *arguments, values=values)
    assert run.returncode == 0, run.stderr
    return [document for document in yaml.safe_load_all(run.stdout) if document]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    """The objects of one kind, in the order of the chart."""
    return [each for each in objects if each["kind"] == kind]


def only(objects: list[Object], kind: str) -> Object:
    """The one object of a kind."""
    (found,) = of_kind(objects, kind)
    return found
