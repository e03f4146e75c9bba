"""Pre-emption in the simulator and in the operator: the same go, and the same start, at the same instants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bayplan.simulation import AttemptOutcome
from tests.cluster.kube import Object
from tests.testbed.nodes import NodeKind
from tests.tick.both import Case
from tests.tick.test_same_decisions import both
from tests.tick.test_same_queues import ANY, POLICY, cpu

SMALL = NodeKind("small", 4, "32Gi")
GRACE = 5
NEXT = 0.5
"""Seconds by which instants may differ: a queue makes one plan at a time, and the operator is sooner to make the next."""
WITHIN: Object = {"preemption": {"withinQueue": "LowerPriority"}}


def graph(queue: str, shards: int, seconds: int, priority: int = 0, cpu: str = "1", **more: Any) -> Object:
    """One task whose shards run so long."""
    pod = {"requests": {"cpu": cpu}}
    template = {
        "metadata": {"annotations": {"sim.bayplan.dev/seconds": str(seconds)}},
        "spec": {
            "terminationGracePeriodSeconds": GRACE,
            "containers": [{"name": "main", "image": "i", "resources": pod}],
        },
    }
    task = {"name": "t", "shards": shards, "template": template, **more.pop("task", {})}
    return {"policyName": "p", "queueName": queue, "priority": priority, "tasks": [task], **more}


def case(graphs: dict[str, tuple[float, Object]], queues: dict[str, Object], nodes: int = 2) -> Case:
    return Case(graphs, POLICY, [(SMALL, nodes)], queues, ending=1000.0)


def lab(**preemption: Any) -> dict[str, Object]:
    queue = {**ANY, "parentName": "lab", "quotas": [cpu(4)], "preemption": preemption}
    return {"lab": {}, "x": queue, "y": queue}


CASES = {
    "within a queue": (
        case(
            {
                "low": (0.0, graph("q", 4, 200, cpu="2")),
                "middle": (10.0, graph("q", 2, 100, priority=3, cpu="2")),
                "high": (40.0, graph("q", 1, 20, priority=5, cpu="4")),
            },
            {"q": {**ANY, **WITHIN}},
        ),
        4,
    ),
    "what is guaranteed": (
        case(
            {"borrower": (0.0, graph("x", 8, 300, priority=9)), "owner": (25.0, graph("y", 4, 60))},
            lab(reclaim="Any"),
        ),
        4,
    ),
    "a gang": (
        case(
            {
                "gang": (0.0, graph("q", 2, 100, cpu="4", task={"gang": {}})),
                "high": (20.0, graph("q", 1, 20, priority=5, cpu="4")),
                "other": (22.0, graph("q", 2, 20, priority=7, cpu="4", task={"gang": {}})),
            },
            {"q": {**ANY, **WITHIN}},
        ),
        3,
    ),
    "a minimum run time": (
        case(
            {"low": (0.0, graph("q", 2, 300, cpu="4")), "high": (10.0, graph("q", 1, 30, priority=5, cpu="4"))},
            {"q": {**ANY, "preemption": {"withinQueue": "LowerPriority", "minimumRunTime": "60s", "maxGrace": "2s"}}},
        ),
        1,
    ),
    "what is not preemptible": (
        case(
            {
                "safe": (0.0, graph("q", 1, 100, cpu="4", preemptible=False)),
                "saved": (1.0, graph("q", 1, 300, cpu="4", task={"checkpoint": {"every": "10s"}})),
                "high": (55.0, graph("q", 2, 30, priority=5, cpu="4")),
            },
            {"q": {**ANY, **WITHIN}},
        ),
        1,
    ),
}


@pytest.mark.parametrize("what", list(CASES))
def test_the_same_go_and_the_same_start(what: str, tmp_path: Path) -> None:
    found, evictions = CASES[what]
    trace, _ = found.simulated(tmp_path)
    assert int((trace.attempts.outcome == AttemptOutcome.PREEMPTED).sum()) == evictions
    expected, made = both(found, tmp_path)
    assert {unit: (each.node, each.at) for unit, each in made.items()} == {
        unit: (each.node, pytest.approx(each.at, abs=NEXT)) for unit, each in expected.items()
    }
