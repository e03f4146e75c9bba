"""`bayplan plan` counts pods that are no graph's as the operator does: those that wait behind the gate, and those that run."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.kube import wire
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import POD
from tests.tick.foreign import PLACED, bound, gated, waits
from tests.tick.seen import find
from tests.tick.test_line import EIGHT, full, place
from tests.tick.test_planned_evictions import asked, plan, situation, spec, victims
from tests.tick.test_planned_places import one, planned
from tests.tick.test_preemption import WITHIN, small
from tests.tick.world import World


def starts(world: World, **more: object) -> Object:
    """When a graph of the queue r is expected to start, in seconds since the begin."""
    told = planned(world, ("new", spec(one(), queueName="r", **more)))["test/new"]["expectedStart"]
    return {part: world.seconds(told[part]) for part in ("p50", "p90") if part in told}


def test_what_waits_behind_the_gate_is_ahead_by_its_priority(empty: World) -> None:
    world = full(empty)
    alone = starts(world, priority=5)
    gated(world, "later", cpu="8", labels={"queue": "r", "priority": "4"}, activeDeadlineSeconds=200)
    world.run(1)
    assert starts(world, priority=5) == alone
    gated(world, "urgent", cpu="8", labels={"queue": "r", "priority": "9"}, activeDeadlineSeconds=200)
    waits(world, "urgent", "NoCapacity")
    found = starts(world, priority=5)
    assert found["p90"] == pytest.approx(alone["p90"] + 200, abs=2)
    world.create("new", one(), queueName="r", priority=5)
    world.run(8)
    said = place(world, "new")
    assert (said["position"], said["ahead"]) == (1, "no graph is ahead"), "pods are no graphs"
    assert world.seconds(said["expectedStart"]["p90"]) == pytest.approx(found["p90"], abs=15)


def test_pods_of_which_nothing_says_how_long_they_run_leave_the_start_open(empty: World) -> None:
    world = full(empty)
    gated(world, "urgent", cpu="8", labels={"queue": "r", "priority": "9"})
    waits(world, "urgent", "NoCapacity")
    assert starts(world, priority=5) == {}


def test_a_gang_that_is_not_complete_keeps_nothing_waiting(empty: World) -> None:
    world = full(empty)
    alone = starts(world)
    gang = {"queue": "r", "priority": "9", "gang": "g", "gang-size": "2"}
    gated(world, "first", cpu="4", labels=gang, activeDeadlineSeconds=200)
    waits(world, "first", "GangIncomplete")
    assert starts(world) == alone
    gated(world, "second", cpu="4", labels=gang, activeDeadlineSeconds=200)
    world.run(1)
    assert starts(world)["p90"] == pytest.approx(alone["p90"] + 200, abs=2)


def test_a_pod_with_a_deadline_that_runs_has_ended_by_then(empty: World) -> None:
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create_queue("r")
    gated(empty, "old", cpu="8", activeDeadlineSeconds=300)
    bound(empty, "old")
    empty.run(10)
    found = starts(empty)
    assert found["p90"] == pytest.approx(300, abs=5)
    empty.create("new", one(), queueName="r")
    empty.run(8)
    said = place(empty, "new")["expectedStart"]
    assert empty.seconds(said["p90"]) == pytest.approx(found["p90"], abs=5)


def test_a_place_on_record_with_the_rest_of_a_gang_is_taken(empty: World) -> None:
    world = full(empty)
    world.add_nodes(NodeKind("small", 4, "16Gi"), 1)
    for name in ("first", "second"):
        gated(world, name, cpu="2", labels={"queue": "r", "gang": "g", "gang-size": "2"}, activeDeadlineSeconds=200)
    for name in ("first", "second"):
        bound(world, name)
    # As an operator leaves it that is killed once it has let the first go.
    recorded = [each for each in versions(world, "second") if find(each["status"], PLACED)]
    (*_, second) = (each for each in recorded if each["spec"].get("schedulingGates"))
    there = situation(world)
    pod = msgspec.convert(second, wire.Pod, strict=False)
    others = [each for each in there.pods if each.metadata.name != "second"]
    now = world.loop.clock()
    copy = Copy(replace(there, pods=[*others, pod], gated=[(pod, second)]), asked(world), now)
    assert copy.foreign == ()
    (node,) = {each.spec.node_name for each in others if each.metadata.name == "first"}
    assert ("test", "second") in copy.cluster.occupants(node)


def versions(world: World, pod: str) -> list[Object]:
    """What a pod has been, the first first."""
    return [item for _, kind, _, item in world.store.history if kind == POD and item["metadata"]["name"] == pod]


def test_what_waits_behind_the_gate_gets_free_room_first_and_evicts_nothing(empty: World) -> None:
    small(empty, nodes=2)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", cpu="4", seconds=600), queueName="q")
    empty.wait_running("low")
    empty.operator.kill()
    high = "high", spec(task("t", cpu="4", seconds=20), queueName="q", priority=5)
    assert [each.verdict for each in plan(empty, high).starts] == ["Starts"]
    gated(empty, "foreign", cpu="4", labels={"queue": "q", "priority": "9"})
    gated(empty, "another", cpu="4", labels={"queue": "q", "priority": "8"})
    found = plan(empty, high)
    assert [each.verdict for each in found.starts] == ["Evicts"], "one of them has the free node"
    assert victims(found) == {pod["metadata"]["name"] for pod in empty.pods("low")}


def test_what_is_behind_in_the_line_takes_no_room_from_the_graph(empty: World) -> None:
    small(empty, nodes=1)
    empty.create_queue("q", preemption=WITHIN)
    empty.operator.kill()
    gated(empty, "foreign", cpu="4", labels={"queue": "q", "priority": "1"})
    high = "high", spec(task("t", cpu="4", seconds=20), queueName="q", priority=5)
    assert [each.verdict for each in plan(empty, high).starts] == ["Starts"]
