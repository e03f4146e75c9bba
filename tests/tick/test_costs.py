"""A tick costs what has changed, not what exists: counted in calls of functions, which are the same on every machine."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bayplan_operator.conductor import Conductor
from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.world import World

ROOMY = NodeKind("roomy", 64, "256Gi")


@contextmanager
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], tuple[int, Conductor]]]:
    """Answers how many functions all ticks have called by now, and the conductor."""
    profile, original, seen = cProfile.Profile(), Conductor.tick, []

    def tick(self: Conductor) -> float | None:
        seen.append(self)
        profile.enable()
        try:
            return original(self)
        finally:
            profile.disable()

    def counted() -> tuple[int, Conductor]:
        profile.create_stats()
        stats: Any = pstats.Stats(profile)
        return stats.total_calls, seen[-1]

    with monkeypatch.context() as patch:
        patch.setattr(Conductor, "tick", tick)
        yield counted


def world_of(nodes: int) -> World:
    world = World()
    world.create_policy("default")
    world.add_nodes(ROOMY, nodes)
    world.loop.takes[forecast] = 60.0
    return world


def idle(graphs: int, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> int:
    """Calls of a tick in which nothing has happened."""
    world = world_of(10)
    try:
        with ticks(monkeypatch) as counted:
            world.operator.start()
            for number in range(graphs):
                world.create(f"g{number}", task("a", **fields), task("b", "a"))
            world.run(33.0)  # between two looks at whether plans have been left behind by lateness, which are every 5 s
            before, conductor = counted()
            conductor.tick()
            return counted()[0] - before
    finally:
        world.close()


@pytest.mark.parametrize("fields", [{"seconds": None}, {"seconds": 1, "cpu": "1000"}], ids=["run", "wait"])
def test_a_tick_without_news_costs_the_same_however_many_graphs_are_open(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = idle(10, monkeypatch, **fields), idle(100, monkeypatch, **fields)
    assert many <= few + 60, "not one call a graph"


def counted() -> tuple[float | None, float | None]:
    """Open graphs, and shards that no node could hold."""
    waiting = REGISTRY.get_sample_value("bayplan_waiting_shards", {"reason": "NoSuchNode"})
    return REGISTRY.get_sample_value("bayplan_graphs"), waiting


def test_what_is_counted_follows_graphs_that_are_deleted() -> None:
    world = world_of(1)
    try:
        world.operator.start()
        world.create("g", task("a", cpu="1000"))
        world.wait_condition("g", "Waiting")
        world.run(2.0)
        assert counted() == (1.0, 1.0)
        world.delete(TASK_GRAPH, "g")
        world.run(2.0)
        assert counted() == (0.0, None)
    finally:
        world.close()


def burst(shards: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Calls a pod, where pods are bound and end one by one."""
    world = world_of(20)
    try:
        slots = iter(range(10**6))
        world.scheduler.pace = lambda: 0.01 * next(slots)
        with ticks(monkeypatch) as counted:
            world.operator.start()
            world.create("g", task("a", shards=shards, seconds=2, cpu="500m"))
            world.wait_condition("g", "Complete")
            return counted()[0] / shards
    finally:
        world.close()


def test_a_pod_of_a_large_graph_costs_about_what_one_of_a_small_graph_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    burst(5, monkeypatch)  # imports and kernels
    few, many = burst(60, monkeypatch), burst(480, monkeypatch)
    assert many <= 1.3 * few
