"""Queues in the simulator and in the operator: the same decisions at the same instants, for the same reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan.simulation import Trace
from tests.cluster.kube import Object
from tests.tick.both import Case
from tests.tick.test_same_decisions import SMALL, both, same

ANY: Object = {"namespaceSelector": {}}
POLICY: dict[str, Object] = {"p": {"preset": "BestFit"}}


def graph(queue: str, shards: int, seconds: int, priority: int = 0, cpu: str = "1") -> Object:
    """One task whose shards run so long."""
    template = {
        "metadata": {"annotations": {"sim.bayplan.dev/seconds": str(seconds)}},
        "spec": {"containers": [{"name": "main", "image": "i", "resources": {"requests": {"cpu": cpu}}}]},
    }
    tasks = [{"name": "t", "shards": shards, "expectedDuration": f"{seconds}s", "template": template}]
    return {"policyName": "p", "queueName": queue, "priority": priority, "tasks": tasks}


def cpu(nominal: int, **limits: int) -> Object:
    return {"resource": "cpu", "nominal": nominal, **limits}


CASES = {
    "a quota": Case(
        {"a": (0.0, graph("q", 5, 20)), "b": (1.0, graph("q", 2, 10, priority=5)), "c": (2.0, graph("r", 3, 15))},
        POLICY,
        [(SMALL, 3)],
        {"q": {**ANY, "quotas": [cpu(2)]}, "r": ANY},
    ),
    "borrowing": Case(
        {"a": (0.0, graph("x", 6, 20)), "b": (5.0, graph("y", 3, 30)), "c": (6.0, graph("x", 4, 10, priority=1))},
        POLICY,
        [(SMALL, 4)],
        {
            "lab": {},
            "x": {**ANY, "parentName": "lab", "quotas": [cpu(2, borrowingLimit=2)]},
            "y": {**ANY, "parentName": "lab", "quotas": [cpu(3, lendingLimit=2)]},
        },
    ),
    "age": Case(
        {
            "a": (0.0, graph("q", 4, 30, cpu="2")),
            "b": (1.0, graph("q", 4, 30, cpu="2")),
            "c": (20.0, graph("q", 4, 30, priority=2, cpu="2")),
        },
        POLICY,
        [(SMALL, 1)],
        {"q": {**ANY, "ageing": {"perHour": 720, "ceiling": 100}}},
    ),
    "shares": Case(
        {"a": (0.0, graph("x", 12, 20)), "b": (1.0, graph("y", 12, 20)), "c": (2.0, graph("z", 6, 10))},
        POLICY,
        [(SMALL, 1)],
        {
            "lab": {"fairSharing": {"halfLife": "1m"}},
            "x": {**ANY, "parentName": "lab", "weight": 2},
            "y": {**ANY, "parentName": "lab"},
            "z": ANY,
        },
    ),
}


@pytest.mark.parametrize("what", ["a quota", "borrowing", "age"])
def test_queues(what: str, tmp_path: Path) -> None:
    same(CASES[what], tmp_path)


def test_shares(tmp_path: Path) -> None:
    """But for the words, which tell in which order things went at one instant: pods say to the second when they began."""
    expected, made = both(CASES["shares"], tmp_path)
    assert {unit: (each.node, each.at) for unit, each in made.items()} == {
        unit: (each.node, pytest.approx(each.at, abs=0.05)) for unit, each in expected.items()
    }


def test_the_cases_need_their_queues(tmp_path: Path) -> None:
    """Without them, decisions are others."""
    for what, case in CASES.items():
        trace, _ = case.simulated(tmp_path)
        plain = Case(case.graphs, case.policies, case.nodes, dict.fromkeys(case.queues, ANY))
        without, _ = plain.simulated(tmp_path)
        assert _placed(trace) != _placed(without), what


def _placed(trace: Trace) -> list[tuple[int, float]]:
    """The graph of each attempt, and when it was placed."""
    return list(zip(trace.attempts.graph.tolist(), trace.attempts.placed_at.tolist(), strict=True))
