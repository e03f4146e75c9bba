"""The table of `bayplan plan` on a cluster counts what its queues hold, as the operator then does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.work import inputs
from bayplan_operator.cli.work.current import CurrentCluster
from bayplan_operator.cli.work.plan import planned
from bayplan_operator.views.model.simulation import Simulation
from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.foreign import bound, gated
from tests.tick.test_line import EIGHT
from tests.tick.test_planned_evictions import situation, spec
from tests.tick.test_queues import cpu, waiting
from tests.tick.test_whole_graphs import WHOLE, fork
from tests.tick.world import World


class Plans:
    """Of a graph of the namespace `test` on a world."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._path = world, folder / "new.yaml"

    def of(self, *made: Object) -> Simulation:
        """The whole plan of graphs with these specs."""
        head = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "new", "namespace": "test"}}
        self._path.write_text("\n---\n".join(json.dumps({**head, "spec": each}) for each in made))
        asked = PlanOptions(called=None, file=[self._path])  # type: ignore[arg-type]
        before = self._world.store.version
        current = CurrentCluster(asked, situation(self._world), self._world.loop.clock())
        found = planned(asked, inputs.workload(asked.file, other_queues=True), current)
        assert self._world.store.version == before, "nothing is written"
        return found

    def starts(self, made: Object) -> list[float | None]:
        return [each.start for each in self.of(made).attempts]


@pytest.fixture
def plans(world: World, tmp_path: Path) -> Plans:
    return Plans(world, tmp_path)


def three(**more: object) -> Object:
    """Three shards of 20 s."""
    return spec(task("a", seconds=20, shards=3, expectedDuration="20s"), queueName="q", **more)


def test_what_the_table_says_comes_to_pass(world: World, plans: Plans) -> None:
    world.create_queue("q", cpu(3))
    world.create("old", task("a", seconds=600), queueName="q")
    gated(world, "foreign", labels={"queue": "q"})
    world.wait_running("old")
    bound(world, "foreign")
    world.run(1)
    found = plans.of(three())
    assert [each.start for each in found.attempts] == [0.0, 20.0, 40.0]
    made = three()
    world.create("new", *made.pop("tasks"), **made)
    world.wait_running("new")
    assert "queue q: cpu: 3 of 3 used" in waiting(world, "new", "QuotaExceeded")
    world.run(30)
    assert [len(world.running("new")), len(world.pods("new"))] == [1, 2]


def test_what_is_charged_for_a_whole_graph_is_not_left(world: World, plans: Plans) -> None:
    world.create_queue("q", cpu(6))
    world.create("one", *fork(seconds=600), **WHOLE)
    world.wait_running("one")
    world.run(1)
    assert len(world.running("one")) == 1, "of the four cores that are charged"
    assert plans.starts(three()) == [0.0, 0.0, 20.0]
    (reason, *_) = {each.reason for each in plans.of(three(admission="Graph")).attempts}
    assert reason == "QuotaExceeded"


def test_a_whole_graph_that_waits_itself_is_charged_nothing(world: World, plans: Plans) -> None:
    world.create_queue("q", cpu(6))
    world.create("one", *fork(seconds=600), **WHOLE)
    world.wait_running("one")
    world.create("two", *fork(seconds=600), **WHOLE)
    waiting(world, "two", "QuotaExceeded")
    assert plans.starts(three()) == [0.0, 0.0, 20.0]


def test_pods_that_end_leave_what_they_held(world: World, plans: Plans) -> None:
    world.add_nodes(CPU_LARGE, 1)
    world.create_queue("q", cpu(3))
    world.create("old", task("a", seconds=10, shards=3), queueName="q")
    world.wait_running("old", count=3)
    (reason,) = {each.reason for each in plans.of(three()).attempts}
    assert reason == "QuotaExceeded"
    world.wait_condition("old", "Complete")
    assert plans.starts(three()) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("deadline", [{}, {"activeDeadlineSeconds": 1000}], ids=["unknown", "known"])
def test_what_is_short_goes_before_a_reservation_whose_instant_is_known(empty: World, tmp_path: Path, deadline: Object) -> None:
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create_queue("q", reserve=1)
    empty.create("old", task("a", seconds=900, cpu="4", pod=deadline), queueName="q")
    empty.wait_running("old")
    large = spec(task("a", seconds=60, cpu="8", expectedDuration="60s"), queueName="q", priority=9)
    small = spec(task("a", seconds=5, cpu="2", expectedDuration="5s"), queueName="q")
    found = Plans(empty, tmp_path).of(large, small)
    starts = {each.graph: each.start for each in found.attempts}
    assert starts == {"test/new": None, "test/new-2": 0.0 if deadline else None}
    for name, made in (("large", large), ("small", small)):
        empty.create(name, *made.pop("tasks"), **made)
        empty.run(3)
    assert len(empty.created("small")) == (1 if deadline else 0)
