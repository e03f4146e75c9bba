"""Queues: what graphs of them may hold together, and who may use them."""

from __future__ import annotations

from typing import Any

from tests.cluster.kube import Object, task
from tests.tick.seen import find, label
from tests.tick.world import World

WHILE = 20
"""Seconds that a pod runs."""


def cpu(nominal: int | str, **limits: Any) -> Object:
    return {"resource": "cpu", "nominal": nominal, **limits}


def waiting(world: World, name: str, reason: str) -> str:
    """What a graph says of its shards that wait for this reason."""

    def look() -> str | None:
        found = world.condition(name, "Waiting", "True")
        return found["message"] if found is not None and found["reason"] == reason else None

    return world.until(look, f"{name} waits for {reason}")


def ready(world: World, name: str, status: str = "True") -> Object:
    return world.until(lambda: find(world.queue(name).get("status", {}), "Ready", status), f"Ready={status} of queue {name}")


def test_a_quota_keeps_a_second_graph_waiting_until_it_is_free(world: World) -> None:
    world.create_queue("research", cpu(2))
    world.create("first", task("a", seconds=WHILE, cpu="2"), queueName="research")
    world.wait_running("first")
    world.create("second", task("a", seconds=WHILE, cpu="2"), queueName="research")
    world.create("other", task("a", seconds=WHILE, cpu="2"))
    world.wait_running("other")
    said = waiting(world, "second", "QuotaExceeded")
    assert "queue research: cpu: 2 of 2 used, 2 asked, 2 missing; held by namespace test: 2" in said
    assert world.status("second")["waiting"] == "QuotaExceeded 1"
    assert {label(pod, "bayplan.dev/queue") for pod in world.pods("first")} == {"research"}
    world.run(2)
    status = world.queue("research")["status"]
    assert status["quotas"] == [{"resource": "cpu", "used": "2", "nominal": "2", "borrowed": "0"}]
    assert (status["usage"], status["borrowed"], status["pending"], status["admitted"]) == ("cpu 2/2", "", 1, 1)
    world.wait_running("second")
    ended = world.until(lambda: world.status("first").get("completionTime"))
    began = world.pods("second")[0]["status"]["startTime"]
    assert world.seconds(began) - world.seconds(ended) <= 2
    world.wait_condition("second", "Complete")
    world.run(2)
    status = world.queue("research")["status"]
    assert (status["usage"], status["pending"], status["admitted"]) == ("cpu 0/2", 0, 0)
