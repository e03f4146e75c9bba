"""LimitRanges and RuntimeClasses in files count as the API server would have them count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan.model.workload import RequestClass
from bayplan_operator.translate.defaulting import Defaults
from bayplan_operator.workflows import read_graphs
from bayplan_operator.workflows.documents import InputError

CASES = Path(__file__).parents[2] / "cases"


def limit_range(**item: Any) -> dict[str, Any]:
    return {
        "kind": "LimitRange", "apiVersion": "v1", "metadata": {"name": "l", "namespace": "n"},
        "spec": {"limits": [{"type": "Container", **item}]},
    }  # fmt: skip


def resources(spec: dict[str, Any], *manifests: dict[str, Any]) -> Any:
    made = Defaults(manifests).admitted({"containers": [{"name": "c", "resources": spec}]}, "n")
    return made["containers"][0]["resources"]


ITEMS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "request": ({"defaultRequest": {"cpu": "1"}}, {}, {"cpu": "1"}),
    "limit without a default request": ({"default": {"cpu": "2"}}, {}, {"cpu": "2"}),
    "both": ({"default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}}, {}, {"cpu": "1"}),
    "max is the default limit": ({"max": {"cpu": "4"}}, {}, {"cpu": "4"}),
    "min is the last resort": ({"min": {"cpu": "100m"}}, {}, {"cpu": "100m"}),
    "max before min": ({"min": {"cpu": "100m"}, "max": {"cpu": "4"}}, {}, {"cpu": "4"}),
    "own request": ({"defaultRequest": {"cpu": "1"}}, {"requests": {"cpu": "3"}}, {"cpu": "3"}),
    "own limit is a request": ({"defaultRequest": {"cpu": "1"}}, {"limits": {"cpu": "3"}}, {"cpu": "3"}),
    "another resource": ({"defaultRequest": {"cpu": "1"}}, {"requests": {"memory": "1Gi"}}, {"cpu": "1", "memory": "1Gi"}),
}


@pytest.mark.parametrize("what", ITEMS)
def test_requests_by_a_limit_range(what: str) -> None:
    item, given, requests = ITEMS[what]
    assert resources(given, limit_range(**item))["requests"] == requests


def test_the_first_of_several_limit_ranges_counts_and_those_of_pods_and_of_others_do_not() -> None:
    first, second = limit_range(defaultRequest={"cpu": "1"}), limit_range(defaultRequest={"cpu": "2", "memory": "1Gi"})
    assert resources({}, first, second)["requests"] == {"cpu": "1", "memory": "1Gi"}
    assert resources({}, limit_range(type="Pod", max={"cpu": "2"})) == {}
    elsewhere = limit_range(defaultRequest={"cpu": "1"})
    elsewhere["metadata"]["namespace"] = "other"
    assert resources({}, elsewhere) == {}


MICROVM = {
    "kind": "RuntimeClass", "apiVersion": "node.k8s.io/v1", "metadata": {"name": "microvm"}, "handler": "microvm",
    "scheduling": {"nodeSelector": {"sandbox": "vm"}},
}  # fmt: skip


def test_a_selector_that_contradicts_the_runtime_class_is_told() -> None:
    with pytest.raises(ValueError, match="nodeSelector sandbox is none: RuntimeClass microvm requires vm"):
        Defaults([MICROVM]).admitted({"runtimeClassName": "microvm", "nodeSelector": {"sandbox": "none"}}, "n")
    assert Defaults([MICROVM]).admitted({"runtimeClassName": "other"}, "n") == {"runtimeClassName": "other"}


def classes(*paths: Path) -> dict[str, RequestClass]:
    return {each.name: each.classes[0] for each in read_graphs(paths).submissions}


def test_a_limit_range_in_the_files_counts_wherever_it_stands(tmp_path: Path) -> None:
    graph, limits = CASES / "limitrange-defaults/graph.yaml", tmp_path / "limits.yaml"
    _, made = yaml.safe_load_all((graph.parent / "namespace.yaml").read_text())
    limits.write_text(yaml.safe_dump(made))
    for paths in ((limits, graph), (graph, limits)):
        found = classes(*paths)
        assert dict(found["ranged/says-nothing"].resources)["cpu"] == 1000
        assert dict(found["ranged/limits-only"].resources)["cpu"] == 3000


def test_a_runtime_class_in_the_files_counts() -> None:
    (found,) = classes(CASES / "runtimeclass/graph.yaml", CASES / "runtimeclass/runtimeclass.yaml").values()
    assert dict(found.resources)["cpu"] == 2000
    assert dict(found.node_selector) == {"case": "21", "sandbox": "vm"}
    assert [(each.key, each.value) for each in found.tolerations] == [("sandbox", "vm")]


@pytest.mark.parametrize("wrong", [{"spec": {"limits": [{"type": "Container", "default": ["cpu"]}]}}, {"metadata": None}])
def test_what_cannot_be_read_is_told_with_its_file(tmp_path: Path, wrong: dict[str, Any]) -> None:
    path = tmp_path / "limits.json"
    path.write_text(json.dumps({**limit_range(), **wrong}))
    with pytest.raises(InputError, match=r"limits\.json.*this LimitRange cannot be read: "):
        read_graphs([path, CASES / "limitrange-defaults/graph.yaml"])
