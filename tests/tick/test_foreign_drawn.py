"""Drawn histories of pods at the gate, the operator killed at any instant: quotas hold, gangs are whole, all get their turn."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import POD, QUEUE
from tests.tick.api.store import Object
from tests.tick.conftest import begun
from tests.tick.foreign import end, gated
from tests.tick.machinery.pods import deleting, node_of, terminal
from tests.tick.seen import NAMESPACE, label
from tests.tick.test_queues import cpu
from tests.tick.world import World

QUOTA = 6
STEPS = 25


def let_go(world: World) -> Iterator[Object]:
    """Pods that are past the gate and hold their queue."""
    for pod in world.store.all(POD, NAMESPACE):
        if not pod["spec"].get("schedulingGates") and not terminal(pod):
            yield pod


def held(pods: Iterator[Object]) -> int:
    return sum(int(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]) for pod in pods)


def gangs(world: World) -> dict[str, Counter[bool]]:
    """Of each gang, how many of its pods are past the gate, and how many are not."""
    found: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for pod in world.store.all(POD, NAMESPACE):
        if label(pod, "bayplan.dev/gang"):
            found[label(pod, "bayplan.dev/gang")][not pod["spec"].get("schedulingGates")] += 1
    return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_quotas_hold_gangs_are_whole_and_in_the_end_all_run(seed: int) -> None:
    lots = random.Random(seed)
    with begun() as world:
        world.add_nodes(CPU_LARGE, 2)
        world.create_queue("q", cpu(QUOTA))
        world.operator.settings = replace(world.operator.settings, writes=1 + seed % 3)
        world.operator.start()
        world.run(1)
        world.api.latency = 0.02
        broken: list[int] = []
        world.store.listeners.append(lambda _: broken.append(held(let_go(world))))
        for number in range(STEPS):
            step(world, lots, number)
            world.run(lots.choice([0.0, 0.01, 0.03, 0.05, 0.07, 0.1, 0.15, 3.0]))
            if lots.random() < 0.3:
                world.operator.restart()
        assert max(broken) <= QUOTA
        world.run(15)
        assert [name for name, count in gangs(world).items() if len(count) > 1] == []
        world.patch(QUEUE, "q", {"spec": {"quotas": [cpu(1000)]}})
        world.until(lambda: all(node_of(pod) for pod in world.store.all(POD, NAMESPACE)), "all pods are bound")
        world.run(3)
        status = world.queue("q")["status"]
        assert (status["pending"], status["admitted"]) == (0, sum(1 for _ in let_go(world)))


def step(world: World, lots: random.Random, number: int) -> None:
    """Something happens: a pod or a gang comes, or ends, or is deleted; a label of no meaning is written."""
    pods = [pod for pod in world.store.all(POD, NAMESPACE) if not deleting(pod) and not terminal(pod)]
    what = lots.random()
    if what < 0.35 or not pods:
        gated(world, f"p{number}", str(lots.randint(1, 3)), {"queue": "q", "priority": str(lots.randint(0, 2))})
    elif what < 0.55:
        size = lots.randint(2, 4)
        for member in range(size):
            gated(world, f"g{number}-{member}", labels={"queue": "q", "gang": f"g{number}", "gang-size": str(size)})
    else:
        chosen = lots.choice(pods)
        gang = label(chosen, "bayplan.dev/gang")
        together = [pod for pod in pods if gang and label(pod, "bayplan.dev/gang") == gang] or [chosen]
        for pod in together:
            name = pod["metadata"]["name"]
            if what < 0.75 and node_of(pod):
                end(world, name)
            elif what < 0.85:
                world.delete(POD, name)
            else:
                world.patch(POD, name, {"metadata": {"labels": {"other": str(number)}}})
