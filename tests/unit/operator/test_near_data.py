"""Which nodes a pod prefers for what it reads there, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from bayplan.lifecycle import Controls, Retry, Run, UnitState
from bayplan.model.constraints import PreferredTerm
from bayplan_operator.conductor.placing.near_data import asked_by
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_graph import prepare


def preferred(data: Mapping[str, str], nodes: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The weight by node for a pod that reads so much of each task, of which a shard ran on each node (-n1: in vain)."""
    mounts = [{"name": "workspace", "mountPath": "/w"}]
    pod = {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "i", "volumeMounts": mounts}]}
    tasks = [{"name": name, "shards": len(nodes[name])} for name in data]
    reads = {"name": "reads", "dependsOn": [{"task": name, "data": size} for name, size in data.items()]}
    manifest = {
        "metadata": {"namespace": "ns", "name": "g"}, "spec": {"template": {"spec": pod}, "tasks": [*tasks, reads]},
    }  # fmt: skip
    prepared = prepare(manifest)
    run = Run.fresh(prepared.graph.units)
    for unit, node in enumerate(node for name in data for node in nodes[name]):
        run.node[unit] = node.removeprefix("-")
        run.state[unit] = UnitState.SKIPPED if node.startswith("-") else UnitState.SUCCEEDED
    graph = Running(prepared, run, Controls([Retry()] * len(prepared.graph.tasks)), 0.0, 0.0)
    return dict(map(_by_node, asked_by(graph, prepared.graph.units - 1).preferred))


def _by_node(term: PreferredTerm) -> tuple[str, int]:
    (only,) = term.term.fields
    assert (only.key, only.operator) == ("metadata.name", "In")
    (node,) = only.values
    return node, term.weight


def test_of_more_than_four_nodes_the_four_with_the_most_bytes_count() -> None:
    data = {"a": "1Gi", "b": "5Gi", "c": "3Gi", "d": "6Gi", "e": "2Gi", "f": "3Gi"}
    found = preferred(data, {name: [f"on-{name}"] for name in data})
    assert found == {"on-d": 30, "on-b": 25, "on-c": 15, "on-f": 15}, "each weighs as its share of all the bytes, of 20 Gi"


def test_the_bytes_of_a_node_are_summed_before_the_largest_are_taken() -> None:
    """No shard of this node holds much, and together they hold the most."""
    nodes = {"many": ["small"] * 6 + ["n1", "n2"], "large": ["n3", "n4", "n5"]}
    found = preferred({"many": "8Gi", "large": "12Gi"}, nodes)
    assert found == {"small": 30, "n3": 20, "n4": 20, "n5": 20}


@pytest.mark.parametrize("turned", [False, True])
def test_among_nodes_with_as_many_bytes_names_decide(turned: bool) -> None:
    """So that a pod asks for the same whichever order they are found in."""
    names = [f"n{number}" for number in range(7)]
    found = preferred({"a": "7Gi"}, {"a": names[::-1] if turned else names})
    assert list(found) == ["n0", "n1", "n2", "n3"]


def test_a_node_with_hardly_any_bytes_is_preferred_a_little_still() -> None:
    found = preferred({"much": "1Ti", "little": "1Ki"}, {"much": ["n0"], "little": ["n1"]})
    assert found == {"n0": 100, "n1": 1}


def test_only_what_has_succeeded_holds_bytes() -> None:
    assert preferred({"a": "4Gi"}, {"a": ["n0", "-n1", "n2", "-n3"]}) == {"n0": 50, "n2": 50}
    assert preferred({"a": "4Gi"}, {"a": ["-n0", "-n1"]}) == {}
