"""The pages explain every field of the kinds, and every manifest in them is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml

from bayplan_operator.api.crd import KINDS, custom_resource_definition
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.translate.queue import compile_queue
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.translate.task_profile import read as read_profile

from .pages import DOCS, PAGES, code, mentions, read

PAGE_OF = {"TaskGraph": "taskgraph.md", "PlacementPolicy": "policies.md", "Queue": "queues.md", "TaskProfile": "taskprofile.md"}


@cache
def schema_of(kind: str) -> Mapping[str, Any]:
    definition = custom_resource_definition(next(each for each in KINDS if each.model.__name__ == kind))
    schema: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Paths of all fields below a schema."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from fields(child, f"{path}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], path)


@pytest.mark.parametrize("kind", PAGE_OF)
def test_every_field_is_explained(kind: str) -> None:
    parts, text = schema_of(kind)["properties"], code(DOCS / PAGE_OF[kind])
    found = [f"{part}{path}" for part in ("spec", "status") for path in fields(parts[part])]
    # Those of conditions are explained once, for all kinds.
    wanted = [path for path in found if kind == "TaskGraph" or ".conditions." not in path]
    assert len(wanted) > 10
    assert [path for path in wanted if not mentions(text, path.rpartition(".")[2])] == []


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE):
            for document in yaml.safe_load_all(block):
                if isinstance(document, dict) and document.get("kind") in PAGE_OF:
                    yield f"{page.name}:{document['metadata']['name']}", document


MANIFESTS = dict(manifests())


def unknown(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    """Fields that the API server would prune."""
    if isinstance(value, list):
        for item in value:
            yield from unknown(schema["items"], item, path)
    elif isinstance(value, dict) and "properties" in schema:
        for key, child in value.items():
            if key in schema["properties"]:
                yield from unknown(schema["properties"][key], child, f"{path}.{key}")
            else:
                yield f"{path}.{key}"


def test_there_are_manifests_of_all_kinds() -> None:
    assert {manifest["kind"] for manifest in MANIFESTS.values()} == set(PAGE_OF)
    assert any(name.startswith("README.md:") for name in MANIFESTS)


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_manifest_is_valid(name: str) -> None:
    manifest = MANIFESTS[name]
    spec = schema_of(manifest["kind"])["properties"]["spec"]
    assert manifest["apiVersion"] == "bayplan.dev/v1alpha1"
    assert list(unknown(spec, manifest["spec"], "spec")) == []
    if manifest["kind"] == "TaskGraph":
        prepare(manifest)
    elif manifest["kind"] == "Queue":
        compile_queue(manifest)
    elif manifest["kind"] == "TaskProfile":
        read_profile(manifest)
    else:
        compile_policy(manifest)
