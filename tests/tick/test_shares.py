"""Shares of queues outlive the operator: what runs and ends while none is at work counts as if one had watched."""

from __future__ import annotations

import math

import pytest

from bayplan.admission.shares import SharesState
from bayplan_operator.translate.share_record import read_shares
from tests.cluster.kube import task
from tests.testbed.nodes import NodeKind
from tests.tick.conftest import begun
from tests.tick.world import World

HALF_LIFE = 100.0
EIGHT = NodeKind("eight", 8, "64Gi")


def shares(world: World) -> SharesState:
    names = ("x", "y")
    found = read_shares({name: world.queue(name)["status"] for name in names}, math.inf)
    assert found is not None
    return found


def brought(state: SharesState, queue: str, now: float) -> float:
    """The mean of a queue that holds nothing any more, at an instant."""
    assert not state.held.get((queue, "cpu"))
    return state.means[queue, "cpu"] * 2.0 ** (-(now - state.then[queue]) / HALF_LIFE)


def played(world: World, kill_at: float | None, kills: int = 1) -> SharesState:
    """Pods of two queues begin and end; some of them while no operator is at work."""
    world.add_nodes(EIGHT, 1)
    world.operator.start()
    world.create_queue("lab", everyone=False, fairSharing={"halfLife": f"{HALF_LIFE:.0f}s"})
    world.create_queue("x", parentName="lab")
    world.create_queue("y", parentName="lab", weight=2)
    for number, seconds in enumerate((30, 55, 61, 72)):
        world.create(f"x{number}", task("a", seconds=seconds, cpu="1"), queueName="x")
    world.run(7)
    for number, seconds in enumerate((28, 44, 90)):
        world.create(f"y{number}", task("a", seconds=seconds, cpu="1"), queueName="y")
    if kill_at is None:
        world.run(143)
    else:
        world.run(kill_at)
        for _ in range(kills):
            world.operator.kill()
            world.run(40 / kills)
            world.operator.start()
            world.run(0.5)
        world.run(143 - kill_at - 40 - 0.5 * kills)
    return shares(world)


@pytest.mark.parametrize(("kill_at", "kills"), [(20.0, 1), (20.3, 1), (40.0, 4), (7.05, 2)])
def test_the_share_after_an_outage_is_the_share_without_it(kill_at: float, kills: int) -> None:
    with begun() as world:
        whole = played(world, None)
        now = world.loop.clock()
    with begun() as world:
        cut = played(world, kill_at, kills)
        assert world.loop.clock() == pytest.approx(now)
    for queue in ("x", "y"):
        assert brought(whole, queue, now) > 100
        assert brought(cut, queue, now) == pytest.approx(brought(whole, queue, now), rel=1e-9)


def test_an_idle_queue_is_not_written_again(empty: World) -> None:
    played(empty, None)
    version = empty.queue("x")["metadata"]["resourceVersion"]
    empty.create("other", task("a", seconds=20), queueName="y")
    empty.run(60)
    assert empty.queue("x")["metadata"]["resourceVersion"] == version
    assert float(empty.queue("y")["status"]["share"]) > 0
