"""The largest graphs: 5,000 tasks with 20,000 shards are accepted, and fields that are not given take no room in them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.lifecycle import Run, UnitState
from bayplan_operator.api.crd import KINDS, custom_resource_definition
from bayplan_operator.translate import round_record, run_record
from bayplan_operator.translate.flow.needed import MAX_VALUE
from bayplan_operator.translate.record_size import size_of_relations
from bayplan_operator.translate.task_graph import MAX_BYTES, InvalidGraph, prepare
from tests.cluster.big_graph import big_graph

TASKS, SHARDS = 5_000, 4
ENTRY = " | Succeeded 1/0 n-0001 12345.67+123.45"


def wide(**fields: Any) -> dict[str, Any]:
    """Each task with four shards."""
    pod = {"spec": {"containers": [{"image": "busybox:1.36", "resources": {"requests": {"cpu": "1"}}}]}}
    tasks = [{"name": f"t{number}", "shards": SHARDS, **fields} for number in range(TASKS)]
    return {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "wide", "namespace": "n"},
        "spec": {"template": pod, "tasks": tasks},
    }  # fmt: skip


@cache
def schema() -> Mapping[str, Any]:
    definition = custom_resource_definition(next(each for each in KINDS if each.model.__name__ == "TaskGraph"))
    found: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found["properties"]["spec"]  # type: ignore[no-any-return]


def filled_in(known: Mapping[str, Any], value: Any) -> Any:
    """The value as an API server stores it: with the schema's defaults in the place of what is missing."""
    if isinstance(value, list):
        return [filled_in(known["items"], each) for each in value]
    if not isinstance(value, dict) or "properties" not in known:
        return value
    found = dict(value)
    for name, field in known["properties"].items():
        if name not in found and "default" in field:
            found[name] = copy.deepcopy(field["default"])
        if name in found:
            found[name] = filled_in(field, found[name])
    return found


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def test_5000_tasks_with_20000_shards_are_accepted_and_their_object_stays_small() -> None:
    manifest = wide()
    manifest["spec"] = filled_in(schema(), manifest["spec"])
    prepared = prepare(manifest)
    graph, run = prepared.graph, Run.fresh(prepared.graph.units)
    assert (len(graph.tasks), graph.units) == (5_000, 20_000)
    run.state[:] = UnitState.SUCCEEDED
    run.incarnation[:] = run.settled[:] = 1
    run.node = ["n-0001"] * graph.units
    run.started, run.finished = np.full(graph.units, 12345.67), np.full(graph.units, 12345.67 + 123.45)
    lines = [run_record.write_task(graph, run, task, 0.0) for task in range(TASKS)]
    assert ENTRY in lines[0]
    assert size({**manifest, "status": {"tasks": lines}}) < MAX_BYTES


def test_one_shard_more_is_refused() -> None:
    manifest = wide()
    manifest["spec"]["tasks"][0]["shards"] = SHARDS + 1
    with pytest.raises(InvalidGraph, match="add up to 20001 pods, at most 20000 are allowed"):
        prepare(manifest)


@pytest.mark.parametrize("manifest", [wide(), big_graph("big")], ids=["wide", "deep"])
def test_no_task_grows_by_the_defaults_that_an_api_server_fills_in(manifest: dict[str, Any]) -> None:
    """What a field adds to one task, it adds 5,000 times."""
    stored = filled_in(schema(), manifest["spec"])
    assert stored["tasks"] == manifest["spec"]["tasks"]
    assert size(stored) - size(manifest["spec"]) < 200


def test_nor_do_the_maps_that_a_task_may_have() -> None:
    given = {
        "fuse": {"method": "Mean"}, "bestBy": {"metric": "loss"}, "retry": {}, "data": {"nodeSelectorPerShard": [{"a": "b"}]},
    }  # fmt: skip
    task = {"name": "a", **given}
    assert filled_in(schema(), {"tasks": [task]})["tasks"] == [task]


@pytest.mark.parametrize("fields", [{"optional": True}, {"gate": "Always"}], ids=["optional", "always"])
def test_with_a_field_of_the_flow_in_each_task_the_size_counts(fields: dict[str, Any]) -> None:
    """A graph that was just small enough is told how large it is, before anything runs."""
    assert size(wide(**fields)["spec"]) > size(wide()["spec"]) + 15 * TASKS
    with pytest.raises(InvalidGraph, match=r"would take about 1,3\d\d,\d{3} bytes, at most 1,300,000 can be stored"):
        prepare(wide(**fields))


def test_room_for_rounds_and_results_is_asked_for_before_anything_runs() -> None:
    """A graph that is just small enough by itself has no room for a thousand rounds."""
    manifest = wide()
    manifest["spec"]["rounds"] = {"tasks": ["t0"], "max": 1000}
    with pytest.raises(InvalidGraph, match=r"about 1,3\d\d,\d{3} bytes.*: keep fewer results, allow fewer rounds, share"):
        prepare(manifest)
    manifest["spec"]["rounds"]["max"] = 3
    assert prepare(manifest).relations.repeating is not None


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 40),
    st.dictionaries(st.text("abcxyz", min_size=1, max_size=40), st.booleans(), max_size=6),
)  # fmt: skip
def test_what_is_written_of_rounds_and_results_is_no_larger_than_what_was_counted(
    shards: int, rounds: int, outputs: dict[str, bool]
) -> None:
    """With the largest values that are kept."""
    manifest = wide()
    tasks = [{"name": "local", "shards": shards, "outputs": list(outputs)}, {"name": "judge", "dependsOn": [{"task": "local"}]}]
    manifest["spec"] |= {"tasks": tasks, "rounds": {"tasks": ["local", "judge"], "max": rounds, "until": "judge.accuracy > 1"}}
    prepared = prepare(manifest)
    graph, run = prepared.graph, Run.fresh(prepared.graph.units)
    for unit in range(shards if outputs else 0):
        run.results[unit] = {key: "x" * (MAX_VALUE - 2) if text else -1.234567890123457e-300 for key, text in outputs.items()}
    run.results[shards] = {"accuracy": -1.234567890123457e-300}
    written = {
        "results": round_record.write_results(graph, run),
        "rounds": {
            "history": ["x" * round_record.LONGEST_LINE] * rounds,
            "before": round_record.write_attempts(graph, dict.fromkeys(range(graph.units), 1000), [0, 1]),
            "leftOut": round_record.write_units(graph, range(graph.units)),
        },
    }
    around = size({"results": [], "rounds": {"history": [], "before": [], "leftOut": []}}) + 4 * len("local judge")
    assert size(written) <= size_of_relations(graph, prepared.relations) + around


def test_what_a_backup_says_takes_no_room_of_its_own() -> None:
    """It is kept as what its task says."""
    sizes = []
    for backups in ({}, {"backups": {"count": 3}}):
        manifest = wide()
        manifest["spec"]["tasks"] = [{"name": "work", "shards": 8, "outputs": ["loss", "text"], **backups}]
        prepared = prepare(manifest)
        sizes.append(size_of_relations(prepared.graph, prepared.relations))
    assert sizes[0] == sizes[1] > 8 * 2 * MAX_VALUE
