"""Requests that are refused, lost, or done without an answer; watches that break; an API server that is away."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.outlook.estimating import Estimator
from bayplan_operator.conductor.outlook.forecasting import forecast
from bayplan_operator.conductor.step import Tick
from bayplan_operator.names import pod_name
from tests.cluster.kube import task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import NODE, POD, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.api.trouble import Loss
from tests.tick.machinery.pods import deleting
from tests.tick.seen import find, label
from tests.tick.world import World


def once(world: World) -> bool:
    """No attempt was made twice."""
    return max(world.made().values()) == 1


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST, Loss.TIME])
def test_a_creation_without_an_answer_is_settled_and_made_once(world: World, loss: Loss) -> None:
    world.api.trouble.order("POST", "/pods$", loss)
    world.create("g", task("a"), task("b", "a"))
    world.wait_condition("g", "Complete")
    assert world.api.trouble.met == 1
    assert once(world)
    assert [line.split()[1] for line in world.lines("g").values()] == ["1/0", "1/0"]


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST])
def test_a_status_without_an_answer_is_written_again(world: World, loss: Loss) -> None:
    world.api.trouble.order("PATCH", "/taskgraphs/g/status$", loss, times=3)
    world.create("g", task("a"), task("b", "a"))
    world.wait_condition("g", "Complete")
    world.until(lambda: not world.held(), "the finalizers are gone")
    assert world.api.trouble.met == 3


def test_a_foreign_pod_has_the_name_that_ours_would_get(world: World) -> None:
    """It lacks the hash of the template, whatever its labels say: it is told, left alone, and no failure of the task."""
    world.operator.kill()
    uid = world.create("g", task("a"), retry={"limit": 0})["metadata"]["uid"]
    taken = pod_name("g", uid, "a", 0, 1)
    labels = {"graph": "g", "graph-uid": uid, "task": "a", "shard": "0", "incarnation": "1"}
    metadata = {"name": taken, "labels": {f"bayplan.dev/{name}": value for name, value in labels.items()}}
    spec = {"containers": [{"name": "c", "image": "none"}], "nodeSelector": {"there": "none"}}
    foreign = world.store.create(POD, "test", {"metadata": metadata, "spec": spec})
    world.operator.start()
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 2/0")
    said = f"NameTaken: a pod named {taken} exists and was not made for this attempt: delete it"
    assert any(said in event["message"] for event in world.events("AttemptEnded"))
    assert world.store.get(POD, "test", taken)["metadata"]["uid"] == foreign["metadata"]["uid"]
    assert not deleting(world.store.get(POD, "test", taken))


def test_own_writes_count_at_once(world: World) -> None:
    """64 pods onto nodes with exactly that room, while the watch of pods brings nothing: no node gets one more."""
    half = [task(f"t{number:03d}", seconds=None, cpu="4") for number in range(32)]
    world.run(1)
    world.api.watches.paused.add(POD)
    for name in ("g", "h"):
        world.create(name, *half)
    world.run(60)
    assert len(world.running()) == len(world.created()) == 64
    assert {label(pod, "bayplan.dev/incarnation") for pod in world.created()} == {"1"}
    refused = [
        item for _, kind, _, item in world.store.history if kind == POD and find(item["status"], "PodScheduled", "False")
    ]
    assert refused == [], "kube-scheduler had to refuse one"
    world.api.watches.resume(POD)
    world.run(2)
    assert world.status("g")["active"] == 32


@pytest.mark.parametrize("kind", [POD, NODE, TASK_GRAPH])
def test_a_watch_that_is_too_old_is_begun_from_a_list(world: World, kind: object) -> None:
    world.create("g", task("a", seconds=None), task("b", "a"))
    (running,) = world.wait_running("g")
    world.api.watches.forgotten(kind)  # type: ignore[arg-type]
    world.run(5)
    world.finish(running)
    world.create("h", task("a"))
    world.wait_condition("g", "Complete")
    world.wait_condition("h", "Complete")
    assert once(world)


def test_a_pod_that_ended_while_the_watch_was_broken_is_seen(world: World) -> None:
    world.create("g", task("a", seconds=None), task("gone", seconds=None))
    pods = world.wait_running("g", count=2)
    world.api.watches.broken(POD)
    world.finish(*(pod for pod in pods if label(pod, "bayplan.dev/task") == "a"))
    for pod in pods:
        if label(pod, "bayplan.dev/task") == "gone":
            world.store.change(POD, "test", pod["metadata"]["name"], lambda pod: {
                **pod, "metadata": {**pod["metadata"], "finalizers": []}
            })  # fmt: skip
            world.store.delete(POD, "test", pod["metadata"]["name"], grace=0)
    world.finish(world.wait_attempt("g", 2, "gone"))
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")
    assert world.lines("g")["gone"].startswith("Succeeded 2/0")


def test_an_api_server_that_does_not_answer_for_a_minute(world: World) -> None:
    """What was asked meanwhile is settled, nothing is made twice, and everything ends well."""
    parents = [f"p{number}" for number in range(12)]
    world.create("g", *(task(name, seconds=8) for name in parents), task("last", *parents, shards=6, seconds=0.3))
    world.wait_running("g", count=6)
    world.api.hold()
    world.run(60)
    world.create("h", task("a"))
    world.api.resume()
    world.wait_condition("g", "Complete")
    world.wait_condition("h", "Complete")
    assert once(world)
    assert len(world.made()) == len(parents) + 6 + 1
    world.until(lambda: not world.held(), "the finalizers are gone")


def test_without_the_lease_nothing_is_decided(world: World) -> None:
    world.create("g", task("a"), task("b", "a"))
    world.wait_running("g", "a")
    world.operator.leading = False
    world.run(60)
    assert not world.operator.alive, "it ends by itself, as a process that lost its Lease does"
    assert len(world.created("g")) == 1
    world.operator.leading = True
    world.operator.start()
    world.wait_condition("g", "Complete")
    assert once(world)


def test_a_graph_that_cannot_be_deleted_in_time_is_tried_again_and_not_all_the_time(world: World) -> None:
    world.api.trouble.order("DELETE", "/taskgraphs/g$", Refusal(403, "Forbidden", "no right"), times=3)
    world.create("g", task("a"), ttlAfterFinished="5s")
    world.wait_condition("g", "Complete")
    world.rise("bayplan_tick_seconds_count")
    world.until(lambda: world.store.find(TASK_GRAPH, "test", "g") is None, "it is gone")
    assert world.api.trouble.met == 3
    assert world.rise("bayplan_tick_seconds_count") < 60


def test_statuses_that_may_not_be_written_hold_up_nothing_but_themselves(world: World) -> None:
    world.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(403, "Forbidden", "no right"), times=1000)
    world.create("g", task("a"), task("b", "a"))
    world.until(lambda: len(world.created("g")) == 2, "what its pods say is known without the record")
    world.run(60)
    assert world.status("g") == {}
    assert len(world.held()) == 2, "what is not recorded is kept"
    world.api.trouble.forget()
    world.wait_condition("g", "Complete")
    world.until(lambda: not world.held(), "the finalizers are gone")


def test_a_tick_that_fails_half_way_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create("g", task("a", seconds=1, shards=3), task("b", "a", seconds=1))
    world.wait_running("g", count=3)
    original, fails = Estimator.step, [True, True, True]

    def step(self: Estimator, tick: Tick) -> None:
        if fails and any(graph.running is not None for graph in tick.touched):
            fails.pop()
            raise RuntimeError("half way")
        original(self, tick)

    monkeypatch.setattr(Estimator, "step", step)
    world.expected_errors = 3
    world.wait_condition("g", "Complete")
    assert not fails, "it never failed"
    assert once(world)


def test_a_graph_whose_number_of_shards_cannot_be_recorded_costs_no_tick_after_tick(world: World) -> None:
    world.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(403, "Forbidden", "no right"), times=1000)
    world.create("g", task("a", shards="Auto", expectedDuration="1h", autoShards={"max": 4}))
    world.run(290)
    world.rise("bayplan_tick_seconds_count")
    world.run(60)
    assert world.rise("bayplan_tick_seconds_count") < 100
    world.api.trouble.forget()
    world.wait_condition("g", "Accepted")


def test_a_pod_that_has_changed_is_read_again_before_it_is_deleted(world: World) -> None:
    world.create("g", task("a", seconds=None))
    world.wait_running("g")
    world.api.watches.paused.add(POD)  # the news of the change is late
    (pod,) = world.pods("g")
    world.patch(POD, pod["metadata"]["name"], {"metadata": {"labels": {"edited": "yes"}}})
    before = world.api.requests["DELETE pods"]
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.run(2.0)
    assert world.api.requests["DELETE pods"] - before == 2, "once as it was seen, once as it is"
    world.api.watches.paused.clear()
    world.until(lambda: not world.running("g"), "it is stopped")


def test_when_very_many_graphs_run_each_is_written_the_less_often_and_its_end_at_once(world: World) -> None:
    for number in range(100):
        world.create(f"g{number}", *(task(f"t{place}", *([f"t{place - 1}"] if place else []), cpu="1") for place in range(8)))
    world.wait_condition("g99", "Complete")
    world.run(5)
    patches = world.api.requests["PATCH taskgraphs"]
    assert patches <= 100 * 2 + 20 * world.loop.passed, "first and last ones, and 20 a second"
    for number in range(100):
        ended = max(world.seconds(pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"])
                    for pod in world.pods(f"g{number}"))  # fmt: skip
        assert world.seconds(world.status(f"g{number}")["completionTime"]) <= ended + 1.0


def test_a_graph_of_one_short_task_costs_five_writes(world: World) -> None:
    world.run(2)
    world.api.requests.clear()
    for number in range(10):
        world.create(f"g{number}", task("a", seconds=0.2))
    for number in range(10):
        world.wait_condition(f"g{number}", "Complete")
    world.until(lambda: not world.held(), "the finalizers are gone")
    writes = {what: count for what, count in world.api.requests.items() if not what.startswith("GET")}
    assert writes.pop("POST pods dry") == 1, "one question for all of them"
    assert writes == {"POST pods": 10, "PATCH pods": 10, "PATCH taskgraphs": 10, "POST events": 10}


def test_another_reason_to_wait_is_written_though_nothing_of_the_run_has_changed(empty: World) -> None:
    empty.loop.takes[forecast] = 6000.0  # else a new estimate would have the status written
    empty.operator.start()
    empty.create("g", task("a", cpu="40"))
    assert "has no nodes" in empty.wait_condition("g", "Waiting")["message"]
    empty.run(10)  # all that there was to write is written
    empty.add_nodes(NodeKind("small", 4, "8Gi"), 1)
    empty.until(lambda: "1 node" in (empty.condition("g", "Waiting") or {})["message"], "it waits for another reason", 30)
