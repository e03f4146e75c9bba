"""Pre-emption: what is evicted so that something else can start, and what becomes of both."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.translate import hold_record
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.machinery.pods import deleting, node_of, phase
from tests.tick.seen import label
from tests.tick.world import World

MARK = "bayplan.dev/preempted-by"
WITHIN: Object = {"withinQueue": "LowerPriority"}


def cpu(nominal: int | str, **limits: Any) -> Object:
    return {"resource": "cpu", "nominal": nominal, **limits}


def small(world: World, nodes: int = 2) -> None:
    """Nodes of 4 cores, and an operator at work."""
    world.add_nodes(NodeKind("small", 4, "32Gi"), nodes)
    world.operator.start()


def lab(world: World, **preemption: Any) -> None:
    """Two queues, to each of which 4 cores are guaranteed, and which lend each other all."""
    world.create_queue("lab")
    for name in ("x", "y"):
        world.create_queue(name, cpu(4), parentName="lab", preemption=preemption)


def evicted(world: World, graph: str) -> dict[str, str]:
    """By pod of a graph that was marked, its mark."""
    found = {}
    for _, kind, _, item in world.store.history:
        if kind == POD and label(item, "bayplan.dev/graph") == graph and MARK in item["metadata"]["annotations"]:
            found[item["metadata"]["name"]] = item["metadata"]["annotations"][MARK]
    return found


def history(world: World, graph: str) -> list[tuple[float, str, Object]]:
    """What happened to a graph's status and pods, in order: version, what, and the object."""
    return [
        (version, what, item)
        for version, kind, what, item in world.store.history
        if (kind == TASK_GRAPH and item["metadata"]["name"] == graph)
        or (kind == POD and label(item, "bayplan.dev/graph") == graph)
    ]


def test_what_has_a_lower_priority_in_the_queue_makes_room(empty: World) -> None:
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=300), queueName="q", retry={"limit": 0})
    empty.wait_running("low", count=2)
    empty.run(30)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    (pod,) = empty.wait_running("high")
    ((victim, mark),) = evicted(empty, "low").items()
    assert mark == "test/high/t"
    assert len(empty.running("low")) == 1
    empty.run(2)
    assert sorted(line.split()[0] for line in empty.lines("low")["t"].split(" | ")) == ["Ready", "Running"]
    assert "1/0" in empty.lines("low")["t"], "no retry is spent"
    assert [line.split()[1] for line in empty.status("low")["evictions"]] == ["1"]
    (event,) = empty.events("Preempted", "low")
    assert "so that task t of graph high can start (Preempted)" in event["message"]
    (event,) = empty.events("Preempting", "high")
    assert "task t: 1 pod" in event["message"]
    assert empty.rise("bayplan_evictions_total", cause="Preemption") == 1
    assert empty.rise("bayplan_work_lost_seconds_total") == pytest.approx(30, abs=3)
    assert empty.status("high").get("holds", []) == []
    (place,) = [each["metadata"]["annotations"]["bayplan.dev/node"] for each in empty.created("low") if _name(each) == victim]
    assert node_of(pod) == place
    empty.wait_condition("high", "Complete")
    empty.wait_condition("low", "Complete", "True")
    assert len(empty.created("low")) == 3


def test_equal_priority_never_evicts_within_a_queue(empty: World) -> None:
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("a", task("t", shards=2, cpu="4", seconds=100), queueName="q", priority=5)
    empty.wait_running("a", count=2)
    empty.create("b", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.wait_condition("b", "Complete")
    assert evicted(empty, "a") == {}


def test_what_is_guaranteed_is_taken_back(empty: World) -> None:
    small(empty)
    lab(empty, reclaim="Any")
    empty.create("borrower", task("t", shards=8, cpu="1", seconds=600), queueName="x", priority=9)
    empty.wait_running("borrower", count=8)
    empty.run(20)
    empty.create("owner", task("t", shards=4, cpu="1", seconds=60), queueName="y")
    empty.wait_running("owner", count=4)
    assert set(evicted(empty, "borrower").values()) == {"test/owner/t"}
    assert len(evicted(empty, "borrower")) == 4
    assert len(empty.running("borrower")) == 4
    empty.create("more", task("t", shards=1, cpu="1", seconds=60), queueName="y")
    empty.run(30)
    assert len(empty.running("borrower")) == 4, "beyond what is guaranteed, nothing is taken back"


def test_other_namespaces_are_not_named(empty: World) -> None:
    small(empty)
    lab(empty, reclaim="Any")
    empty.create("borrower", task("t", shards=2, cpu="4", seconds=600), queueName="x")
    empty.wait_running("borrower", count=2)
    empty.create("owner", task("t", cpu="4", seconds=60), namespace="elsewhere", queueName="y")
    empty.until(lambda: empty.running("owner"), "it starts")
    assert set(evicted(empty, "borrower").values()) == {"a graph of another namespace"}
    (event,) = empty.events("Preempted", "borrower")
    assert "so that a graph of another namespace can start (Preempted)" in event["message"]
    told = [str(item) for _, kind, _, item in empty.store.history if kind == TASK_GRAPH and item["metadata"]["name"] == "owner"]
    assert not any("borrower" in each for each in told)


def test_a_gang_is_evicted_whole_and_restarts_whole(empty: World) -> None:
    small(empty, nodes=3)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("gang", task("train", shards=3, cpu="4", seconds=60, gang={}), queueName="q", retry={"limit": 0})
    empty.wait_running("gang", count=3)
    empty.run(10)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.wait_running("high")
    assert len(evicted(empty, "gang")) == 3
    empty.run(5)
    assert empty.lines("gang")["train"] == "Ready 1/0 | Ready 1/0 | Ready 1/0"
    empty.wait_condition("gang", "Complete")
    assert len(empty.created("gang")) == 6


def test_a_gang_gets_its_room_whole(empty: World) -> None:
    small(empty, nodes=3)
    empty.create_queue("q", preemption=WITHIN)
    empty.kubelets.ending = 4.0
    empty.create("low", task("t", shards=6, cpu="2", seconds=600), queueName="q")
    empty.wait_running("low", count=6)
    empty.run(10)
    empty.create("gang", task("train", shards=2, cpu="4", seconds=20, gang={}), queueName="q", priority=5)
    empty.wait_running("gang", count=2)
    assert len(evicted(empty, "low")) == 4
    assert len(empty.created("gang")) == 2, "made once, both when all had gone"


def test_nothing_is_evicted_that_is_not_preemptible_or_foreign(empty: World) -> None:
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("safe", task("t", cpu="4", seconds=300), queueName="q", preemptible=False)
    empty.wait_running("safe")
    used = {node_of(pod) for pod in empty.running("safe")}
    (free,) = {"small-0", "small-1"} - used
    foreign = {"metadata": {"name": "foreign", "namespace": "test"}, "spec": {"nodeName": free, "containers": [_asks("4")]}}
    empty.store.create(POD, "test", foreign)
    empty.run(5)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.run(60)
    assert empty.pods("high") == []
    assert evicted(empty, "safe") == {}
    assert empty.store.find(POD, "test", "foreign") is not None
    empty.patch(TASK_GRAPH, "safe", {"spec": {"preemptible": True}})
    empty.wait_running("high")
    assert len(evicted(empty, "safe")) == 1


def test_the_record_comes_before_the_mark_the_mark_before_the_end_and_the_end_before_the_start(empty: World) -> None:
    small(empty)
    empty.kubelets.ending = 10.0
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=300), queueName="q")
    empty.wait_running("low", count=2)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.wait_running("high")
    ((victim, _),) = evicted(empty, "low").items()
    recorded = next(version for version, _, item in history(empty, "high") if item.get("status", {}).get("holds"))
    of_victim = [(version, item) for version, _, item in history(empty, "low") if item["metadata"]["name"] == victim]
    marked = next(version for version, item in of_victim if MARK in item["metadata"]["annotations"])
    deleted = next(version for version, item in of_victim if "deletionTimestamp" in item["metadata"])
    gone = next(version for version, item in of_victim if phase(item) == "Failed")
    made = next(version for version, what, _ in history(empty, "high") if what == "ADDED" and version > recorded)
    assert recorded < marked < deleted < gone < made
    (line,) = next(item["status"]["holds"] for _, _, item in history(empty, "high") if item.get("status", {}).get("holds"))
    assert line.startswith("1 t/0 small-")
    assert victim not in line


MOMENTS = [0.0, 0.03, 0.06, 0.09, 0.11, 0.14, 0.17, 0.19, 0.21, 0.24, 0.27, 0.31, 0.4, 0.48, 0.53, 0.56, 0.61, 0.7]
"""Seconds from the submission: between decision, record, marks, deletions, the end of the victims, and the first pod."""


@pytest.mark.parametrize("refused", [False, True], ids=["", "one mark comes later"])
@pytest.mark.parametrize("gangs", [False, True], ids=["", "gangs"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_instant_the_room_goes_to_whom_it_was_made_for(
    empty: World, moment: float, gangs: bool, refused: bool
) -> None:
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    together: Object = {"gang": {}} if gangs else {}
    empty.create("low", task("t", shards=2, cpu="4", seconds=120, **together), queueName="q", retry={"limit": 0})
    empty.wait_running("low", count=2)
    empty.run(20)
    empty.api.latency = 0.05
    empty.kubelets.ending = 0.3
    if refused:
        empty.api.trouble.order("PATCH", "/pods/low", Refusal(503, "ServiceUnavailable", "later"))
    empty.create("high", task("t", shards=2, cpu="4", seconds=20, **together), queueName="q", priority=5)
    empty.run(moment)
    empty.operator.restart()
    empty.wait_running("high", count=2)
    # Of a gang, the end of one is the end of the others, be they marked by then or not.
    assert len(evicted(empty, "low")) in ((1, 2) if gangs and refused else (2,))
    empty.wait_condition("high", "Complete")
    empty.wait_condition("low", "Complete")
    assert set(empty.made().values()) == {1}
    assert (len(empty.created("high")), len(empty.created("low"))) == (2, 4)
    assert empty.status("low")["failed"] == 0
    assert empty.status("high").get("holds", []) == []


def test_the_moments_are_between_all_steps(empty: World) -> None:
    """At which the operator is killed above: before and after each of them."""
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=120), queueName="q")
    empty.wait_running("low", count=2)
    empty.api.latency = 0.05
    empty.kubelets.ending = 0.3
    empty.create("high", task("t", shards=2, cpu="4", seconds=20), queueName="q", priority=5)
    began, steps = empty.loop.passed, set()
    for moment in MOMENTS:
        empty.run(began + moment - empty.loop.passed)
        pods = empty.pods("low")
        recorded = bool(empty.status("high").get("holds"))
        marked, deleted = any(MARK in pod["metadata"]["annotations"] for pod in pods), any(map(deleting, pods))
        steps.add((recorded, marked, deleted, any(phase(pod) == "Failed" for pod in pods), bool(empty.pods("high"))))
    done = [(False,) * 5, (True, False, False, False, False), (True, True, False, False, False)]
    done += [(True, True, True, False, False), (True, True, True, True, False)]
    assert steps >= set(done)


def test_a_foreign_pod_that_takes_the_room_is_counted_and_named(empty: World) -> None:
    small(empty, nodes=1)
    empty.kubelets.ending = 5.0
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", cpu="4", seconds=300), queueName="q")
    empty.wait_running("low")
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.until(lambda: evicted(empty, "low"), "it is evicted")
    foreign = {"metadata": {"name": "thief", "namespace": "test"}, "spec": {"nodeName": "small-0", "containers": [_asks("4")]}}
    empty.store.create(POD, "test", foreign)
    (event,) = empty.until(lambda: empty.events("EvictedInVain", "high"), "it is told")
    assert event["message"] == "t/0: pods were evicted for it in vain: pod thief has taken the room"
    assert empty.rise("bayplan_evicted_in_vain_total", cause="taken") == 1
    assert any("thief" in line for line in empty.log.lines)
    empty.run(2)
    (line,) = empty.status("high")["holds"]
    assert line.startswith("vain t/0 1 ")
    empty.operator.restart()
    empty.run(2)
    assert empty.status("high")["holds"] == [line], "a restarted operator knows"
    empty.store.delete(POD, "test", "thief", grace=0)
    empty.wait_condition("high", "Complete")


def test_a_graph_that_is_suspended_meanwhile_gives_the_room_back(empty: World) -> None:
    small(empty)
    empty.kubelets.ending = 20.0
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=300), queueName="q")
    empty.wait_running("low", count=2)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.until(lambda: empty.status("high").get("holds"), "room is held")
    empty.patch(TASK_GRAPH, "high", {"spec": {"suspend": True}})
    empty.run(5)
    assert empty.status("high").get("holds", []) == []
    empty.until(lambda: len(empty.running("low")) == 2, "the victim starts again", patience=60)


def test_an_eviction_that_the_api_server_refuses_is_tried_again(empty: World) -> None:
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=300), queueName="q")
    empty.wait_running("low", count=2)
    empty.api.trouble.order("PATCH", "/pods/low", Refusal(503, "ServiceUnavailable", "later"), times=8)
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.wait_running("high")
    assert len(evicted(empty, "low")) == 1


def test_what_cannot_be_recorded_is_not_evicted_and_is_told_once(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold_record, "MAX_HELD", 1)
    small(empty)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", shards=2, cpu="4", seconds=300), queueName="q")
    empty.wait_running("low", count=2)
    empty.create("gang", task("t", shards=2, cpu="4", seconds=20, gang={}), queueName="q", priority=5)
    empty.run(60)
    assert evicted(empty, "low") == {}
    (event,) = empty.events("Preempting", "gang")
    assert event["message"].startswith("nothing is evicted for it, since that cannot be recorded: 2 lines: at most 1")
    assert empty.status("gang")["holds"] == ["vain t/0 1 never"]
    empty.wait_condition("gang", "Complete")


def _name(pod: Object) -> str:
    name: str = pod["metadata"]["name"]
    return name


def _asks(cores: str) -> Object:
    return {"name": "main", "image": "i", "resources": {"requests": {"cpu": cores}}}
