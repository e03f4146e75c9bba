"""What may never start has no expected end a few seconds ahead, which would move on with the clock for ever."""

from __future__ import annotations

import pytest

from tests.cluster.kube import task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import NODE, QUEUE
from tests.tick.machinery.pods import node_of, terminal
from tests.tick.test_gates import gated, let_go
from tests.tick.world import World

FIGURES = ("estimatedCompletion", "earliestCompletion", "deadlineProbability")


def unknown(world: World, name: str, seconds: float) -> str:
    """That nothing is said of its end from 20 s on (each node has been tried), for so long; answers why."""
    world.run(20)
    for _ in range(int(seconds / 5)):
        world.run(5)
        status = world.status(name)
        assert {field: status.get(field) for field in FIGURES} == dict.fromkeys(FIGURES), world.loop.passed
    why: str = world.status(name)["estimateBasis"]
    return why


@pytest.mark.parametrize("deadline", [None, "1h"])
def test_what_all_nodes_refuse_ends_nobody_knows_when(world: World, deadline: str | None) -> None:
    world.scheduler.objection = lambda pod, node: 'persistentvolumeclaim "data" not found'
    world.scheduler.delay = 0.5
    given = {} if deadline is None else {"deadline": deadline}
    world.create("g", task("a", seconds=60, expectedDuration="60s"), task("b", "a", expectedDuration="5s"), **given)
    assert unknown(world, "g", 300) == "every node that could hold task a has refused or evicted it lately"
    world.scheduler.objection = lambda pod, node: ""
    world.wait_running("g", "a")
    world.run(10)
    assert world.status("g")["estimateBasis"] == "from hints only"
    assert 40 <= world.seconds(world.status("g")["estimatedCompletion"]) - world.loop.passed <= 65
    world.wait_condition("g", "Complete")


def test_what_its_queue_lets_not_start_ends_nobody_knows_when(world: World) -> None:
    world.create_queue("held", stopPolicy="Hold")
    world.create_queue("small", {"resource": "cpu", "nominal": "500m"})
    world.create("g", task("a", seconds=60, expectedDuration="60s"), queueName="held")
    world.create("h", task("a", seconds=60, expectedDuration="60s"), queueName="small")
    assert unknown(world, "g", 60) == "queue held lets nothing start: its stopPolicy is Hold"
    assert unknown(world, "h", 60) == "queue small may never hold what task a asks for"
    world.patch(QUEUE, "held", {"spec": {"stopPolicy": "None"}})
    world.patch(QUEUE, "small", {"spec": {"quotas": []}})
    world.wait_running("g")
    world.wait_running("h")
    world.run(10)
    assert world.status("g")["estimateBasis"] == "from hints only"
    assert world.status("h")["estimatedCompletion"]


def test_what_some_nodes_refuse_is_expected_to_end(world: World) -> None:
    world.scheduler.objection = lambda pod, node: "" if node == "cpu-large-3" else "no"
    world.create("g", task("a", seconds=60, expectedDuration="60s"))
    world.wait_running("g")
    world.run(5)
    assert world.status("g")["estimatedCompletion"]


def test_siblings_that_keep_each_other_away_are_expected_to_end(empty: World) -> None:
    empty.add_nodes(CPU_LARGE, 1)
    empty.operator.start()
    empty.scheduler.objection = lambda pod, node: (
        "no" if any(node_of(each) and not terminal(each) for each in empty.pods()) else ""
    )
    empty.create("g", task("a", shards=2, seconds=60, expectedDuration="60s"))
    empty.wait_running("g")
    empty.run(30)
    assert len(empty.running()) == 1
    assert empty.status("g")["estimatedCompletion"], "one of them runs, and the other follows"


def test_a_gate_of_another_program_lasts_for_nobody_knows_how_long(world: World) -> None:
    world.store.webhooks.append(gated)
    world.create("queued", task("part", seconds=60, expectedDuration="60s"))
    assert unknown(world, "queued", 60) == "a scheduling gate of another program holds back task part"
    let_go(world, "queued")
    world.wait_running("queued")
    world.run(10)
    assert world.status("queued")["estimatedCompletion"]


def test_why_nothing_is_known_is_said_of_nodes_that_are_not_there_and_of_nodes_that_are_cordoned(world: World) -> None:
    world.create("g", task("a", seconds=5, expectedDuration="5s", pod={"nodeSelector": {"no": "such"}}))
    assert unknown(world, "g", 30) == "no node that is there could ever hold task a"
    for node in world.store.all(NODE):
        world.patch(NODE, node["metadata"]["name"], {"spec": {"unschedulable": True}})
    world.create("h", task("a", seconds=5, expectedDuration="5s"))
    assert unknown(world, "h", 30) == "some of it finds no place on the nodes that are ready now"
