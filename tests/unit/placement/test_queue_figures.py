"""Figures of queues that are small enough to work out by hand, and drawn ones beside plain sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, Trace, figures, simulate
from bayplan.simulation.queue_figures import jain, queue_figures
from bayplan.strategy.presets import compile_preset

TWO = [Queue("a", weight=3.0), Queue("b")]


def job(name: str, queue: str, at: float, seconds: float, cores: int) -> Submission:
    asked = RequestClass((("cpu", 1000 * cores), ("pods", 1)))
    return Submission(name, Graph.build([Task("t", duration=seconds)]), (asked,), at=at, queue=queue)


def trace_of(work: list[Submission], queues: list[Queue], cores: int = 4) -> Trace:
    nodes = [NodeInfo("n", {"cpu": 1000 * cores, "pods": 1000})]
    return simulate(work, Setup(nodes, {"": Policy(compile_preset("BestFit"))}, queues=tree_of(queues)))


def test_waits_slowdowns_shares_and_who_waited_for_whom() -> None:
    # b has all 4 cores until 20 s; a's first job waits from 5 on for 15 s, its second from 10 on for 10 s.
    work = [job("b0", "b", 0, 20, 4), job("a0", "a", 5, 20, 3), job("a1", "a", 10, 5, 1)]
    found = queue_figures(trace_of(work, TWO), {each.name: each for each in TWO}, "default")
    assert found.names == ("a", "b")
    assert found.jobs.tolist() == [2, 1]
    assert found.waits[0].tolist() == [15.0, 10.0]
    assert found.slowdowns[0].tolist() == [(15 + 20) / 20, (10 + 5) / 10]
    # Until 40 s: b has all for 20 s; a has four cores for 5 s, and three for 15 s.
    assert found.shares.tolist() == [pytest.approx((5 + 0.75 * 15) / 40), pytest.approx(0.5)]
    # Due to a, of weight 3, are three cores, and one to b: b is above that while a holds nothing.
    assert found.delays.tolist() == [[0.0, 25.0], [0.0, 0.0]]


def test_nominal_is_due_where_there_is_a_quota() -> None:
    queues = [Queue("a"), Queue("b", quotas=(QuotaRow(QuotaKey("cpu"), 4000),))]
    work = [job("b0", "b", 0, 20, 4), job("a0", "a", 5, 20, 2)]
    found = queue_figures(trace_of(work, queues), {each.name: each for each in queues}, "default")
    assert not found.delays.any()


def test_jobs_of_no_queue_have_a_name_and_one_that_never_starts_has_waited_to_the_end() -> None:
    work = [job("x", "", 0, 10, 4), job("huge", "", 0, 10, 9)]
    nodes = [NodeInfo("n", {"cpu": 4000, "pods": 1000})]
    trace = simulate(work, Setup(nodes, {"": Policy(compile_preset("BestFit"))}))
    found = queue_figures(trace, {}, "default")
    assert found.names == ("default",)
    assert sorted(found.waits[0].tolist()) == [0.0, 10.0]
    assert len(found.slowdowns[0]) == 1


def test_who_evicted_whom_and_what_was_lost() -> None:
    # Each queue is guaranteed 2 of 4 cores, and has a grace of 30 s.
    rule = Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY)
    rows = (QuotaRow(QuotaKey("cpu"), 2000),)
    queues = [Queue("all"), *(Queue(name, "all", rows, preemption=rule) for name in "abc"[:2]), Queue("c", "all")]
    work = [
        job("b0", "b", 0, 1000, 3),  # evicted at 10 for a0, which takes back what is its own: 40 s are lost
        job("b1", "b", 0, 1000, 1),  # evicted at 100 for b2, which has a higher priority: 130 s, of which 120 were saved
        job("a0", "a", 10, 500, 2),
        job("b2", "b", 100, 500, 2),
        job("c0", "c", 700, 10, 1),
    ]
    work[1] = replace(work[1], checkpoints=(60.0,))
    work[3] = replace(work[3], priority=5)
    trace = trace_of(work, queues)
    found = queue_figures(trace, {each.name: each for each in queues}, "default")
    assert found.names == ("a", "b", "c")
    assert found.evictions.tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert found.work_lost.tolist() == [0.0, 50.0, 0.0]
    assert found.work_lost.sum() == figures.work_lost(trace)
    assert found.evictions.sum() == figures.evictions(trace)


def test_what_ends_within_its_grace_was_not_evicted() -> None:
    rule = Preemption(reclaim=Reclaim.ANY)
    queues = [Queue("all"), *(Queue(name, "all", (QuotaRow(QuotaKey("cpu"), 2000),), preemption=rule) for name in "ab")]
    work = [replace(job("b0", "b", 0, 35, 4), expected=np.array([900.0])), job("a0", "a", 10, 50, 2)]
    trace = trace_of(work, queues)
    assert trace.attempts.evicted_for.max() >= 0, "it was told to leave"
    found = queue_figures(trace, {each.name: each for each in queues}, "default")
    assert not found.evictions.any()
    assert not found.work_lost.any()


def test_jains_index() -> None:
    assert jain(np.array([1.0, 1.0, 1.0])) == pytest.approx(1.0)
    assert jain(np.array([1.0, 0.0, 0.0, 0.0])) == pytest.approx(0.25)
    assert jain(np.zeros(3)) == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_sums_are_those_of_every_half_second(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    queues = [Queue("a", weight=2.0), Queue("b"), Queue("c", quotas=(QuotaRow(QuotaKey("cpu"), 2000),))]
    work = [
        job(str(number), "abc"[drawn.integers(3)], int(drawn.integers(0, 60)) / 2, int(drawn.integers(1, 40)) / 2,
            int(drawn.integers(1, 5)))
        for number in range(40)
    ]  # fmt: skip
    trace = trace_of(work, queues, cores=6)
    found = queue_figures(trace, {each.name: each for each in queues}, "default")
    due = np.array([6 * 2 / 4, 6 * 1 / 4, 2.0])
    assert found.names == ("a", "b", "c")
    number = {name: at for at, name in enumerate(found.names)}
    of_graph = np.array([number[each.queue or ""] for each in trace.submissions])
    cores = np.array([dict(each.classes[0].resources)["cpu"] / 1000 for each in trace.submissions])
    graphs, delays, shares = trace.graphs, np.zeros((3, 3)), np.zeros(3)
    started = np.where(np.isnan(graphs.started_at), np.inf, graphs.started_at)
    for instant in np.arange(0, trace.ended_at, 0.5) + 0.25:  # all happens at multiples of half a second
        runs = (graphs.started_at <= instant) & (instant < graphs.ended_at)
        waits = (graphs.submitted_at <= instant) & (instant < started)
        held = np.bincount(of_graph[runs], cores[runs], minlength=3)
        waiting = np.bincount(of_graph[waits], minlength=3)
        shares += 0.5 * held / 6
        delays += 0.5 * np.outer(waiting * (held <= due), held > due)
    np.fill_diagonal(delays, 0.0)
    begin = float(graphs.submitted_at.min())
    assert found.delays == pytest.approx(delays)
    assert found.shares == pytest.approx(shares / (trace.ended_at - begin))
    assert delays.any()
