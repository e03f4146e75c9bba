"""What queues may hold of quota rows: against a reference that asks a solver, and case by case."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.cluster.quotas.limits import UNLIMITED
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, Request, RequestClass

CPU = QuotaKey("cpu")


def quota(nominal: int, borrowing: int | None = None, lending: int | None = None, key: QuotaKey = CPU) -> QuotaRow:
    return QuotaRow(key, nominal, borrowing, lending)


def usage(*queues: Queue) -> tuple[dict[str, int], RowUsage]:
    limits = tree_of(queues).limits()
    return limits.numbers, RowUsage(limits.rows[0], limits.parents)


@st.composite
def trees(draw: st.DrawFn) -> list[Queue]:
    """Up to seven queues, each with or without a row and limits."""
    queues: list[Queue] = []
    for number in range(draw(st.integers(1, 7))):
        parent = draw(st.sampled_from([None, *(each.name for each in queues)]))
        limit = st.none() if parent is None else st.one_of(st.none(), st.integers(0, 8))
        rows = () if draw(st.booleans()) else (quota(draw(st.integers(0, 8)), draw(limit), draw(limit)),)
        queues.append(Queue(f"q{number}", parent, rows))
    if not any(each.quotas for each in queues):
        queues[0] = Queue("q0", queues[0].parent, (quota(draw(st.integers(0, 8))),))
    return queues


def most_by_solver(queues: list[Queue], held: dict[str, int], queue: str) -> int:
    """The most that a queue may hold beside what the others hold: flows between queues and their parents, as a linear program.

    Per queue a flow from its parent (negative: what it lends). It has nominal + flow; its holders and its children's flows
    must not need more. What it lends is bounded by its lending limit, below which it keeps what is its own and its subtree's.
    """
    by_name = {each.name: each for each in queues}
    limited: set[str] = set()
    for each in queues:
        path: list[Queue] = [each]
        while (above := path[-1].parent) is not None:
            path.append(by_name[above])
        if any(step.quotas for step in path):
            limited.add(each.name)
    if queue not in limited:
        return UNLIMITED
    names = list(by_name)
    place = {name: number for number, name in enumerate(names)}
    # Variables: flow of each queue that has a parent; what the queue in question holds.
    count = len(names)
    bounds: list[tuple[float | None, float | None]] = []
    for name in names:
        each = by_name[name]
        row = each.quotas[0] if each.quotas else None
        if each.parent is None:
            bounds.append((0, 0))
            continue
        bounds.append(
            (
                None if row is None or row.lending_limit is None else -row.lending_limit,
                None if row is None or row.borrowing_limit is None else row.borrowing_limit,
            )
        )
    bounds.append((0, None))
    above_zero, right = [], []
    for name in names:
        each = by_name[name]
        line = np.zeros(count + 1)
        if each.parent is not None:
            line[place[name]] = -1
        for child in queues:
            if child.parent == name:
                line[place[child.name]] += 1
        if name == queue:
            line[count] = 1
        nominal = each.quotas[0].nominal if each.quotas else 0
        above_zero.append(line)
        right.append(nominal - (held[name] if name in limited and name != queue else 0))
    found = linprog([0.0] * count + [-1.0], A_ub=np.array(above_zero), b_ub=np.array(right), bounds=bounds)
    return round(-found.fun) if found.status == 0 else -1


@given(trees(), st.data())
def test_what_is_left_is_what_a_linear_program_finds_after_any_history(queues: list[Queue], data: st.DataObject) -> None:
    numbers, row = usage(*queues)
    held = dict.fromkeys(numbers, 0)
    for _ in range(data.draw(st.integers(0, 12))):
        name = data.draw(st.sampled_from(sorted(numbers)))
        if held[name] and data.draw(st.booleans()):
            amount = -data.draw(st.integers(1, held[name]))
        else:
            amount = min(data.draw(st.integers(0, 6)), max(0, row.rest(numbers[name])))
        row.charge(numbers[name], amount)
        held[name] += amount
    for name, number in numbers.items():
        most = most_by_solver(queues, held, name)
        rest = row.rest(number)
        assert (rest == UNLIMITED) if most == UNLIMITED else (held[name] + rest == most)
    fresh = usage(*queues)[1]
    for name, amount in held.items():
        fresh.charge(numbers[name], amount)
    assert fresh.used == row.used


def test_siblings_lend_each_other_what_a_parent_without_a_row_passes_on() -> None:
    numbers, row = usage(Queue("all"), Queue("a", "all", (quota(8),)), Queue("b", "all", (quota(4),)))
    assert row.rest(numbers["a"]) == 12
    row.charge(numbers["a"], 10)
    assert row.rest(numbers["b"]) == 2
    assert row.binding(numbers["b"]) == (numbers["all"], 10, 12)


def test_a_limit_of_zero_is_not_the_same_as_none() -> None:
    numbers, row = usage(Queue("all"), Queue("a", "all", (quota(8, 0),)), Queue("b", "all", (quota(4, None, 0),)))
    assert row.rest(numbers["a"]) == 8
    assert row.rest(numbers["b"]) == 12
    row.charge(numbers["a"], 8)
    assert (row.rest(numbers["a"]), row.rest(numbers["b"])) == (0, 4)


def test_a_queue_without_a_row_on_its_way_has_no_limit_whatever_its_siblings_have() -> None:
    numbers, row = usage(Queue("all"), Queue("a", "all", (quota(8),)), Queue("free", "all"))
    assert row.rest(numbers["free"]) == UNLIMITED
    row.charge(numbers["free"], 100)
    assert row.rest(numbers["a"]) == 8


def test_a_queue_below_one_with_a_row_borrows_all_it_gets() -> None:
    numbers, row = usage(Queue("all", None, (quota(8),)), Queue("a", "all"), Queue("b", "a"))
    row.charge(numbers["b"], 5)
    assert [row.rest(numbers[name]) for name in ("all", "a", "b")] == [3, 3, 3]


def test_a_lowered_quota_leaves_a_queue_over() -> None:
    numbers, row = usage(Queue("a", None, (quota(2),)))
    row.charge(0, 5)
    assert row.rest(numbers["a"]) == -3


# Nodes


def two_nodes(queues: list[Queue]) -> Cluster:
    found = Cluster()
    found.set_node(NodeInfo("fast", {"cpu": 100, "gpu": 8}, {"gpu": "A100"}))
    found.set_node(NodeInfo("slow", {"cpu": 100, "gpu": 8}, {"gpu": "T4"}))
    found.set_quotas(tree_of(queues).limits())
    return found


A100 = QuotaKey("gpu", (("gpu", "A100"),))


def held(on: Cluster, queue: str) -> list[int]:
    return [row.used[on.quotas.limits.numbers[queue]] for row in on.quotas.rows]


def test_a_row_counts_what_is_on_its_nodes_only() -> None:
    on = two_nodes([Queue("a", None, (quota(4, key=A100),))])
    on.occupy("one", "fast", {"gpu": 2}, tenant=Tenant(queue="a"))
    on.occupy("two", "slow", {"gpu": 5}, tenant=Tenant(queue="a"))
    on.occupy("foreign", "fast", {"gpu": 1})
    assert held(on, "a") == [2]
    on.vacate("one")
    assert held(on, "a") == [0]


def test_what_is_held_follows_labels_nodes_and_tenants() -> None:
    on = two_nodes([Queue("a", None, (quota(4, key=A100),)), Queue("b", None, (quota(4, key=A100),))])
    on.occupy("one", "slow", {"gpu": 3}, tenant=Tenant(queue="a"))
    on.set_node(NodeInfo("slow", {"cpu": 100, "gpu": 8}, {"gpu": "A100"}))
    assert held(on, "a") == [3]
    on.occupy("one", "slow", {"gpu": 3}, tenant=Tenant(queue="b"))
    assert (held(on, "a"), held(on, "b")) == ([0], [3])
    on.remove_node("slow")
    assert held(on, "b") == [0]
    on.set_node(NodeInfo("slow", {"cpu": 100, "gpu": 8}, {"gpu": "A100"}))
    assert held(on, "b") == [3]
    on.set_node(NodeInfo("slow", {"cpu": 100, "gpu": 8}, {"gpu": "T4"}))
    assert held(on, "b") == [0]
    on.set_node(NodeInfo("slow", {"cpu": 100, "gpu": 8}, {"gpu": "A100"}))
    on.set_quotas(tree_of([Queue("b", None, (quota(9, key=A100), quota(100)))]).limits())
    assert held(on, "b") == [0, 3]


@given(st.data())
def test_what_is_held_equals_a_count_after_any_changes(data: st.DataObject) -> None:
    queues = data.draw(trees())
    on = two_nodes(queues)
    names = [each.name for each in queues]
    for step in range(data.draw(st.integers(1, 15))):
        match data.draw(st.sampled_from(["occupy", "vacate", "node", "gone", "quotas"])):
            case "occupy":
                queue = data.draw(st.sampled_from([None, *names]))
                on.occupy(
                    data.draw(st.integers(0, 5)),
                    data.draw(st.sampled_from(["fast", "slow"])),
                    {"cpu": data.draw(st.integers(0, 3))},
                    tenant=Tenant(queue=queue),
                )
            case "vacate":
                on.vacate(data.draw(st.integers(0, 5)))
            case "node":
                on.set_node(NodeInfo("slow", {"cpu": 100 + step}, {"gpu": data.draw(st.sampled_from(["A100", "T4"]))}))
            case "gone":
                on.remove_node("slow")
            case "quotas":
                key = data.draw(st.sampled_from([CPU, QuotaKey("cpu", (("gpu", "A100"),))]))
                queues[0] = Queue("q0", None, (quota(data.draw(st.integers(0, 9)), key=key),))
                on.set_quotas(tree_of(queues).limits())
    for row in on.quotas.rows:
        count = RowUsage(row.limits, on.quotas.limits.parents)
        for node in on.nodes:
            if all(node.labels.get(key) == value for key, value in row.limits.key.node_selector):
                for each in on.occupants(node.name).values():
                    queue = each.tenant.queue if each.tenant is not None else None
                    if queue is not None:
                        count.charge(on.quotas.limits.numbers[queue], each.resources["cpu"])
        assert count.used == row.used
        assert count.own == row.own


def test_a_trial_counts_and_is_undone() -> None:
    on = two_nodes([Queue("a", None, (quota(4, key=A100),))])
    request = Request("r", RequestClass((("gpu", 3),)), queue="a", namespace="lab")
    demand, row = on.demand(request.request_class), on.row("fast")
    assert row is not None
    with on.trial() as trial:
        trial.take(row, demand, (), request)
        assert held(on, "a") == [3]
        assert on.quotas.keeps_off("a", demand.pairs, row)
        assert not on.quotas.keeps_off("a", demand.pairs, on.row("slow") or 0)
    assert held(on, "a") == [0]
    assert on.quotas.rows[0].own == [{}]
