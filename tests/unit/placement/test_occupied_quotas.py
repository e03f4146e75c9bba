"""What pods of others hold of quotas in a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.admission.preemption.rules import Preemption, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.admission.whole_graphs.demand import demand_of
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.quotas import GraphCharge, QuotaKey
from bayplan.model.graph import Graph, Task
from bayplan.model.occupant import Tenant
from bayplan.model.reasons import Reason
from bayplan.model.run_law import RunLaw
from bayplan.model.stake import Stake
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Occupied, Policy, Setup, Submission, simulate
from bayplan.strategy.presets import compile_preset

ONE = RequestClass((("cpu", 1000),))
CPU = QuotaKey("cpu")
NEVER = float("inf")


def starts(nominal: int, *tenants: Tenant, **more: object) -> list[float]:
    """When three shards of 10 s start in a queue with this quota, beside pods that hold a core each; infinite: never."""
    graph = Graph.build([Task("t", duration=10.0, shards=3)])
    occupied = [Occupied("n", {"cpu": 1000}, tenant=each) for each in tenants]
    setup = Setup(
        [NodeInfo("n", {"cpu": 16000})],
        {"": Policy(compile_preset("BestFit"))},
        occupied=occupied,
        queues=tree_of([Queue("q", quotas=(QuotaRow(CPU, nominal),)), Queue("r")]),
        **more,  # type: ignore[arg-type]
    )
    found = simulate([Submission("team/g", graph, (ONE,), queue="q")], setup).attempts.started_at
    return sorted(np.where(np.isnan(found), NEVER, found).tolist())


@pytest.mark.parametrize(
    ("tenants", "expected"),
    [
        ((), [0.0, 0.0, 0.0]),
        ((Tenant(queue="q"),), [0.0, 0.0, 10.0]),
        ((Tenant(queue="q"), Tenant(queue="q")), [0.0, 10.0, 20.0]),
        ((Tenant(queue="q"),) * 3, [NEVER] * 3),
        ((Tenant(queue="r"), Tenant()), [0.0, 0.0, 0.0]),
    ],
    ids=["nothing", "one", "two", "all", "of another queue, and of none"],
)
def test_they_count_in_their_queue(tenants: tuple[Tenant, ...], expected: list[float]) -> None:
    assert starts(3000, *tenants) == expected


def test_they_stay_when_they_should_have_ended_and_are_not_evicted() -> None:
    known = Tenant(queue="q", since=-5.0, expected_end=1.0, run=RunLaw(6.0, most=6.0), stake=Stake("u"), priority=-9)
    assert starts(3000, known) == starts(3000, Tenant(queue="q"))
    evicts = Queue("q", quotas=(QuotaRow(CPU, 1000),), preemption=Preemption(WithinQueue.LOWER_PRIORITY))
    setup = Setup(
        [NodeInfo("n", {"cpu": 1000})],
        {"": Policy(compile_preset("BestFit"))},
        occupied=[Occupied("n", {"cpu": 1000}, tenant=known)],
        queues=tree_of([evicts]),
    )
    graph = Graph.build([Task("t", duration=10.0)])
    found = simulate([Submission("team/g", graph, (ONE,), queue="q", priority=9)], setup)
    assert np.isnan(found.attempts.started_at).all()
    assert not found.preempted


@pytest.mark.parametrize(
    ("run", "expected"),
    [(None, [NEVER, NEVER]), (RunLaw(60.0, most=60.0), [0.0, NEVER]), (RunLaw(20.0, most=20.0), [NEVER, NEVER])],
    ids=["nothing is known", "it ends in 40 s", "it is due"],
)
def test_reservations_go_by_when_they_end(run: RunLaw | None, expected: list[float]) -> None:
    """A large request waits for them. A small one of 10 s behind it is let in where it ends before they do."""
    setup = Setup(
        [NodeInfo("n", {"cpu": 4000})],
        {"": Policy(compile_preset("BestFit"))},
        occupied=[Occupied("n", {"cpu": 2000}, tenant=Tenant(since=-20.0, run=run))],
        queues=tree_of([Queue("q", reserve=1)]),
    )
    graph, large = Graph.build([Task("t", duration=10.0)]), RequestClass((("cpu", 4000),))
    submissions = [
        Submission("team/small", graph, (ONE,), queue="q", laws=(RunLaw(10.0, most=10.0),)),
        Submission("team/large", graph, (large,), queue="q", priority=9),
    ]
    found = simulate(submissions, setup).attempts
    times = {int(graph): float(at) for graph, at in zip(found.graph, found.started_at, strict=True)}
    assert [NEVER if np.isnan(times[number]) else times[number] for number in (0, 1)] == expected


def test_what_is_charged_for_a_whole_graph_counts_less_what_its_pods_hold() -> None:
    demand = demand_of(Graph.build([Task("t", shards=2)]), None, [[ONE]])
    charge = GraphCharge("q", ((CPU, 2000),))
    charged = {"whole": WholeGraph("whole", "whole", "q", "team", demand, np.zeros(1, bool), charge)}
    assert starts(3000, charged=charged) == [0.0, 10.0, 20.0]
    assert starts(3000, Tenant(graph="whole", queue="q"), charged=charged) == [0.0, 10.0, 20.0]
    assert starts(3000, Tenant(graph="other", queue="q"), charged=charged) == [NEVER] * 3


def test_what_is_held_back_waits_with_its_reason_and_keeps_off_no_other() -> None:
    graph = Graph.build([Task("t", duration=10.0, shards=2), Task("u", ("t",), duration=1.0)])
    setup = Setup([NodeInfo("n", {"cpu": 2000})], {"": Policy(compile_preset("BestFit"))})
    held = Submission("team/held", graph, (ONE, ONE), priority=9, held_back=(Reason.QUEUE_STOPPED, "queue q is stopped"))
    trace = simulate([held, Submission("team/other", graph, (ONE, ONE))], setup)
    found = trace.attempts
    rows = [(int(found.graph[row]), found.reason[row], found.why[row]) for row in np.flatnonzero(np.isnan(found.started_at))]
    assert rows == [(0, "QueueStopped", "queue q is stopped")] * 2
    assert sorted(found.started_at[~np.isnan(found.started_at)].tolist()) == [0.0, 0.0, 10.0]
