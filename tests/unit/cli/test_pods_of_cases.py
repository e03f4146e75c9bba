"""What pods ask for, in graphs as people write them: the inputs are in `tests/cases`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bayplan_operator.translate.pod import GraphRef, Place, PodRole, pod_manifest
from bayplan_operator.translate.task_graph import prepare
from tests.unit.cli.whatif_files import run, run_json, write

CASES = Path(__file__).parents[2] / "cases"


def plan(capsys: pytest.CaptureFixture[str], case: str, *more: str | Path) -> dict[str, Any]:
    folder = CASES / case
    return run_json(capsys, "plan", "-f", folder / "graph.yaml", "--nodes", folder / "nodes.yaml", "--policy", "BestFit", *more)


def at_the_start(planned: dict[str, Any], graph: str | None = None) -> Counter[tuple[str, str]]:
    """Task and node of what runs from the first instant on."""
    return Counter(
        (each["task"], each["node"]) for each in planned["attempts"] if each["start"] == 0.0 and graph in (None, each["graph"])
    )


def test_requests_of_a_pod_as_a_whole_are_those_of_its_containers(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "pod-level-limits-only")
    assert {each["status"] for each in planned["graphs"]} == {"Succeeded"}
    # Two CPUs: two shards of 500m each beside limits-only, which asks for 1.
    assert at_the_start(planned) == {("limits-with-requests", "small-0"): 2, ("limits-only", "small-0"): 1}


def test_null_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "null-in-selector")
    assert {each["status"] for each in planned["graphs"]} == {"Succeeded"}
    for template in prepare(yaml.safe_load((CASES / "null-in-selector/graph.yaml").read_text())).templates:
        pod = pod_manifest(GraphRef("ns", "g", "u"), template, PodRole("t", 0, 1, 1), Place("n", "", False, 30.0))
        assert pod["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_a_limit_range_says_what_pods_ask_for(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "limitrange-defaults", "-f", CASES / "limitrange-defaults/limitrange.yaml")
    graphs = {each["name"]: each for each in planned["graphs"]}
    assert graphs["ranged/says-nothing"]["status"] == graphs["ranged/limits-only"]["status"] == "Succeeded"
    by_graph: dict[str, Counter[str]] = {name: Counter() for name in graphs}
    for each in planned["attempts"]:
        by_graph[each["graph"]][each["node"]] += 1
    assert set(by_graph["ranged/limits-only"]) == {"range-2"}, "3 CPUs each"
    assert at_the_start(planned, "ranged/says-nothing") == {
        ("part", "range-0"): 2,
        ("part", "range-1"): 2,
        ("part", "range-2"): 8,
    }


def test_a_limit_range_of_another_namespace_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = (CASES / "limitrange-defaults/limitrange.yaml").read_text().replace("ranged", "other")
    planned = plan(capsys, "limitrange-defaults", "-f", write(tmp_path, "range.yaml", other))
    assert at_the_start(planned, "ranged/says-nothing").total() == 24


def test_a_runtime_class_says_where_pods_run_and_what_they_take_besides(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "runtimeclass", "-f", CASES / "runtimeclass/runtimeclass.yaml")
    assert {each["node"] for each in planned["attempts"]} == {"vm-0"}
    assert at_the_start(planned).total() == 2


def test_a_runtime_class_that_is_in_no_file_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "runtimeclass"
    _, _, err = run(capsys, "plan", "-f", folder / "graph.yaml", "--nodes", folder / "nodes.yaml")
    added = "what it adds to pods (overhead, nodeSelector, tolerations)"
    assert err == f"bayplan: RuntimeClass microvm is in no file: {added} is not counted\n"


def test_a_pod_that_admission_would_refuse_is_refused_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "limitrange-defaults"
    bounds = write(tmp_path, "range.yaml", (folder / "limitrange.yaml").read_text() + '    max: {cpu: "2"}\n')
    code, _, err = run(capsys, "plan", "-f", folder / "graph.yaml", "-f", bounds, "--nodes", folder / "nodes.yaml")
    assert code != 0
    assert "LimitRange defaults: container" in err
    assert "is limited to 3 of cpu: at most 2 is allowed" in err


def test_a_malformed_limit_range_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "limitrange-defaults"
    wrong = write(tmp_path, "range.yaml", (folder / "limitrange.yaml").read_text().replace('cpu: "3"', "cpu: three"))
    code, _, err = run(capsys, "plan", "-f", folder / "graph.yaml", "-f", wrong, "--nodes", folder / "nodes.yaml")
    assert code != 0
    assert f'{wrong}, line 8: spec.limits[0].default.cpu is "three": must be a quantity' in err


def test_slices_of_a_gpu_count_as_gpus(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "time-sliced-gpus")
    nodes: dict[str, set[str]] = {}
    for each in planned["attempts"]:
        nodes.setdefault(each["task"], set()).add(each["node"])
    assert nodes["any-t4"] == {"whole-0"}
    assert nodes["sliced"] == {"sliced-0"}
    assert {each["status"] for each in planned["graphs"]} == {"Succeeded"}


def test_what_only_dra_offers_is_not_seen_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    planned = plan(capsys, "dra-extended-resource")
    said = msgspec.json.encode(planned).decode()
    assert "1 has too little nvidia.com/gpu (1 asked, largest 0; devices that only DRA offers are not seen)" in said
