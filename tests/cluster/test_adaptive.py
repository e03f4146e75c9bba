"""An adaptive policy finds the better of two candidates, explains itself, and knows what it knew after a restart."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

SHARDS = 4


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[list[str]]:
    """A node where one shard fits at a time, and one where all do."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    labels = {"pool": value}
    names = [
        *simulated.add_nodes(NodeKind(f"{value}-a", 1, "32Gi", labels=labels), 1),
        *simulated.add_nodes(NodeKind(f"{value}-b", 64, "32Gi", labels=labels), 1),
    ]
    yield names
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


def graphs(kube: Kube, policy: str, *names: str) -> list[Object]:
    """Graphs that end within seconds, at once; as they are once they have ended."""
    for name in names:
        kube.create(name, task("a", seconds=1.0, shards=SHARDS, expectedDuration="1s"), policyName=policy)
    for name in names:
        kube.wait_condition(name, "Complete")
    return [kube.graph(name) for name in names]


def learned(kube: Kube, policy: str, count: int) -> Object:
    """The policy's status once so many graphs are in it."""

    def look() -> Object | None:
        status: Object = kube.policy(policy).get("status", {})
        known = status.get("adaptive", {}).get("candidates", [])
        return status if sum(each["graphs"] for each in known) >= count else None

    return wait_for(look, f"{count} graphs in the policy's status")


def events(kube: Kube, namespace: str, name: str, reason: str) -> list[str]:
    about = f"involvedObject.name={name},reason={reason}"
    return [each.message for each in kube.core.list_namespaced_event(namespace, field_selector=about).items]


def test_most_graphs_go_to_the_better_candidate_also_after_a_restart(
    kube: Kube, pool: list[str], policy: str, operator: OperatorProcess
) -> None:
    narrow, _ = pool
    candidates: list[Object] = [
        {"name": "narrow", "planner": {"name": "Static", "parameters": [{"name": "a", "value": narrow}]}},
        {"preset": "Spread"},
    ]
    kube.create_policy(
        policy, nodeSelector={"pool": narrow.rpartition("-")[0][:-2]}, adaptive={"candidates": candidates, "minimumGraphs": 2}
    )
    first = graphs(kube, policy, *(f"first-{number}" for number in range(4)))
    assert Counter(each["status"]["strategy"] for each in first) == {"narrow": 2, "Spread": 2}
    for each in first:
        name, chosen = each["metadata"]["name"], each["status"]["strategy"]
        nodes = {pod.spec.node_name for pod in kube.pods(name)}
        assert (nodes == {narrow}) == (chosen == "narrow")
        said = wait_for(lambda name=name: events(kube, kube.namespace, name, "StrategyChosen"), "the choice is told")  # type: ignore[misc]
        assert said[0].startswith(f"policy {policy}: {chosen}: each candidate is tried 2 times first")
    (switch,) = wait_for(lambda: events(kube, "default", policy, "StrategySwitched"), "the switch is told")
    assert switch.startswith("now Spread: expected slowdown ")
    assert "after 2 graphs; narrow " in switch
    second = graphs(kube, policy, *(f"second-{number}" for number in range(4)))
    operator.restart()
    operator.wait_until_leading()
    status = learned(kube, policy, 8)
    third = graphs(kube, policy, *(f"third-{number}" for number in range(4)))
    chosen_later = Counter(each["status"]["strategy"] for each in second + third)
    assert chosen_later["Spread"] >= 6, chosen_later
    # Each outcome is in it once: those before the restart, and those of the operator after it.
    assert status["adaptive"]["counted"] == 8
    assert sum(each["graphs"] for each in status["adaptive"]["candidates"]) == 8
    assert sorted(each["status"]["outcome"]["number"] for each in first + second + third) == list(range(1, 13))
    after = learned(kube, policy, 12)
    assert sum(each["graphs"] for each in after["adaptive"]["candidates"]) == 12
    assert after["adaptive"]["strategy"] == "Spread"
    condition = next(each for each in after["conditions"] if each["type"] == "Adaptive")
    assert (condition["status"], condition["reason"]) == ("True", "Preferred")
    assert condition["message"].startswith("now Spread: expected slowdown ")
    assert len(events(kube, "default", policy, "StrategySwitched")) == 1, "a restart is no switch"
    assert (
        operator.metric(f'bayplan_adaptive_graphs_total{{policy="{policy}",strategy="Spread"}}')
        == Counter(each["status"]["strategy"] for each in third)["Spread"]
    )
    assert (operator.metric(f'bayplan_adaptive_expected{{policy="{policy}",strategy="Spread"}}') or 0) > 0


TWO: list[Object] = [{"preset": "BestFit"}, {"preset": "Spread"}]
REFUSED: dict[str, tuple[Object, str]] = {
    "both": (
        {"preset": "Auto", "adaptive": {"candidates": TWO}},
        "adaptive chooses among its candidates: leave preset, order, scorers and planner out, or leave adaptive out",
    ),
    "nameless": ({"adaptive": {"candidates": [TWO[0], {"order": ["Age"]}]}}, "a candidate without a preset must have a name"),
    "discount": (
        {"adaptive": {"candidates": TWO, "discount": "1.5"}},
        'must be a number above 0 and up to 1 as text, such as "0.98"',
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_api_server_refuses_what_makes_no_sense(kube: Kube, policy: str, what: str) -> None:
    spec, said = REFUSED[what]
    with pytest.raises(ApiException) as error:
        kube.create_policy(policy, **spec)
    assert error.value.status == 422
    body: Any = error.value.body
    assert said.replace('"', '\\"') in body
