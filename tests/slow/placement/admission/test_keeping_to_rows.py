"""Every planner keeps to the quotas of queues, and so does a plugin that knows nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision, Outcome
from bayplan.model.occupant import Tenant
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, Request
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.protocols import Planner, Strategy
from bayplan.strategy.wish import Wish
from tests.slow.placement.test_replay_of_planners import FEW, MAP
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

FAST = (("gpu", "A100"),)
CPU, FAST_CPU = QuotaKey("cpu"), QuotaKey("cpu", FAST)
QUEUES = (
    Queue("lab", None, (QuotaRow(CPU, 2000),)),
    Queue("a", "lab", (QuotaRow(CPU, 4000, 2000), QuotaRow(FAST_CPU, 2000))),
    Queue("b", "lab", (QuotaRow(CPU, 2000, None, 1000),)),
    Queue("free"),
)


@dataclass(frozen=True, slots=True)
class OnTheFirst(Planner):
    """All of a batch on the first node, whatever fits."""

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        return [Decision(each.id, cluster.names[0], None, "the first") for each in requests]


def strategy_of(name: str) -> Strategy:
    if name == "OnTheFirst":
        return compile_strategy(["Priority"], [Named("BestFit")], Named(name), plugin=Plugin(planners={name: OnTheFirst}))
    return compile_strategy(
        ["Priority"], [Named("BestFit")], Named(name, parameters=MAP if name == "Static" else FEW.get(name, {}))
    )


def nodes() -> Cluster:
    on = cluster(node("n0", 6, labels=dict(FAST)), node("n1", 6), node("n2", 6, labels=dict(FAST)))
    on.set_quotas(tree_of(QUEUES).limits())
    return on


def act(on: Cluster, requests: dict[object, Request], outcome: Outcome) -> None:
    for each in outcome.placements:
        request = requests[each.request_id]
        tenant = Tenant(queue=request.queue, namespace=request.namespace)
        on.occupy(each.request_id, each.node or "", dict(request.request_class.resources), tenant=tenant)


def check(on: Cluster) -> None:
    """By plain sums over what occupies the nodes."""
    held: dict[tuple[str | None, bool], int] = {}
    for each in on.nodes:
        for occupant in on.occupants(each.name).values():
            key = None if occupant.tenant is None else occupant.tenant.queue, "gpu" in each.labels
            held[key] = held.get(key, 0) + occupant.resources["cpu"]
    a, b = (held.get((queue, False), 0) + held.get((queue, True), 0) for queue in "ab")
    assert a <= 4000 + 2000
    assert held.get(("a", True), 0) <= 2000
    assert b <= 2000 + 2000 + 4000
    kept = 1000
    assert a + max(0, b - kept) <= 2000 + 4000 + 1000


WANTED = st.lists(
    st.tuples(
        st.sampled_from(("a", "a", "b", "free", None)),
        st.integers(1, 3),
        st.integers(0, 2),
        st.sampled_from((None, None, None, "g", "h")),
    ),
    min_size=1,
    max_size=9,
)


@pytest.mark.parametrize("name", [*PLANNERS, "OnTheFirst"])
@settings(max_examples=15, deadline=None)
@given(WANTED, st.lists(st.integers(0, 8), max_size=5))
def test_no_planner_goes_beyond_a_row(
    name: str, drawn: list[tuple[str | None, int, int, str | None]], ended: list[int]
) -> None:
    on, strategy = nodes(), strategy_of(name)
    requests: dict[object, Request] = {
        n: Request(n, asking(cpu), priority, arrival=(n,), task=f"t{n}", queue=queue, gang=_gang(gang, queue), namespace="x")
        for n, (queue, cpu, priority, gang) in enumerate(drawn)
    }
    decider = Decider(on)
    decider.update(Changes(tuple(Wish(each, strategy) for each in requests.values())))
    act(on, requests, decider.decide(0.0))
    check(on)
    for each in ended:
        on.vacate(each)
        act(on, requests, decider.decide(0.0))
        check(on)
    # What waits has no place that its queue and the nodes would allow, where the planner leaves none.
    if name in ("Greedy", "RoundRobin") and not any(each.gang for each in requests.values()):
        for wish in decider.wishes.values():
            _, pairs = wish.request, on.demand(wish.request.request_class).pairs
            for row in range(on.rows):
                fits = on.holds(row, on.demand(wish.request.request_class), ())
                assert not fits or on.quotas.keeps_off(wish.request.queue, pairs, row)


def _gang(name: str | None, queue: str | None) -> Gang | None:
    return None if name is None else Gang((name, queue), 2 if name == "h" else None)


# In words


def refused(on: Cluster, request: Request) -> tuple[Reason | None, str]:
    decider = Decider(on)
    decider.update(Changes((Wish(request, BEST_FIT),)))
    (found,) = decider.decide(0.0).waiting
    return found.reason, found.message


def test_the_sentence_names_the_row_what_is_used_asked_and_missing_and_who_holds_it() -> None:
    on = nodes()
    for number, (queue, namespace, cpu) in enumerate((("a", "x", 3), ("a", "y", 2))):
        tenant = Tenant(queue=queue, namespace=namespace)
        on.occupy(number, "n1", {"cpu": cpu * 1000}, tenant=tenant)
    assert refused(on, Request("r", asking(2), queue="a", namespace="x")) == (
        Reason.QUOTA_EXCEEDED,
        "queue a: cpu: 5 of 6 used, 2 asked, 1 missing; held by namespace x: 3, by 1 other namespace: 2",
    )
    on.vacate(1)
    on.occupy(1, "n2", {"cpu": 6000}, tenant=Tenant(queue="b", namespace="z"))
    assert refused(on, Request("r", asking(2), queue="a", namespace="q")) == (
        Reason.QUOTA_EXCEEDED,
        "queue a: cpu: 8 of 7 used in queue lab, 2 asked, 3 missing; held by 2 other namespaces: 9",
    )


def test_what_may_never_be_held_is_said_at_once() -> None:
    on = nodes()
    on.set_quotas(tree_of([Queue("b", None, (QuotaRow(CPU, 2000),))]).limits())
    assert refused(on, Request("r", asking(5), queue="b")) == (
        Reason.QUOTA_EXCEEDED,
        "queue b: cpu: 5 asked, and the queue may never hold more than 2",
    )


def test_where_a_row_closes_some_nodes_and_others_are_full_both_are_counted() -> None:
    on = nodes()
    on.occupy("other", "n1", {"cpu": 5000})
    on.occupy("own", "n0", {"cpu": 2000}, tenant=Tenant(queue="a"))
    assert refused(on, Request("r", asking(3), queue="a")) == (
        Reason.NO_CAPACITY,
        "0/3 nodes: 2 are closed by the quota of its queue, 1 has too little cpu free (3 asked, at most 1 free)",
    )
    assert refused(on, Request("r", asking(2), queue="a")) == (
        Reason.QUOTA_EXCEEDED,
        "queue a: cpu on nodes with gpu=A100: 2 of 2 used, 2 asked, 2 missing",
    )
