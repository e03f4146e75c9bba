"""The simulator and the operator take the same decisions for the same graphs: nodes, instants, and the words for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan.presets import PRESETS
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.both import Case, in_the_cluster, in_the_simulator

SMALL = NodeKind("small", 8, "32Gi")

# Name, tasks before it, shards, cores, seconds. Two nodes of 8 cores are too few for all that could run, so that the order
# matters.
TASKS = (
    ("load", (), 1, 3, 6),
    ("fetch", (), 2, 2, 15),
    ("clean", ("load",), 2, 3, 5),
    ("label", ("load",), 1, 6, 7),
    ("index", ("load",), 1, 5, 15),
    ("train", ("clean", "label"), 1, 7, 13),
    ("probe", ("index",), 1, 2, 6),
    ("merge", ("index", "clean"), 1, 4, 3),
    ("tune", ("train", "fetch"), 1, 5, 15),
    ("check", ("merge", "probe"), 1, 6, 11),
    ("report", ("tune", "check"), 1, 1, 6),
)


def graph(tasks: tuple[tuple[str, tuple[str, ...], int, int, int], ...] = TASKS, **spec: object) -> Object:
    made = [
        task(name, *after, shards=shards, cpu=str(cores), seconds=seconds, expectedDuration=f"{seconds}s")
        for name, after, shards, cores, seconds in tasks
    ]
    return {"tasks": made, "policyName": "p", **spec}


def same(case: Case, folder: Path) -> None:
    trace, readings = case.simulated(folder)
    expected = in_the_simulator(trace)
    world = case.operated(trace, readings)
    try:
        made = in_the_cluster(world)
    finally:
        world.close()
    assert made == expected
    waited = trace.attempts.placed_at > trace.attempts.wanted_at
    assert waited.any(), "nothing had to wait: the order would not show"


@pytest.mark.parametrize("preset", PRESETS)
def test_one_graph(preset: str, tmp_path: Path) -> None:
    same(Case({"same": (0.0, graph())}, {"p": {"preset": preset}}, [(SMALL, 2)]), tmp_path)
