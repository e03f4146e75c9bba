"""Graphs that are admitted as a whole: charged and recorded before the first pod, under kills at any instant."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.conftest import begun
from tests.tick.seen import label
from tests.tick.test_queues import cpu, waiting
from tests.tick.world import World

LATENCY = 0.05
"""Seconds that each request to the API server is under way, and its answer as long."""
WHOLE = {"queueName": "q", "admission": "Graph"}


def fork(seconds: float | None = 1.0) -> tuple[Object, ...]:
    """One task, then two beside each other of which each asks for two cores, then one."""
    last = task("last", "left", "right", seconds=seconds)
    return task("first", seconds=seconds), *(task(each, "first", seconds=seconds, cpu="2") for each in ("left", "right")), last


def charged(world: World, graph: str) -> str:
    """What its queue was charged, in cores."""
    quotas = (world.status(graph).get("charged") or {}).get("quotas") or [{"amount": ""}]
    return str(quotas[0]["amount"])


def recorded_first(world: World, graph: str) -> bool:
    """Its charge stood in the status when the first pod came into being, and stayed what it was."""
    recorded: list[Object] = []
    made = False
    for _, kind, _, item in world.store.history:
        if kind == TASK_GRAPH and item["metadata"]["name"] == graph:
            recorded.append(item.get("status", {}).get("charged"))
        elif kind == POD and label(item, "bayplan.dev/graph") == graph:
            made = True
            assert recorded[-1] is not None
    said = [each for each in recorded if each is not None]
    return made and said == [said[0]] * len(said)


def test_the_whole_is_charged_and_another_waits_for_all_of_it(world: World) -> None:
    world.create_queue("q", cpu(6))
    world.create("one", *fork(seconds=30), **WHOLE)
    world.wait_running("one")
    assert charged(world, "one") == "4"
    assert recorded_first(world, "one")
    world.create("two", *fork(seconds=1), **WHOLE)
    said = waiting(world, "two", "QuotaExceeded")
    assert "queue q: cpu: 4 of 6 used, 4 asked for the whole graph, 2 missing, 3 charged to whole graphs" in said
    world.create("small", task("a", cpu="2"), queueName="q")
    world.wait_condition("small", "Complete")
    assert not world.pods("two")
    status = world.until(lambda: (found := world.queue("q")["status"]).get("usage") == "cpu 1/6" and found)
    assert status["quotas"] == [{"resource": "cpu", "used": "1", "nominal": "6", "borrowed": "0", "charged": "3"}]
    world.wait_running("one", "left")
    assert not world.pods("two"), "all four cores are held"
    world.wait_running("one", "last")
    world.wait_running("two")
    world.wait_condition("one", "Complete")
    world.wait_condition("two", "Complete")
    world.run(2)
    assert world.queue("q")["status"]["quotas"] == [{"resource": "cpu", "used": "0", "nominal": "6", "borrowed": "0"}]


def meet(world: World, seconds: int) -> None:
    """Pods of the tasks `a` and `b` of a graph end once both run, as programs do that wait for each other."""
    for _ in range(seconds):
        for name in ("one", "two"):
            pods = [*world.running(name, "a"), *world.running(name, "b")]
            if len(pods) == 2:
                world.finish(*pods)
        world.run(1)


@pytest.mark.parametrize("admission", ["Task", "Graph"])
def test_two_graphs_that_each_hold_half_lock_each_other_unless_they_are_admitted_as_a_whole(
    world: World, admission: str
) -> None:
    """Each needs two cores, and its queue has two. The second is more urgent, and comes when the first is at work."""
    world.create_queue("q", cpu(2))
    tasks = task("a", seconds=None), task("before", seconds=5), task("b", "before", seconds=None)
    world.create("one", *tasks, queueName="q", admission=admission)
    world.wait_running("one", count=2)
    world.create("two", *tasks, queueName="q", admission=admission, priority=10)
    meet(world, 60)
    if admission == "Task":
        held = [(len(world.running(name, "a")), len(world.running(name, "b"))) for name in ("one", "two")]
        assert held == [(1, 0), (1, 0)], "each holds half of what both need, for ever"
    else:
        assert world.condition("one", "Complete", "True")
        assert world.condition("two", "Complete", "True")


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0.0, 12 * LATENCY), min_size=1, max_size=4))
def test_killed_at_any_instant_a_graph_is_charged_once_and_the_sums_hold(kills: list[float]) -> None:
    with begun() as world:
        world.add_nodes(CPU_LARGE, 2)
        world.api.latency = LATENCY
        world.create_queue("q", cpu(5))
        world.operator.start()
        world.run(1.0)
        names = [f"g-{number}" for number in range(3)]
        for name in names:
            world.create(name, *fork(seconds=0.5), **WHOLE)
        for seconds in kills:
            world.run(seconds)
            world.operator.kill()
            world.operator.start()
        for name in names:
            world.wait_condition(name, "Complete")
            assert recorded_first(world, name)
        # Each needs four of five cores: whatever happened, no two were under way at once.
        spans = sorted(
            (world.seconds(world.status(name)["startTime"]), world.seconds(world.status(name)["completionTime"]))
            for name in names
        )
        assert all(before[1] <= after[0] + 1.0 for before, after in itertools.pairwise(spans))


def test_a_successor_knows_what_is_charged_before_it_places_anything(world: World) -> None:
    world.create_queue("q", cpu(4))
    world.create("one", *fork(seconds=20), **WHOLE)
    world.wait_running("one")
    world.operator.kill()
    world.create("urgent", task("a", cpu="2"), queueName="q", priority=100)
    world.operator.start()
    waiting(world, "urgent", "QuotaExceeded")
    world.wait_running("one", "left")
    assert not world.pods("urgent")
    world.wait_condition("one", "Complete")
    world.wait_condition("urgent", "Complete")


def test_suspension_gives_the_charge_back_and_resumption_waits_for_it(world: World) -> None:
    world.create_queue("q", cpu(4))
    world.create("one", *fork(seconds=20), **WHOLE)
    world.wait_running("one")
    world.patch(TASK_GRAPH, "one", {"spec": {"suspend": True}})
    world.create("two", *fork(seconds=20), **WHOLE)
    world.wait_running("two")
    assert charged(world, "one") == ""
    world.patch(TASK_GRAPH, "one", {"spec": {"suspend": False}})
    waiting(world, "one", "QuotaExceeded")
    world.wait_condition("two", "Complete")
    world.wait_condition("one", "Complete")
    assert charged(world, "one") == "4"


def test_a_graph_that_never_fits_says_so_at_once_and_holds_up_no_other(world: World) -> None:
    world.create_queue("q", cpu(3))
    world.create("wide", *fork(), **WHOLE)
    said = waiting(world, "wide", "QuotaExceeded")
    assert "queue q: cpu: 4 asked for the whole graph, and the queue may never hold more than 3" in said
    world.create("small", task("a", cpu="2"), queueName="q")
    world.wait_condition("small", "Complete")


def test_before_its_first_pod_a_graph_may_go_to_another_queue(world: World) -> None:
    world.create_queue("q", cpu(4))
    world.create_queue("r", cpu(8))
    world.create("one", *fork(seconds=30), **WHOLE)
    world.wait_running("one")
    world.create("two", *fork(seconds=1), **WHOLE)
    waiting(world, "two", "QuotaExceeded")
    world.patch(TASK_GRAPH, "two", {"spec": {"queueName": "r"}})
    world.wait_condition("two", "Complete")
    assert world.status("two")["charged"]["queue"] == "r"


@pytest.mark.parametrize("change", ["Task", "Graph"])
def test_admission_cannot_change_once_the_graph_has_started(world: World, change: str) -> None:
    before = "Graph" if change == "Task" else "Task"
    world.create("one", task("a", seconds=20), admission=before)
    world.wait_running("one")
    world.patch(TASK_GRAPH, "one", {"spec": {"admission": change}})
    said = world.wait_condition("one", "Accepted", "False")["message"]
    assert said.startswith("spec.admission cannot change once the graph has started: create a graph with another name instead")
    world.patch(TASK_GRAPH, "one", {"spec": {"admission": before}})
    world.wait_condition("one", "Complete")
