"""The operator may be killed at any instant."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import Object, task
from tests.cluster.test_survival import shapes
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.machinery.pods import phase, said
from tests.tick.seen import label
from tests.tick.world import World

GRAPHS, KILLS = 10, 10
LATENCY = 0.05
"""Seconds that a request takes, so that some are under way at most instants."""


@pytest.mark.parametrize("seed", range(3))
def test_graphs_survive_kills_at_drawn_instants(world: World, seed: int) -> None:
    lots = random.Random(seed)
    world.api.latency = LATENCY
    world.loop.takes[forecast] = 60.0  # estimates are not what this is about
    world.scheduler.delay, world.kubelets.delay = 0.1, 0.2
    for number in range(GRAPHS):
        world.create(f"g{number:02d}", *shapes(lots))
        world.run(lots.uniform(0.0, 0.2))
    for _ in range(KILLS):
        world.run(lots.uniform(0.0, 0.8))
        world.operator.restart()
    world.until(lambda: all("completionTime" in graph.get("status", {}) for graph in world.store.all(TASK_GRAPH)))
    world.until(lambda: not world.held(), "no finalizer is left")
    for graph in world.store.all(TASK_GRAPH):
        units = sum(each.get("shards", 1) for each in graph["spec"]["tasks"])
        assert graph["status"]["summary"] == "Succeeded"
        assert graph["status"]["succeeded"] == units
    assert max(world.made().values()) == 1, "an incarnation was made twice"
    succeeded: Counter[tuple[str, str, str]] = Counter()
    for pod in world.pods():
        unit = (label(pod, "bayplan.dev/graph"), label(pod, "bayplan.dev/task"), label(pod, "bayplan.dev/shard"))
        succeeded[unit] += phase(pod) == "Succeeded"
        again = label(pod, "bayplan.dev/incarnation") != "1"
        assert said(pod, "fail-incarnations") or not again, "a task that never failed was started twice"
    assert set(succeeded.values()) == {1}, "each shard has exactly one success"


def test_creations_that_were_under_way_are_found_again(world: World) -> None:
    """Killed while the requests are on their way: they are done, and the answers reach no one."""
    world.api.latency = 1.0
    world.run(10)
    world.create("g", task("a", shards=8, seconds=5))
    world.run(0.3)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 8
    assert set(world.made().values()) == {1}


def test_what_had_not_been_sent_is_lost_and_done_by_the_next(world: World) -> None:
    world.create("g", task("a", seconds=5), task("b", "a"))
    world.wait_running("g", "a")
    world.run(2)
    world.api.hold()
    world.run(5)
    assert phase(world.pods("g")[0]) == "Succeeded"
    world.operator.kill()
    world.api.resume()
    world.run(60)
    assert world.lines("g")["a"].startswith("Running")
    world.operator.start()
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 2


def test_when_a_graph_began_is_known_though_its_first_status_was_never_written(world: World) -> None:
    world.run(5)
    world.create("g", task("a", seconds=None), task("b", seconds=None))
    world.until(lambda: len(world.pods("g")) == 2)
    assert world.status("g") == {}
    world.operator.kill()
    world.run(60)
    world.operator.start()
    world.run(5)
    assert world.seconds(world.status("g")["startTime"]) == 5


def test_what_ended_while_the_operator_was_away_is_known_afterwards(world: World) -> None:
    world.create("g", task("a", seconds=None), task("b", "a"))
    world.create("gone", task("a", seconds=None))
    (running,) = world.wait_running("g", "a")
    world.wait_running("gone")
    world.operator.kill()
    world.delete(TASK_GRAPH, "gone")
    world.finish(running)
    world.run(60)
    world.operator.start()
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 2
    world.until(lambda: not world.pods("gone"), "the pod of the deleted graph is gone")


@pytest.mark.parametrize("way", ["Background", "Foreground", "Orphan"])
def test_finalizers_end_although_the_operator_was_away_when_the_graph_went(world: World, way: str) -> None:
    world.create("g", task("done", seconds=0.1), task("runs", seconds=None))
    world.wait_running("g", "runs")
    world.operator.kill()
    world.delete(TASK_GRAPH, "g", way)
    world.run(60)
    assert world.held()
    world.operator.start()
    world.until(lambda: not world.held() and not world.store.all(TASK_GRAPH), "nothing is held, and the graph is gone")
    left = [label(pod, "bayplan.dev/task") for pod in world.pods("g") if phase(pod) == "Running"]
    assert left == (["runs"] if way == "Orphan" else [])


def test_retries_and_back_off_outlive_the_operator(world: World) -> None:
    failing: Object = {"sim.bayplan.dev/exit-code": "1", "sim.bayplan.dev/fail-incarnations": "1,2"}
    retry = {"limit": 2, "backoff": {"initial": "60s", "factor": 1}}
    world.create("g", task("a", annotations=failing), retry=retry)
    for number in (1, 2):
        world.until(lambda number=number: world.lines("g").get("a", "").startswith(f"Ready {number}/{number}"))  # type: ignore[misc]
        world.operator.restart()
        world.run(30)
        assert len(world.created("g")) == number, "the wait goes on"
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 3/2")


def test_a_pod_deleted_with_its_finalizer_while_the_operator_is_away_is_replaced(world: World) -> None:
    world.create("g", task("a", seconds=None))
    (pod,) = world.wait_running("g")
    world.run(3)
    world.operator.kill()
    world.patch(POD, pod["metadata"]["name"], {"metadata": {"finalizers": None}})
    world.store.delete(POD, "test", pod["metadata"]["name"], grace=0)
    world.operator.start()
    world.finish(world.wait_attempt("g", 2))
    world.wait_condition("g", "Complete")
