"""The documentation and the code say the same: flags, metrics, fields, manifests, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from bayplan import parameters
from bayplan.objectives import OBJECTIVES
from bayplan.ordering import ORDERS
from bayplan.planning import PLANNERS
from bayplan.presets import PRESETS
from bayplan.scoring import SCORERS
from bayplan_operator import metrics
from bayplan_operator.api.crd import KINDS, custom_resource_definition
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.translate.task_profile import read
from tests.unit.cli.flags import flags_of

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
OTHERS = (ROOT / "examples" / "README.md", ROOT / "tests" / "testbed" / "README.md")
PAGE_OF = {"TaskGraph": "taskgraph.md", "PlacementPolicy": "policies.md", "TaskProfile": "taskprofile.md"}
# Hosts and domains that the pages may name; others would be somebody's machine or registry.
HOSTS = {
    "bayplan.dev", "sim.bayplan.dev", "keepachangelog.com", "semver.org", "nvidia.com", "amd.com", "gpu.intel.com",
    "kubernetes.io", "app.kubernetes.io", "node.kubernetes.io", "events.k8s.io",
}  # fmt: skip
UNWANTED = ("TODO", "FIXME", "TBD", "blazing", "seamless", "cutting-edge", "revolutionary", "world-class", "effortless")


def names(paths: tuple[Path, ...]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def code(page: Path) -> str:
    """What stands between back quotes, and in fenced blocks."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return "\n".join((*fenced, *spans))


def mentions(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


# Flags and metrics


@pytest.mark.parametrize(("command", "flag"), flags_of("operator", "release", "show"))
def test_every_flag_is_explained(command: str, flag: str) -> None:
    page = code(ROOT / "docs" / "operations.md")
    assert mentions(page, f"bayplan {command}")
    assert mentions(page, flag)


def metric_names() -> list[str]:
    found = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    return [f"{family.name}_total" if family.type == "counter" else family.name for each in found for family in each.describe()]


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_is_explained(name: str) -> None:
    assert mentions(code(ROOT / "docs" / "operations.md"), name)


def test_no_metric_is_explained_that_does_not_exist() -> None:
    told = re.findall(r"^\| `(bayplan_\w+)", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(metric_names())


# Strategies

STRATEGIES = [*ORDERS, *SCORERS, *PLANNERS, *PRESETS, *OBJECTIVES]
PARAMETERS = [
    (name, parameter)
    for name, kind in [*SCORERS.items(), *PLANNERS.items()]
    if not hasattr(kind, "from_parameters")
    for parameter in parameters.names(kind)
]


@pytest.mark.parametrize("name", sorted(set(STRATEGIES)))
def test_every_strategy_is_explained(name: str) -> None:
    assert mentions(code(ROOT / "docs" / "strategies.md"), name)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_every_parameter_is_in_its_planners_line(name: str, parameter: str) -> None:
    (line,) = re.findall(rf"^\| `{name}` \|.*`{parameter}`.*$", (ROOT / "docs" / "strategies.md").read_text(), re.MULTILINE)
    assert line


# Fields of the kinds


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


FIELDS = [
    (kind, f"{part}{path}")
    for kind in PAGE_OF
    for part in ("spec", "status")
    for path in fields(schema_of(kind)["properties"][part])
    if kind == "TaskGraph" or ".conditions." not in path  # explained once, for all kinds
]


@pytest.mark.parametrize(("kind", "path"), FIELDS)
def test_every_field_is_explained(kind: str, path: str) -> None:
    assert mentions(code(ROOT / "docs" / PAGE_OF[kind]), path.rpartition(".")[2])


# Manifests


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
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
    elif manifest["kind"] == "TaskProfile":
        read(manifest)
    else:
        compile_policy(manifest)


# Links and words


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", names(PAGES + OTHERS))
def test_relative_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", names(PAGES))
def test_nothing_stands_there_that_should_not(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [word for word in UNWANTED if word.lower() in text.lower()] == []
    assert re.findall(r"(?<![\w.~:/-])/(?!dev/termination-log)[a-z]+/\S*", text) == [], "a path of somebody's machine"
    assert re.findall(r"(?<![\w&])#\d+", text) == [], "a number that says nothing to a reader"
    hosts = set(re.findall(r"(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:com|dev|io|net|org)\b(?!\.\w)", text))
    assert hosts - HOSTS == set()


@pytest.mark.parametrize("name", names(PAGES))
def test_every_page_is_reached_from_the_readme(name: str) -> None:
    page = ROOT / name
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        current = waiting.pop()
        for link in re.findall(r"\]\(([^)#\s]+)", current.read_text(encoding="utf-8")):
            target = (current.parent / link).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert page in reached
