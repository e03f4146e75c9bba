"""Graphs and policies that cannot work: each gets a sentence that says why, and none of them harms its neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.cluster.test_bad_input import INVALID, POLICIES, SERVES
from tests.tick.api.kinds import PLACEMENT_POLICY
from tests.tick.seen import NAMESPACE, find
from tests.tick.world import World


def test_invalid_graphs_say_what_is_wrong_and_harm_no_other(world: World) -> None:
    for name, (tasks, _, _) in INVALID.items():
        world.create(name, *tasks)
    world.create("good", task("a"), task("b", "a"))
    world.wait_condition("good", "Complete")
    world.run(70)  # what was learned of it is written after a minute
    for name, (_, reason, parts) in INVALID.items():
        accepted: Any = world.condition(name, "Accepted", "False")
        assert accepted["reason"] == reason, (name, accepted)
        assert [part for part in parts if part not in accepted["message"]] == [], accepted["message"]
        assert world.status(name)["summary"] == "Invalid"
        assert world.created(name) == []
    before = world.store.version
    world.run(300)
    assert world.store.version == before, "they cost nothing"


def test_a_graph_without_its_policy_waits_for_it(world: World) -> None:
    world.create("early", task("a"), policyName="later")
    accepted = world.wait_condition("early", "Accepted", "False")
    assert accepted["reason"] == "PolicyNotFound"
    assert 'spec.policyName is "later": there is no such PlacementPolicy; ' in accepted["message"]
    assert "default" in accepted["message"]
    assert world.status("early")["waiting"] == "PolicyNotFound"
    world.create_policy("later")
    world.wait_condition("early", "Complete")
    assert world.condition("early", "Accepted", "True")


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_with_an_unknown_name_is_told_the_nearest(world: World, what: str) -> None:
    spec, where, nearest = POLICIES[what]
    world.create_policy("bad", **spec)
    world.create("g", task("a"), policyName="bad")
    graph = world.wait_condition("g", "Accepted", "False")
    assert graph["reason"] == "PolicyInvalid"
    assert f"PlacementPolicy bad cannot be used: {where}" in graph["message"]
    accepted: Any = find(world.policy("bad")["status"], "Accepted", "False")
    assert accepted["reason"] == "Invalid"
    assert where in accepted["message"]
    assert f'did you mean "{nearest}"?' in accepted["message"]
    right = {"order": ["Age"], "scorers": [{"name": "BestFit"}], "planner": {"name": "Greedy"}}
    world.patch(PLACEMENT_POLICY, "bad", {"spec": right})
    world.wait_condition("g", "Complete")
    world.until(lambda: find(world.policy("bad")["status"], "Accepted", "True"), "the policy is usable")


WRONG: dict[str, tuple[Object, str]] = {
    "preset": ({"preset": "LeastLoadet"}, 'spec.preset is "LeastLoadet", which is unknown: did you mean "LeastLoaded"?'),
    "planner": (
        {"planner": {"name": "RoundRobbin"}},
        'spec.planner.name is "RoundRobbin", which is unknown: did you mean "RoundRobin"?',
    ),
    "parameter": (
        {"planner": {"name": "Genetic", "parameters": [{"name": "populaton", "value": "40"}]}},
        'spec.planner.parameters is "populaton", which is unknown: did you mean "population"?',
    ),
    "value": (
        {"planner": {"name": "Genetic", "parameters": [{"name": "population", "value": "many"}]}},
        'spec.planner.parameters.population is "many": it must be a whole number',
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_names_are_answered_with_the_nearest_right_one(world: World, what: str) -> None:
    spec, said = WRONG[what]
    world.create_policy("bad", **spec)
    condition: Any = world.until(lambda: find(world.policy("bad").get("status", {}), "Accepted", "False"))
    assert (condition["reason"], condition["message"]) == ("Invalid", said)


@pytest.mark.parametrize("what", SERVES)
def test_whom_a_policy_does_not_serve_waits_and_is_told(world: World, what: str) -> None:
    serves, asked, sentence = SERVES[what]
    world.create_policy("p", serves=serves)
    world.create("g", asked, policyName="p")
    accepted = world.wait_condition("g", "Accepted", "False")
    assert accepted["reason"] == "PolicyRefuses"
    assert sentence.replace("namespace bad-", f"namespace {NAMESPACE}") in accepted["message"]
    assert world.created("g") == []


def test_a_request_that_no_node_could_hold_waits_with_all_rejections_summed_up(world: World) -> None:
    asked: Object = {"cpu": "65", "requests": {"nvidia.com/gpu": "9"}}
    world.create("huge", task("a", **asked))
    world.create("nowhere", task("a", pod={"nodeSelector": {"disk": "quantum"}}))
    huge = world.wait_condition("huge", "Waiting")
    assert huge["reason"] == "NoSuchNode"
    assert "task a: 0/4 nodes" in huge["message"]
    nowhere = world.wait_condition("nowhere", "Waiting")
    assert nowhere["reason"] == "NoSuchNode"
    assert "4 do not match nodeSelector disk=quantum" in nowhere["message"]
    assert world.status("nowhere")["waiting"] == "NoSuchNode 1"
