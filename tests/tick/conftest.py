"""A world of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.testbed.nodes import CPU_LARGE
from tests.tick.world import World


@contextmanager
def begun() -> Iterator[World]:
    """No node, no policy but the default one, and no operator at work."""
    world = World(rejection_memory=5.0, stuck_after=5.0)
    world.create_policy("default")
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def empty() -> Iterator[World]:
    """No node, no policy but the default one, and no operator at work."""
    with begun() as world:
        yield world


@pytest.fixture
def world(empty: World) -> World:
    """Four nodes of 64 cores, and an operator at work."""
    empty.add_nodes(CPU_LARGE, 4)
    empty.operator.start()
    return empty
