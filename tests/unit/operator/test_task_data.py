"""The bytes that tasks hand to each other, from the spec to the graph's edges."""

from __future__ import annotations

from typing import Any

from bayplan_operator.translate.task_graph import Prepared, prepare


def prepared(*tasks: dict[str, Any]) -> Prepared:
    template = {"spec": {"containers": [{"image": "i"}]}}
    return prepare({"metadata": {"namespace": "ns", "name": "g"}, "spec": {"template": template, "tasks": list(tasks)}})


def by_edge(of: Prepared) -> dict[tuple[str, str], float]:
    names = [task.name for task in of.graph.tasks]
    edges = zip(of.graph.edge_parent.tolist(), of.graph.edge_child.tolist(), of.data.tolist(), strict=True)
    return {(names[parent], names[child]): data for parent, child, data in edges}


def test_data_stands_at_its_edge_whatever_the_order_of_tasks() -> None:
    found = prepared(
        {"name": "end", "dependsOn": [{"task": "b", "data": "2k"}, {"task": "a", "data": "1Ki"}, {"task": "c"}]},
        {"name": "c"},
        {"name": "b", "dependsOn": [{"task": "a", "data": "0"}]},
        {"name": "a"},
    )
    assert by_edge(found) == {("b", "end"): 2000, ("a", "end"): 1024, ("c", "end"): 0, ("a", "b"): 0}


def test_a_parent_named_twice_is_one_edge_with_the_bytes_of_both() -> None:
    found = prepared(
        {"name": "a"},
        {"name": "b"},
        {"name": "c", "dependsOn": [{"task": "a", "data": "1k"}, {"task": "b"}, {"task": "a", "data": "3k"}]},
    )
    assert by_edge(found) == {("a", "c"): 4000, ("b", "c"): 0}


def test_a_graph_without_edges_has_no_data() -> None:
    assert prepared({"name": "a"}).data.shape == (0,)
