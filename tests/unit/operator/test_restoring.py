"""What an earlier operator, or somebody's editor, left in the status."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW
DONE = "Succeeded 1/0 n 1+1"


def restored(*lines: str, **status: Any) -> tuple[GraphRun, Running]:
    """Three tasks in a row, with this status."""
    pod = {"template": {"spec": {"containers": [{"image": "i"}]}}}
    names = ("a", "b", "c")
    tasks = [{"name": n, "dependsOn": [{"task": p}] if p else [], **pod} for p, n in zip(("", *names), names, strict=False)]
    raw = {
        "metadata": {"namespace": "ns", "name": "g", "uid": "u", "creationTimestamp": STAMP},
        "spec": {"tasks": tasks},
        "status": {"acceptedAt": STAMP, "tasks": list(lines), **status},
    }
    graph = intake.new_graph(raw, NOW, intake.IntakeTerms())
    assert graph.running is not None
    return graph, graph.running


def states(running: Running) -> list[str]:
    return [UnitState(state).name for state in running.run.state]


def test_a_record_that_is_possible_is_believed() -> None:
    _, running = restored(f"a {DONE}", "b Running 2/1 n 5", "c Pending")
    assert states(running) == ["SUCCEEDED", "RUNNING", "PENDING"]
    assert (running.run.incarnation[1], running.run.failures[1]) == (2, 1)


@pytest.mark.parametrize("line", ["b Ready 1/1 >5", "b Binding 1/0 n", "b Running 1/0 n 5", "b Skipped"])
def test_nothing_is_under_way_before_what_it_depends_on(line: str) -> None:
    _, running = restored("a Running 1/0 n 1", line)
    assert states(running) == ["RUNNING", "PENDING", "PENDING"]


def test_skipped_without_a_failure_is_not_skipped() -> None:
    _, running = restored(f"a {DONE}", f"b {DONE}", "c Skipped")
    assert states(running)[2] == "PENDING"
    _, running = restored(f"a {DONE}", "b Failed 1/1 n 1+1", "c Skipped")
    assert states(running) == ["SUCCEEDED", "FAILED", "SKIPPED"]
    assert running.run.failure


def test_no_back_off_is_longer_than_its_cap() -> None:
    _, running = restored("a Ready 1/1 >20")
    assert running.run.not_before[0] == NOW + 20
    _, running = restored("a Ready 1/1 >99999999")
    assert running.run.not_before[0] == NOW + 60


@pytest.mark.parametrize("text", ["2199-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "soon", 5])
def test_an_instant_that_cannot_be_true_counts_as_not_written(text: object) -> None:
    graph, _ = restored("a Ready", acceptedAt=text, startTime=text, completionTime=text)
    assert graph.decided.accepted_at == NOW
    assert (graph.decided.started_at, graph.decided.completed_at) == (None, None)
