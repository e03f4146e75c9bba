"""The generated CRDs: up to date, structural, bounded, described."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, Field

from bayplan_operator.api import generate
from bayplan_operator.api.crd import KINDS, Kind, custom_resource_definition
from bayplan_operator.api.schema import SchemaError, structural_schema
from bayplan_operator.api.v1alpha1 import PlacementPolicy, TaskGraph

REPOSITORY = Path(__file__).parents[3]
PLURALS = ("taskgraphs", "placementpolicies", "queues", "taskprofiles")
FORBIDDEN = {"$ref", "$defs", "title", "anyOf", "allOf", "oneOf", "const", "examples"}


def schema_of(kind: Kind) -> dict[str, Any]:
    definition = custom_resource_definition(kind)
    schema: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in `schema`, with its path."""
    yield where, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{where}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from nodes(schema[name], f"{where}.{name}")


SCHEMAS = {kind.plural: dict(nodes(schema_of(kind), kind.plural)) for kind in KINDS}
"""Of each kind, every schema by its path."""
each_kind = pytest.mark.parametrize("schemas", SCHEMAS.values(), ids=SCHEMAS)


def test_crds_in_the_repository_are_up_to_date() -> None:
    assert generate.stale(REPOSITORY) == []


def test_check_tells_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "crds").mkdir()
    assert generate.main(["--root", str(tmp_path), "--check"]) == 1
    assert "crds/taskgraphs.yaml differs from the models" in capsys.readouterr().err
    assert generate.main(["--root", str(tmp_path)]) == 0
    assert generate.main(["--root", str(tmp_path), "--check"]) == 0
    with (tmp_path / "crds/taskgraphs.yaml").open("a") as file:
        file.write("# by hand\n")
    assert generate.main(["--root", str(tmp_path), "--check"]) == 1


def test_a_wrong_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        generate.main(["--root", str(tmp_path)])
    assert "holds no folder crds" in capsys.readouterr().err


@pytest.mark.parametrize("plural", PLURALS)
def test_the_charts_copy_differs_only_in_the_keep_policy(plural: str) -> None:
    lines = (REPOSITORY / f"charts/bayplan/templates/crds/{plural}.yaml").read_text().splitlines()
    copy = yaml.safe_load("\n".join(line for line in lines if not line.startswith("{{-")))
    assert copy["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert copy == yaml.safe_load((REPOSITORY / f"crds/{plural}.yaml").read_text())


def structural_and_bounded(place: str, node: dict[str, Any]) -> bool:
    if FORBIDDEN & node.keys():
        return False
    if node.get("x-kubernetes-int-or-string"):
        return {"minimum", "maximum", "maxLength"} <= node.keys()
    bounds = {"maxProperties"} if "additionalProperties" in node else set()
    if node["type"] == "array":
        bounds.add("maxItems")
    if node["type"] == "string" and not {"enum", "format"} & node.keys() and not place.endswith((".kind", "apiVersion")):
        bounds.add("maxLength")
    return node["type"] in {"object", "array", "string", "integer", "boolean"} and bounds <= node.keys()


@each_kind
def test_every_schema_is_structural_and_bounded(schemas: dict[str, dict[str, Any]]) -> None:
    assert [place for place, node in schemas.items() if not structural_and_bounded(place, node)] == []


def is_described(place: str, node: dict[str, Any]) -> bool:
    head, _, last = place.rpartition(".")
    if last in {"items", "additionalProperties"} or place in PLURALS or (head in PLURALS and last not in {"spec", "status"}):
        return True
    return node.get("description", "").endswith(".") and "\n" not in node["description"]


@each_kind
def test_every_field_is_described_in_a_sentence(schemas: dict[str, dict[str, Any]]) -> None:
    assert [place for place, node in schemas.items() if not is_described(place, node)] == []


def test_the_questions_that_columns_answer() -> None:
    columns = {kind.plural: [(c.name, c.wide) for c in kind.columns] for kind in KINDS}
    assert columns["taskgraphs"] == [
        ("Progress", False), ("Status", False), ("Waiting", False), ("Age", False),
        ("ETA", True), ("In-Time", True), ("Policy", True), ("Queue", True),
        ("Strategy", True), ("Priority", True), ("Active", True), ("Failed", True),
    ]  # fmt: skip
    assert [name for name, _ in columns["placementpolicies"]] == [
        "Preset",
        "Order",
        "Scorers",
        "Planner",
        "Adaptive",
        "Binding",
        "Accepted",
        "Age",
    ]


def test_the_questions_that_columns_of_queues_answer() -> None:
    (queues,) = (kind for kind in KINDS if kind.plural == "queues")
    assert queues.short == "bpq"
    assert [(c.name, c.wide) for c in queues.columns] == [
        ("Used", False), ("Borrowed", False), ("Pending", False), ("Ready", False), ("Age", False),
        ("Share", True), ("Parent", True), ("Admitted", True), ("Why", True),
    ]  # fmt: skip


def test_defaults_are_written_as_manifests_write_them() -> None:
    spec = structural_schema(PlacementPolicy)["properties"]["spec"]["properties"]
    assert spec["nodeLossGrace"]["default"] == "30s"
    assert spec["scorers"]["items"]["properties"]["weight"]["default"] == 1
    assert spec["planner"]["properties"]["name"]["default"] == "Greedy"
    assert "default" not in spec["nodeSelector"]


def test_a_number_that_is_text_is_no_duration() -> None:
    rounds = structural_schema(TaskGraph)["properties"]["spec"]["properties"]["rounds"]["properties"]
    assert rounds["sample"]["properties"]["floor"]["default"] == "0.05"


def holds_a_text_rule(node: dict[str, Any]) -> bool:
    return any(".matches(" in each["rule"] for each in node.get("x-kubernetes-validations", ()))


def test_no_text_in_a_list_of_a_task_has_a_rule_of_its_own() -> None:
    """It would be looked at for each item of 5,000 tasks: the API server counts that, and refuses the whole definition."""
    task = "taskgraphs.spec.tasks.items"
    inner = {place: node for place, node in SCHEMAS["taskgraphs"].items() if place.startswith(task)}
    assert [place for place, node in inner.items() if ".items" in place.removeprefix(task) and holds_a_text_rule(node)] == []


def takes_its_default(node: dict[str, Any]) -> bool:
    default = node.get("default")
    if isinstance(default, str):
        fits = re.search(node.get("pattern", ""), default) is not None and len(default) <= node.get("maxLength", math.inf)
        return fits and default in node.get("enum", [default])
    return not isinstance(default, int) or node.get("minimum", -math.inf) <= default <= node.get("maximum", math.inf)


@each_kind
def test_every_default_is_one_that_its_own_schema_takes(schemas: dict[str, dict[str, Any]]) -> None:
    """The API server refuses the whole definition otherwise."""
    assert [place for place, node in schemas.items() if not takes_its_default(node)] == []


@pytest.mark.parametrize("field", ["order", "scorers", "planner"])
def test_what_excludes_a_preset_has_no_default_that_the_api_server_would_fill_in(field: str) -> None:
    assert "default" not in structural_schema(PlacementPolicy)["properties"]["spec"]["properties"][field]


class _Unbounded(BaseModel):
    """A kind with a list that has no bound."""

    spec: list[Annotated[str, Field(max_length=5)]]
    status: dict[str, str] = Field(default_factory=dict)


class _Unfitting(BaseModel):
    """A kind with a default that its own pattern refuses."""

    spec: Annotated[str, Field(max_length=5, pattern="^[a-z]+$")] = "A"
    status: Annotated[str, Field(max_length=5)] = ""


class _Ambiguous(BaseModel):
    """A kind with a field of two types."""

    spec: Annotated[int, Field(ge=0)] | bool
    status: Annotated[str, Field(max_length=5)] = ""


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_Unbounded, "_Unbounded.spec: needs maxItems"),
        (_Ambiguous, "_Ambiguous.spec: a structural schema cannot choose"),
        (_Unfitting, "_Unfitting.spec: the default A does not match the pattern"),
    ],
)
def test_what_cannot_be_expressed_is_named(model: type[BaseModel], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        structural_schema(model)
