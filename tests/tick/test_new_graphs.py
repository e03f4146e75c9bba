"""Very many graphs at once: they are taken in slice by slice, and what runs does not wait for all of them."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.graphs import taking
from tests.cluster.kube import task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.conftest import begun
from tests.tick.world import World

MANY = 40


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice holds one graph."""
    monkeypatch.setattr(taking, "_SLICE", 0.0)


def created(world: World) -> list[str]:
    names = [f"g{number:02}" for number in range(MANY)]
    for name in names:
        world.create(name, task("a", seconds=1))
    return names


@pytest.mark.usefixtures("one_by_one")
def test_all_are_taken_in_and_each_tick_takes_a_slice() -> None:
    with begun() as world:
        world.add_nodes(CPU_LARGE, 1)
        names = created(world)
        world.rise("bayplan_tick_seconds_count")
        world.operator.start()
        world.until(lambda: len(world.created()) == MANY)
        assert world.rise("bayplan_tick_seconds_count") >= MANY
        for name in names:
            world.wait_condition(name, "Complete")


@pytest.mark.usefixtures("one_by_one")
def test_one_that_is_deleted_or_changed_before_its_turn() -> None:
    with begun() as world:
        world.add_nodes(CPU_LARGE, 1)
        world.operator.start()
        names = created(world)
        world.delete(TASK_GRAPH, names[-1])
        world.patch(TASK_GRAPH, names[-2], {"spec": {"suspend": True}})
        for name in names[:-2]:
            world.wait_condition(name, "Complete")
        world.run(30.0)
        assert world.created(names[-1]) == []
        assert world.created(names[-2]) == []
        world.patch(TASK_GRAPH, names[-2], {"spec": {"suspend": False}})
        world.wait_condition(names[-2], "Complete")


@pytest.mark.usefixtures("one_by_one")
def test_those_that_an_operator_before_began_go_on_first() -> None:
    with begun() as world:
        world.add_nodes(CPU_LARGE, 1)
        world.operator.start()
        world.create("before", task("a", seconds=5))
        world.wait_running("before")
        world.operator.kill()
        names = created(world)
        world.operator.start()
        world.wait_condition("before", "Complete")
        assert [len(world.created("before")), *(len(world.created(name)) for name in names)] == [1] * (MANY + 1)
