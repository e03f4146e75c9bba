"""Figures of traces that are small enough to work out by hand."""

from __future__ import annotations

import pytest

from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Delays, Policy, Setup, Submission, Trace, figures, simulate
from bayplan.strategy.presets import compile_preset

HALF = RequestClass((("cpu", 500),))


@pytest.fixture
def trace() -> Trace:
    """Two nodes of one core and two jobs of 10 s on each half of the first; then a chain of 4 s and 6 s, from 5 s on."""
    nodes = [NodeInfo("a", {"cpu": 1000}, cost=3.6), NodeInfo("b", {"cpu": 1000}, cost=7.2)]
    job = Graph.build([Task("t", duration=10.0)])
    chain = Graph.build([Task("x", duration=4.0), Task("y", ("x",), duration=6.0)])
    work = [Submission(f"job{number}", job, (HALF,)) for number in range(4)]
    work.append(Submission("chain", chain, (HALF, HALF), at=5.0, deadline=12.0))
    return simulate(work, Setup(nodes, {"": Policy(compile_preset("BestFit"))}))


def test_times_shares_and_costs(trace: Trace) -> None:
    assert figures.makespan(trace) == 20.0  # the chain waits from 5 to 10, and takes 10
    assert figures.completion(trace) == pytest.approx((4 * 10 + 15) / 5)
    assert sorted(figures.waits(trace)) == [0, 0, 0, 0, 0, 5]
    assert figures.utilisation(trace, "cpu") == pytest.approx((4 * 10 + 10) * 0.5 / (2 * 20))
    # One node is busy until the chain ends after 20 s, the other for 10 s.
    assert figures.cost(trace) == pytest.approx(0.001 * 20 + 0.002 * 10)


def test_waiting_by_reason(trace: Trace) -> None:
    assert figures.waiting_by_reason(trace) == {"DependencyPending": pytest.approx(9.0), "NoCapacity": pytest.approx(5.0)}


def test_usage_over_time(trace: Trace) -> None:
    taken = figures.usage(trace, "cpu")
    assert taken.times.tolist() == [0.0, 10.0, 14.0, 20.0]
    assert taken.used.tolist() == [2000.0, 500.0, 500.0, 0.0]
    assert taken.capacity == 2000.0
    assert figures.node_utilisation(trace, "cpu").tolist() == [pytest.approx(0.75), pytest.approx(0.5)]


def test_binding_and_open_ends_count() -> None:
    nodes = [NodeInfo("a", {"cpu": 500})]
    graph = Graph.build([Task("t", duration=10.0)])
    work = [Submission(f"job{number}", graph, (HALF,)) for number in range(3)]
    setup = Setup(nodes, {"": Policy(compile_preset("BestFit"))}, delays=Delays(binding=1.0, starting=2.0), until=15.0)
    trace = simulate(work, setup)
    # The second is placed at 13 and would start at 16; the third waits until the simulation's last event, at 14.
    assert trace.ended_at == 14.0
    assert figures.waiting_by_reason(trace) == {"NoCapacity": pytest.approx(13.0 + 14.0), "Binding": pytest.approx(3.0 + 1.0)}
    assert figures.waits(trace).max() == 14.0
