"""Very many graphs that wait for one quota: their statuses keep to the rate, and what one of them says is true."""

from __future__ import annotations

from tests.cluster.kube import task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.world import World

GRAPHS, RATE = 200, 1.0


def waiting_writes(world: World) -> int:
    """Versions of graphs whose status says that they wait."""
    return sum(
        item.get("status", {}).get("waiting") == "QuotaExceeded 1"
        for _, kind, _, item in world.store.history
        if kind == TASK_GRAPH
    )


def said(world: World) -> str:
    """Why the large one waits; empty: it does not say so."""
    found = world.condition("large", "Waiting", "True")
    return "" if found is None else str(found["message"])


def test_other_words_and_first_statuses_come_no_more_often_than_the_rate() -> None:
    world = World(status_writes=RATE)
    try:
        world.add_nodes(CPU_LARGE, 2)
        world.create_policy("default")
        world.operator.start()
        world.create_queue("small", {"resource": "cpu", "nominal": 4})
        for number in range(GRAPHS):  # of whatever ends, another begins: what is said of the quota changes all the time
            world.create(f"g{number:03d}", task("a", seconds=10.0 + number % 3, cpu=str(1 + number % 2)), queueName="small")
        world.run(60)
        # First statuses and those with other words each have the rate, but some begin before it is their turn.
        assert 30 <= waiting_writes(world) <= 2 * 60 * RATE + 10
    finally:
        world.close()


def test_one_that_waits_alone_says_it_in_the_newest_words(world: World) -> None:
    world.create_queue("small", {"resource": "cpu", "nominal": 4})
    world.create("one", task("a", seconds=None, cpu="2"), queueName="small")
    world.create("other", task("a", seconds=None, cpu="2"), queueName="small")
    world.wait_running("other")
    world.create("large", task("a", cpu="4"), queueName="small")
    world.until(lambda: "4 of 4 used" in said(world))
    world.finish(*world.wait_running("one"))
    world.run(3)
    assert "2 of 4 used, 4 asked, 2 missing" in said(world)
