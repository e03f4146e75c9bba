"""When a graph will have ended, and what that means for its deadline."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.seen import find
from tests.tick.world import World

RISK, MISSED = "DeadlineAtRisk", "DeadlineMissed"
POOLED = NodeKind("pooled", 8, "32Gi", labels={"node.kubernetes.io/instance-type": "pooled"})


@pytest.fixture
def pool(empty: World) -> World:
    """No nodes yet: each test adds its own."""
    empty.operator.start()
    return empty


def long(name: str, *after: str, expected: int = 100, **fields: Any) -> Object:
    """A task that runs for ever and is expected to take so many seconds; one fits onto a node of the pool."""
    return task(name, *after, cpu="6", seconds=None, expectedDuration=f"{expected}s", **fields)


def reasons(world: World, name: str) -> list[str]:
    return [event["reason"] for event in world.events(about=name)]


def test_what_even_the_bound_breaks_is_said_with_the_first_status(pool: World) -> None:
    pool.add_nodes(POOLED, 2)
    made = pool.create("late", long("a"), long("b", "a"), deadline="150s")
    status = pool.until(lambda: pool.status("late"))
    told: Any = pool.condition("late", RISK, "True")
    assert told["reason"] == "BelowLowerBound"
    assert "longest chain" in told["message"]
    created = pool.seconds(made["metadata"]["creationTimestamp"])
    assert pool.seconds(status["earliestCompletion"]) - created == pytest.approx(200, abs=1)
    pool.until(lambda: pool.status("late").get("estimatedCompletion"), "an estimate")
    assert RISK in reasons(pool, "late")
    pool.patch(TASK_GRAPH, "late", {"spec": {"deadline": "24h"}})
    told = pool.wait_condition("late", RISK, "False")
    assert (told["reason"], told["observedGeneration"]) == ("OnTime", 2)
    assert pool.until(lambda: pool.status("late").get("deadlineProbability"), "a probability") >= 99
    pool.until(lambda: "DeadlineSafe" in reasons(pool, "late"), "the event")


def test_too_few_nodes_put_a_deadline_at_risk_until_there_are_more(pool: World) -> None:
    pool.add_nodes(POOLED, 1)
    pool.create("wide", long("many", shards=6), deadline="500s")
    told = pool.wait_condition("wide", RISK)
    assert told["reason"] == "TooLittleCapacity"
    assert "more nodes of class pooled" in told["message"]
    assert "from hints only" in told["message"]
    status = pool.status("wide")
    assert status["deadlineProbability"] < 90
    assert status["estimateBasis"] == "from hints only"
    pool.add_nodes(POOLED, 8)
    assert pool.wait_condition("wide", RISK, "False")["reason"] == "OnTime"
    assert pool.status("wide")["estimatedCompletion"] < status["estimatedCompletion"]


def test_a_queue_that_may_hold_too_little_puts_a_deadline_at_risk_and_the_end_counts_its_quota(pool: World) -> None:
    pool.add_nodes(POOLED, 6)
    pool.create_queue("small", {"resource": "cpu", "nominal": 6})
    made = pool.create("wide", long("many", shards=6), deadline="500s", queueName="small")
    told = pool.wait_condition("wide", RISK)
    assert told["reason"] == "TooLittleCapacity"
    assert "a larger quota of its queue" in told["message"]
    assert "more nodes" not in told["message"]
    ends = pool.seconds(pool.status("wide")["estimatedCompletion"]) - pool.seconds(made["metadata"]["creationTimestamp"])
    assert 500 < ends < 1_000, "one of six at a time"


def test_a_task_that_fits_nowhere_puts_the_deadline_at_risk(pool: World) -> None:
    pool.add_nodes(POOLED, 1)
    pool.create("huge", long("fits"), task("huge", cpu="9", expectedDuration="10s"), deadline="1h")
    told = pool.wait_condition("huge", RISK)
    assert told["reason"] == "NoSuchNode"
    assert "task huge" in told["message"]
    assert "estimatedCompletion" not in pool.status("huge")


def test_a_missed_deadline_is_told_at_its_instant_and_forgotten_when_it_is_extended(pool: World) -> None:
    pool.add_nodes(POOLED, 1)
    pool.create("slow", task("slow", seconds=None), deadline="300s")
    told = pool.wait_condition("slow", MISSED)
    assert told["reason"] == "DeadlinePassed"
    assert pool.loop.passed == pytest.approx(300, abs=0.1)
    assert MISSED in reasons(pool, "slow")
    assert pool.rise("bayplan_deadlines_missed_total") == 1
    status = pool.status("slow")
    assert "deadlineProbability" not in status, "nothing is known of a task without a hint"
    assert "nothing is known" in status["estimateBasis"]
    pool.patch(TASK_GRAPH, "slow", {"spec": {"deadline": "1h"}})
    assert pool.wait_condition("slow", MISSED, "False")["reason"] == "DeadlineMoved"


def test_a_graph_that_ends_late_says_so_for_good(pool: World) -> None:
    pool.add_nodes(POOLED, 1)
    pool.create("late", task("late", seconds=4), deadline="2s")
    pool.create("early", task("early", seconds=1, expectedDuration="1s"), deadline="1h")
    pool.wait_condition("late", "Complete")
    assert pool.condition("late", MISSED, "True")
    pool.wait_condition("early", "Complete")
    assert pool.condition("early", MISSED) is None
    assert "estimatedCompletion" not in pool.status("early"), "it has ended: nothing is to be expected"


def test_an_operator_started_again_expects_the_same(pool: World) -> None:
    pool.add_nodes(POOLED, 2)
    tasks = (long("a", shards=3, expected=2000), long("b", "a", expected=2000), long("c", "b", expected=2000))
    pool.create("long", *tasks, deadline="8000s")
    pool.wait_running("long", count=2)
    pool.run(60)
    before = pool.status("long")
    pool.operator.restart()
    pool.run(60)
    after = pool.status("long")
    assert find(after, RISK) == find(before, RISK) is not None, "neither flipped nor said in other words"
    moved = pool.seconds(after["estimatedCompletion"]) - pool.seconds(before["estimatedCompletion"])
    assert abs(moved) < 120, "the same draws, a minute later; others would differ by minutes"


def test_an_estimate_that_takes_its_time_holds_up_nothing(pool: World) -> None:
    pool.loop.takes[forecast] = 100.0
    pool.add_nodes(POOLED, 2)
    pool.create("g", long("a"), deadline="1h")
    pool.finish(*pool.wait_running("g"))
    pool.wait_condition("g", "Complete")
    assert pool.loop.passed < 5


def test_rounds_that_are_to_come_count(pool: World) -> None:
    pool.add_nodes(POOLED, 2)
    rounds = {"tasks": ["local", "evaluate"], "max": 11}
    made = pool.create("fl", long("local"), long("evaluate", "local"), long("deploy", "evaluate"), rounds=rounds)
    status = pool.until(lambda: pool.status("fl").get("estimatedCompletion") and pool.status("fl"), "an estimate")
    created = pool.seconds(made["metadata"]["creationTimestamp"])
    assert pool.seconds(status["earliestCompletion"]) - created == pytest.approx(11 * 200 + 100, abs=2)
    assert 2200 < pool.seconds(status["estimatedCompletion"]) - created < 4000
    assert status["estimateBasis"] == "from hints only, 11 rounds"


JOINT = {"terms": [{"name": "all", "loss": "evaluate.loss"}], "bound": "0.1", "otherwise": "Round"}


@pytest.mark.parametrize("ended_by", [{"until": "evaluate.accuracy > 0.9"}, {"joint": JOINT}])
def test_only_sure_rounds_count_in_the_bound(pool: World, ended_by: dict[str, Any]) -> None:
    pool.add_nodes(POOLED, 2)
    rounds = {"tasks": ["local", "evaluate"], "max": 11, **ended_by}
    made = pool.create(
        "fl", long("local"), long("evaluate", "local"), long("deploy", "evaluate"), rounds=rounds, deadline="20m"
    )
    told = pool.wait_condition("fl", RISK)
    assert told["reason"] != "BelowLowerBound"
    status, created = pool.status("fl"), pool.seconds(made["metadata"]["creationTimestamp"])
    assert pool.seconds(status["earliestCompletion"]) - created == pytest.approx(300, abs=2)
    assert status["estimateBasis"] == "from hints only, if all 11 rounds are run"


def test_what_was_skipped_is_waited_for_no_more(pool: World) -> None:
    pool.add_nodes(POOLED, 2)
    says = {"sim.bayplan.dev/message": '{"x": 1}'}
    evaluate = task("evaluate", cpu="6", seconds=5, expectedDuration="5s", annotations=says)
    never = long("never", "evaluate", expected=100_000, when="evaluate.x > 1")
    made = pool.create("g", evaluate, never, long("always", "evaluate", expected=50))
    created = pool.seconds(made["metadata"]["creationTimestamp"])

    def soon() -> bool:
        found = pool.status("g").get("estimatedCompletion")
        return found is not None and pool.seconds(found) - created < 500

    pool.until(soon, "an estimate without what is skipped", patience=60)
    assert pool.seconds(pool.status("g")["earliestCompletion"]) - created < 100
