"""Two operators: one that leads, one that takes over while the first has writes under way, and the first that goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from bayplan_operator import names
from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.connection import Connection, Request
from tests.tick.api.kinds import NODE, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.machinery.pods import deleting, node_of, there
from tests.tick.operator import Operator
from tests.tick.world import World


@dataclass
class Pair:
    """The first operator leads; `take_over` as a Lease that has run out has it."""

    world: World
    first: Operator
    second: Operator

    def take_over(self) -> None:
        self.first.leading = False
        self.second.term = self.first.term  # which its start raises
        self.second.start()


@pytest.fixture
def pair() -> Iterator[Pair]:
    world = World(rejection_memory=5.0)
    world.create_policy("default")
    world.add_nodes(CPU_LARGE, 4)
    second = Operator(world.loop, world.api, world.operator.settings, seed=1)
    world.operator.start()
    yield Pair(world, world.operator, second)
    second.kill()
    world.close()


def once(world: World) -> bool:
    return max(world.made().values()) == 1


@pytest.mark.parametrize("seed", range(8))
def test_at_drawn_instants_no_write_begins_late_and_nothing_runs_twice(pair: Pair, seed: int) -> None:
    draw, world = random.Random(seed), pair.world
    world.api.latency = draw.choice((0.0, 0.05, 0.4))
    world.scheduler.delay = draw.choice((0.0, 0.1))
    for method, path in (("POST", "/pods$"), ("PATCH", "/status$"), ("DELETE", "/pods/")):
        busy = Refusal(429, "TooManyRequests", "later", retry_after=draw.choice((1, 5)))
        world.api.trouble.order(method, path, busy, times=draw.randint(0, 6))
    for name in ("g", "h"):
        world.create(name, task("a", shards=8, seconds=1), task("b", "a", shards=4, seconds=2), task("c", "b"))
    world.run(draw.uniform(0.0, 6.0))
    pair.take_over()
    for name in ("g", "h"):
        world.wait_condition(name, "Complete")
    world.run(30.0)
    assert pair.first.late == []
    assert once(world)
    assert not pair.first.alive, "it ends by itself, as a process that lost its Lease does"
    made_by = {pod["metadata"]["annotations"][names.ANNOTATION_TERM] for pod in world.created()}
    assert made_by <= {"1", "2"}


def test_what_waits_to_be_tried_again_is_not_begun_any_more_and_counted(pair: Pair) -> None:
    world = pair.world
    world.loop.takes[forecast] = 60.0  # the end of an estimate would wake the tick, which would notice the loss first
    world.api.trouble.order("POST", "/pods$", Refusal(429, "TooManyRequests", "later"), times=3)
    world.create("g", task("a", shards=3))
    world.run(0.05)  # all three have been put off, and nothing else is under way
    pair.first.leading = False
    world.run(20.0)
    assert world.created("g") == []
    assert pair.first.late == []
    assert world.rise("bayplan_api_writes_fenced_total", what="create pod") >= 1, "the others are given up then"


def test_a_pod_of_an_earlier_term_that_is_what_is_wanted_is_taken(pair: Pair) -> None:
    world = pair.world
    world.create("g", task("a", seconds=None))
    (pod,) = world.wait_running("g")
    pair.take_over()
    world.run(5.0)
    world.finish(pod)
    world.wait_condition("g", "Complete")
    assert [each["metadata"]["annotations"][names.ANNOTATION_TERM] for each in world.created("g")] == ["1"]


def test_one_that_was_meant_for_another_node_and_arrives_late_is_made_anew(pair: Pair) -> None:
    world = pair.world
    world.scheduler.delay = 3.0
    pair.first.under_way = []
    world.create("g", task("a", seconds=None))
    world.run(1.0)
    (_, sent) = pair.first.under_way[0]
    meant_for = msgspec.json.decode(sent.body)["metadata"]["annotations"][names.ANNOTATION_NODE]
    world.patch(NODE, meant_for, {"spec": {"unschedulable": True}})
    pair.second.under_way = []
    pair.take_over()
    world.run(1.0)
    pair.first.deliver()
    pair.second.deliver()
    (pod,) = world.wait_running("g")
    assert node_of(pod) != meant_for
    assert [each["metadata"]["annotations"][names.ANNOTATION_TERM] for each in world.created("g")] == ["1", "2"]
    world.finish(pod)
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].split()[1].endswith("/0"), "no retry is spent on it"
    assert world.rise("bayplan_take_backs_total") == 0, "kube-scheduler had to say first that the node cannot have it"


def test_a_status_is_written_on_the_version_that_was_decided_on(pair: Pair) -> None:
    world = pair.world
    world.create("g", task("a", seconds=None))
    world.wait_running("g")
    versions = []
    serve = world.api.serve

    def watched(connection: Connection, request: Request) -> None:
        if request.method == "PATCH" and request.path.endswith("/taskgraphs/g/status"):
            versions.append(b'"resourceVersion"' in request.body)
        serve(connection, request)

    world.api.serve = watched  # type: ignore[method-assign]
    world.finish(*world.running("g"))
    world.wait_condition("g", "Complete")
    assert versions
    assert all(versions)


def test_a_status_that_finds_another_version_is_decided_anew(pair: Pair) -> None:
    """The graph is edited just before three of its writes: it is read again each time, and its end is written all the same."""
    world = pair.world
    edits = iter(range(3))
    serve = world.api.serve

    def edited(connection: Connection, request: Request) -> None:
        if request.method == "PATCH" and request.path.endswith("/taskgraphs/g/status") and next(edits, None) is not None:
            world.patch(TASK_GRAPH, "g", {"metadata": {"labels": {"edited": f"at-{world.loop.passed:.0f}"}}})
        serve(connection, request)

    world.api.serve = edited  # type: ignore[method-assign]
    world.create("g", task("a", seconds=2), task("b", "a", seconds=2))
    world.wait_condition("g", "Complete")
    assert next(edits, None) is None
    assert once(world)


def test_a_pod_is_deleted_as_it_was_seen(pair: Pair) -> None:
    world = pair.world
    bodies = []
    serve = world.api.serve

    def watched(connection: Connection, request: Request) -> None:
        if request.method == "DELETE" and "/pods/" in request.path:
            bodies.append(request.body)
        serve(connection, request)

    world.api.serve = watched  # type: ignore[method-assign]
    world.create("g", task("a", seconds=None))
    (pod,) = world.wait_running("g")
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.until(lambda: there(world.store, pod) is None or deleting(there(world.store, pod) or pod), "it is deleted")
    assert bodies
    assert all(b'"resourceVersion"' in body and b'"uid"' in body for body in bodies)


@pytest.mark.parametrize("moment", [1.9, 2.1, 2.5, 2.9, 3.3, 3.7, 4.1, 5.0, 6.2])
def test_both_go_by_one_decision_on_each_round(pair: Pair, moment: float) -> None:
    """Lots are drawn of those whose nodes are free, which is otherwise for each of the two."""
    world = pair.world
    world.api.latency = 0.4
    fields = {"rounds": {"tasks": ["local", "join"], "max": 3, "sample": {"clients": 2, "floor": "0.1"}}}
    world.create("g", task("local", shards=6, seconds=1), task("join", "local", seconds=1), **fields)
    world.run(moment)
    world.create("h", task("fill", shards=8, seconds=5, cpu="40"))
    world.run(0.3)
    pair.take_over()
    world.wait_condition("g", "Complete")
    assert once(world)
    made = [pod for pod in world.created("g") if pod["metadata"]["labels"]["bayplan.dev/task"] == "local"]
    ran = [
        (pod["metadata"]["annotations"]["bayplan.dev/round"], pod["metadata"]["labels"]["bayplan.dev/shard"]) for pod in made
    ]
    assert len(ran) == len(set(ran)) == 6, ran
    assert [line.split()[1] for line in world.status("g")["rounds"]["history"]] == ["3/3"] * 3
