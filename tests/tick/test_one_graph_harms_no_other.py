"""What happens to one graph between its decision and its pod leaves the others alone."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.conductor.placing import creating
from tests.cluster.kube import task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.world import World

WHOLE = {"cpu": "8", "seconds": None}


@pytest.fixture
def one(empty: World) -> World:
    """One node of 8 cores."""
    empty.add_nodes(NodeKind("only", 8, "32Gi"), 1)
    empty.operator.start()
    return empty


@pytest.mark.parametrize("preset", ["BestFit", "Auto"])
def test_a_graph_that_is_deleted_while_it_waits_takes_no_place(one: World, preset: str) -> None:
    one.create_policy("p", preset=preset)
    one.create("holds", task("a", **WHOLE), policyName="p")
    one.wait_running("holds")
    one.create("gone", task("a", **WHOLE), policyName="p", priority=5)
    one.wait_condition("gone", "Waiting")
    one.create("next", task("a", **WHOLE), policyName="p")
    one.wait_condition("next", "Waiting")
    one.run(60.0)  # until nothing else is told that would have everything looked through
    one.delete(TASK_GRAPH, "gone")
    one.run(5.0)
    one.add_nodes(NodeKind("another", 8, "32Gi"), 1)  # room, and nothing else changes
    one.wait_running("next")
    assert not one.created("gone")


def test_an_error_in_the_pod_of_one_graph_leaves_the_rest_of_the_batch_alone(
    one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fails = creating.pod_manifest, [True]

    def broken(ref: Any, *rest: Any) -> Any:
        if ref.name == "bad" and fails:
            fails.clear()
            raise RuntimeError("no manifest for this one")
        return made(ref, *rest)

    monkeypatch.setattr(creating, "pod_manifest", broken)
    one.expected_errors = 1
    small: dict[str, Any] = {"cpu": "1", "seconds": None}
    for name in ("bad", "good"):  # both are in the first batch
        one.create(name, task("a", **small))
    one.wait_running("good")
    one.wait_running("bad")
    assert not fails, "it never failed"
    first = {name: one.seconds(one.created(name)[0]["metadata"]["creationTimestamp"]) for name in ("bad", "good")}
    assert first["good"] < 1.0 + min(first.values())
    assert 4.0 <= first["bad"] - first["good"] <= 7.0, "it is looked at again 5 s after an error"
