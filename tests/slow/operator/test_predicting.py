"""How long it takes to learn from runs and to predict others, with thousands of tasks."""

from __future__ import annotations

import time

import pytest

from bayplan.knowledge.run_times import expectations
from bayplan.model.workload import Request, RequestClass
from bayplan_operator.conductor.knowledge import expectations as renewals
from tests.unit.operator.knowing import Fixture
from tests.unit.operator.timing import tick


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "PAUSE", 0.0)
    monkeypatch.setattr(renewals, "_PAUSES", 0.0)


def test_predicting_for_5000_tasks_never_takes_a_tick_long() -> None:
    fixture = Fixture(profile_writes=1e-3)
    graph = fixture.graph("g", *({"name": f"t{n}"} for n in range(5000)), profile="f")
    for unit in range(900):
        fixture.end(graph, 5.0 + unit % 7, unit)
    requests = [Request(unit, RequestClass((("cpu", 1),)), graph=graph.ref.uid, unit=unit) for unit in range(5000)]
    steps, looks = [], []
    for unit in range(900, 930):
        fixture.end(graph, 5.0, unit)
        fixture.now += 0.1
        began = time.thread_time()
        fixture.knowledge.step(tick(fixture.now, fixture.graphs))
        steps.append(time.thread_time() - began)
        began = time.thread_time()
        fixture.knowledge.forecast.log_expected(requests, fixture.now)
        looks.append(time.thread_time() - began)
    steps.sort()
    print(f"steps: median {steps[15]:.3f} s, longest {steps[-1]:.3f} s; 5,000 requests {min(looks):.4f} s")
    assert steps[15] < 0.25
    assert min(looks) < 0.1
