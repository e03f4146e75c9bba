"""`bayplan plan --preempt` says beforehand what the operator then does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bayplan_operator.cli.cluster.situation import Situation
from bayplan_operator.cli.text import preemption as text
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.cli.work.cluster_copy.asked import Asked, as_submitted
from bayplan_operator.cli.work.preempt.run import planned
from bayplan_operator.kube import wire
from bayplan_operator.view import ForeignPods
from bayplan_operator.views.model.preemption import PreemptionPlan
from tests.cluster.kube import Object, task
from tests.tick.api.kinds import NODE, PLACEMENT_POLICY, POD, QUEUE, TASK_GRAPH, TASK_PROFILE
from tests.tick.test_preemption import WITHIN, evicted, lab, small
from tests.tick.world import World


def situation(world: World) -> Situation:
    """As a user reads it who may list everything."""
    pods = [(msgspec.convert(raw, wire.Pod, strict=False), raw) for raw in world.store.all(POD)]
    return Situation(
        nodes=msgspec.convert(world.store.all(NODE), list[wire.Node], strict=False),
        pods=[pod for pod, _ in pods],
        gated=[(pod, raw) for pod, raw in pods if ForeignPods().wants(pod)],
        policies=world.store.all(PLACEMENT_POLICY),
        queues=world.store.all(QUEUE),
        graphs=world.store.all(TASK_GRAPH),
        profiles=world.store.all(TASK_PROFILE),
        namespaces=[],
    )


def asked(world: World, *graphs: tuple[str, Object], queues: dict[str, Object] | None = None) -> Asked:
    """What files ask that have these graphs: name and spec."""
    at = datetime.fromtimestamp(world.loop.clock(), UTC)
    made = [
        as_submitted({"metadata": {"name": name, "namespace": "test"}, "spec": spec}, number, at)
        for number, (name, spec) in enumerate(graphs)
    ]
    return Asked(made, queues or {}, {})


def plan(world: World, *graphs: tuple[str, Object], queues: dict[str, Object] | None = None) -> PreemptionPlan:
    """Of these graphs: name and spec."""
    before = world.store.version
    found = planned(situation(world), asked(world, *graphs, queues=queues), world.loop.clock())
    assert world.store.version == before, "nothing is written"
    return found


def spec(*tasks: Object, **more: Any) -> Object:
    return {"tasks": list(tasks), **more}


def victims(found: PreemptionPlan) -> set[str]:
    return {pod.pod for start in found.starts for unit in start.evicts for pod in unit.pods}


def test_who_would_go_within_a_queue_goes(empty: World) -> None:
    small(empty, nodes=3)
    empty.create_queue("q", preemption=WITHIN)
    for number, seconds in enumerate((40, 20, 30)):
        empty.create(f"low-{number}", task("t", cpu="4", seconds=600), queueName="q", priority=number % 2)
        empty.run(seconds)
    high = spec(task("t", cpu="4", seconds=20), task("after", "t"), queueName="q", priority=5)
    found = plan(empty, ("high", high))
    (start,) = found.starts
    assert (start.graph, start.task, start.shards, start.verdict) == ("test/high", "t", (0,), "Evicts")
    (unit,) = start.evicts
    assert unit.why == "its priority 0 is below 5"
    assert unit.work == pytest.approx(30, abs=2)
    assert start.weighed is not None
    assert start.weighed.ends is None
    said = text.plan(found, Screen())
    assert "would start on small-" in said
    assert "low-2: its priority 0 is below 5" in said
    assert "when they would end by themselves is not known" in said
    empty.create("high", *high.pop("tasks"), **high)
    empty.wait_running("high")
    gone = {name for number in range(3) for name in evicted(empty, f"low-{number}")}
    assert gone == victims(found)
    assert gone == {pod["metadata"]["name"] for pod in empty.created("low-2")[:1]}


def test_who_would_go_for_what_is_guaranteed_goes(empty: World) -> None:
    small(empty)
    lab(empty, reclaim="Any")
    empty.create("borrower", task("t", shards=8, cpu="1", seconds=600), queueName="x", priority=9)
    empty.wait_running("borrower", count=8)
    empty.run(20)
    owner = spec(task("t", shards=5, cpu="1", seconds=60), queueName="y")
    found = plan(empty, ("owner", owner))
    assert [each.verdict for each in found.starts] == ["Evicts"] * 4 + ["Waits"]
    assert found.starts[4].why.endswith("nothing may be evicted for it that would make room")
    assert "takes back what is its own" in found.starts[0].evicts[0].why
    empty.create("owner", *owner.pop("tasks"), **owner)
    empty.wait_running("owner", count=4)
    empty.run(10)
    assert set(evicted(empty, "borrower")) == victims(found)


def test_waiting_is_told_where_it_is_cheaper(empty: World) -> None:
    small(empty, nodes=1)
    empty.create_queue("q", preemption=WITHIN)
    empty.create("low", task("t", cpu="4", seconds=300, expectedDuration="100s"), queueName="q")
    empty.wait_running("low")
    empty.run(90)
    found = plan(empty, ("high", spec(task("t", cpu="4", seconds=20), queueName="q", priority=5)))
    (start,) = found.starts
    assert start.verdict == "Waits"
    assert start.why.endswith("waiting is cheaper than evicting")


def test_a_gang_goes_whole_and_a_queue_of_the_files_counts(empty: World) -> None:
    small(empty)
    empty.create_queue("q")
    empty.create("gang", task("train", shards=2, cpu="4", seconds=600, gang={}), queueName="q")
    empty.wait_running("gang", count=2)
    high = "high", spec(task("t", cpu="4", seconds=20), queueName="q", priority=5)
    assert [each.verdict for each in plan(empty, high).starts] == ["Waits"]
    raw = {
        "metadata": {"name": "q", "uid": "f", "resourceVersion": "0"},
        "spec": {"namespaceSelector": {}, "preemption": WITHIN},
    }
    found = plan(empty, high, queues={"q": raw})
    (unit,) = found.starts[0].evicts
    assert {pod.task for pod in unit.pods} == {"train"}
    assert len(unit.pods) == 2
    assert "2 pods had been evicted" in text.plan(found, Screen())


def test_a_graph_that_waits_in_the_cluster_is_looked_at_as_it_is_there(empty: World) -> None:
    small(empty, nodes=1)
    empty.create_queue("q", preemption={**WITHIN, "minimumRunTime": "10m"})
    empty.create("low", task("t", cpu="4", seconds=900), queueName="q")
    empty.wait_running("low")
    empty.create("high", task("t", cpu="4", seconds=20), queueName="q", priority=5)
    empty.run(5)
    found = plan(empty, ("high", spec(task("t", cpu="1"), queueName="q")))
    assert found.left_out == ("graph high is in the cluster already: it is looked at as it is there",)
    (start,) = found.starts
    assert start.verdict == "Waits"
    wrong = plan(empty, ("other", spec(task("t", cpu="1"), queueName="none")))
    assert "there is no such Queue" in wrong.left_out[0]


def test_what_has_lost_its_policy_may_be_evicted_all_the_same(empty: World) -> None:
    small(empty, nodes=1)
    empty.create_queue("q", preemption=WITHIN)
    empty.create_policy("p", preset="BestFit")
    empty.create("low", task("t", cpu="4", seconds=900), queueName="q", policyName="p")
    empty.wait_running("low")
    empty.delete(PLACEMENT_POLICY, "p")
    empty.run(5)
    high = spec(task("t", cpu="4", seconds=20), queueName="q", priority=5)
    found = plan(empty, ("high", high), ("lost", spec(task("t"), policyName="p")))
    assert [(each.graph, each.verdict) for each in found.starts] == [("test/high", "Evicts")]
    assert [each for each in found.left_out if "there is no such PlacementPolicy" in each] == list(found.left_out)
    empty.create("high", *high.pop("tasks"), **high)
    empty.wait_running("high")
    assert set(evicted(empty, "low")) == victims(found)


def test_a_whole_graph_evicts_nothing_before_it_is_charged(empty: World) -> None:
    small(empty)
    empty.create_queue("q", {"resource": "cpu", "nominal": "8"}, preemption=WITHIN)
    empty.create("low", task("t", cpu="4", seconds=900), queueName="q")
    empty.wait_running("low")
    one = spec(task("t", cpu="4", seconds=20), queueName="q", priority=5, admission="Graph")
    assert [each.verdict for each in plan(empty, ("high", one)).starts] == ["Starts"]
    two = spec(task("t", cpu="4", seconds=20, shards=2), queueName="q", priority=5, admission="Graph")
    assert [each.verdict for each in plan(empty, ("high", two)).starts] == ["Waits"]
    empty.create("high", *two.pop("tasks"), **two)
    empty.run(10)
    assert not evicted(empty, "low")
    assert not empty.pods("high")
