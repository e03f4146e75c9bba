"""What a graph needs at once: gates, gangs, backups, candidates, rounds, and nodes of several kinds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.admission.whole_graphs.demand import demand_of, tasks_over
from bayplan.cluster.quotas import QuotaKey
from bayplan.cluster.quotas.reach import Reach, reach
from bayplan.lifecycle import BackupRule, Flow, GangRule, Gate, Repeated, Run, UnitState
from bayplan.model.constraints import Requirement, Term
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import RequestClass
from bayplan.simulation import Submission, simulate
from bayplan.simulation.whole_graphs import demand_of_all
from tests.draws import cases
from tests.unit.placement.building import GPU, asking
from tests.unit.placement.flows import flows, setup

CPU = QuotaKey("cpu")
GPUS = QuotaKey(GPU)


def needs(graph: Graph, flow: Flow | None, gpus: list[list[int]]) -> int:
    demand = demand_of(graph, flow, [[asking(1, each) for each in several] for several in gpus])
    return demand.heaviest(demand.weights(GPUS, None), np.zeros(len(graph.tasks), bool)).weight


def test_all_shards_count_and_what_follows_does_not_run_beside() -> None:
    graph = Graph.build([Task("a", (), 3), Task("b", ("a",), 2), Task("c", ("b",), 4)])
    assert needs(graph, None, [[1], [1], [1]]) == 4


def test_the_largest_candidate_counts() -> None:
    assert needs(Graph.build([Task("a", (), 2)]), None, [[1, 4, 2]]) == 8


def test_a_gang_counts_with_its_minimum_and_a_backup_not_at_all() -> None:
    graph = Graph.build([Task("a", (), 5), Task("copy", (), 5)])
    plain = Flow.plain(graph)
    elastic = replace(plain, gangs=(GangRule("a", (0, 1, 2, 3, 4), 2, 60.0),), backups=(BackupRule(0, (1,)),))
    assert needs(graph, elastic, [[1], [1]]) == 2


def test_what_follows_any_of_several_runs_beside_the_others() -> None:
    graph = Graph.build([Task("a"), Task("b"), Task("c", ("a", "b"))])
    flow = Flow.plain(graph)
    assert needs(graph, flow, [[1], [1], [1]]) == 2
    flow.gate[2] = Gate.ANY
    assert needs(graph, flow, [[1], [1], [1]]) == 3


def test_what_repeats_counts_until_the_last_round_is_over() -> None:
    graph = Graph.build([Task("before"), Task("again", ("before",))])
    flow = replace(Flow.plain(graph), repeated=Repeated(np.array([False, True]), np.array([False, True])))
    run = Run.fresh(2)
    run.state[:] = UnitState.SUCCEEDED
    assert tasks_over(graph, flow, run).tolist() == [True, False]
    run.rounds_over = True
    assert tasks_over(graph, flow, run).tolist() == [True, True]


def test_what_follows_an_asynchronous_task_runs_beside_it() -> None:
    graph = Graph.build([Task("local", (), 3), Task("join", ("local",))])
    every = np.ones(2, bool)
    repeated = Repeated(every, every[graph.unit_task], frozenset({0}))
    assert needs(graph, replace(Flow.plain(graph), repeated=repeated), [[1], [1]]) == 4


def test_where_a_pod_may_be_is_read_from_its_labels() -> None:
    key = QuotaKey(GPU, (("gpu", "a"), ("zone", "z")))

    def asked(**labels: str) -> RequestClass:
        return asking(1, 1, node_selector=tuple(sorted(labels.items())))

    assert reach(asked(), key) is Reach.MAY
    assert reach(asked(gpu="a"), key) is Reach.MAY
    assert reach(asked(gpu="a", zone="z", more="x"), key) is Reach.ALWAYS
    assert reach(asked(gpu="b"), key) is Reach.NEVER
    both = Term((Requirement("gpu", "In", ("a", "b")), Requirement("zone", "In", ("z",))))
    assert reach(asking(1, 1, required=(both,)), key) is Reach.MAY
    assert reach(asking(1, 1, required=(both,), node_selector=(("gpu", "a"),)), key) is Reach.ALWAYS
    other = Term((Requirement("gpu", "In", ("b", "c")),))
    assert reach(asking(1, 1, required=(other,)), key) is Reach.NEVER
    assert reach(asking(1, 1, required=(other, both)), key) is Reach.MAY


@cases(50, search=150)
@given(st.lists(flows(), min_size=1, max_size=3))
def test_whatever_its_flow_a_graph_that_has_begun_never_waits_for_its_queue(drawn: list[Submission]) -> None:
    """With room for the largest of them, each goes the way that it goes where there is no quota."""
    submissions = [replace(each, name=f"g{n}", queue="q", admitted_whole=True) for n, each in enumerate(drawn)]
    most = 0
    for each in submissions:
        demand = demand_of_all(each)
        over = np.zeros(len(each.classes), bool)
        most = max(most, demand.heaviest(demand.weights(CPU, None), over).weight)
    limited = replace(setup(), queues=tree_of([Queue("q", None, (QuotaRow(CPU, most),))]))
    trace, free = simulate(submissions, limited), simulate(drawn_apart(submissions), setup())
    assert trace.graphs.succeeded.tolist() == free.graphs.succeeded.tolist()
    attempts = trace.attempts
    for number in range(len(submissions)):
        own = attempts.graph == number
        begun = np.nanmin(attempts.placed_at[own]) if (own & ~np.isnan(attempts.placed_at)).any() else np.inf
        late = own & (attempts.wanted_at > begun)
        assert "QuotaExceeded" not in {attempts.reason[row] for row in np.flatnonzero(late)}


def drawn_apart(submissions: list[Submission]) -> list[Submission]:
    return [replace(each, queue=None, admitted_whole=False) for each in submissions]
