"""What can be said of the chart without helm: values, schema and comments belong together."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "charts/bayplan"


def leaves(schema: dict[str, Any], values: dict[str, Any], where: str = "") -> set[str]:
    """Keys of `values` that `schema` does not know, or the reverse."""
    known, given = set(schema.get("properties", {})), set(values)
    differing = {f"{where}{key}" for key in known ^ given if key != "global"}
    for key in known & given:
        child = schema["properties"][key]
        if child.get("additionalProperties") is False and isinstance(values[key], dict):
            differing |= leaves(child, values[key], f"{where}{key}.")
    return differing


def test_values_and_schema_have_the_same_keys() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert leaves(schema, values) == set()


def test_every_value_has_a_comment() -> None:
    """A key is explained by the line before it, unless it stands for a group, whose members are."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    bare = [
        line
        for before, line in pairwise(lines)
        if line.strip()
        and not line.strip().startswith("#")
        and not line.rstrip().endswith(":")
        and not before.strip().startswith("#")
    ]
    # Settings whose name says everything, and those that share the comment of the line before them.
    assert [line.strip().split(":")[0] for line in bare] == [
        "cpu", "memory", "memory", "tolerations", "affinity", "podAnnotations", "annotations", "interval"
    ]  # fmt: skip
