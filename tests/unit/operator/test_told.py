"""Numbers that tasks say of themselves, as Prometheus sees them."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from bayplan_operator.conductor.knowledge import told
from bayplan_operator.translate.task_identity import TaskId


def seen(name: str) -> float | None:
    labels = {"namespace": "ns", "family": "bounded", "task": "fit", "result": name}
    return REGISTRY.get_sample_value("bayplan_task_result", labels)


def test_the_series_that_were_told_longest_ago_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MOST", 2)
    numbers, task = told.ToldNumbers(), TaskId("ns", "bounded", "fit")
    numbers.tell(task, {"first": 1.0, "second": 2.0})
    numbers.tell(task, {"first": 3.0})
    numbers.tell(task, {"third": 4.0})
    assert (seen("first"), seen("second"), seen("third")) == (3.0, None, 4.0)
