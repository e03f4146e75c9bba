"""Evictions on the virtual cluster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayplan.lifecycle import Flow, GangRule, Retry
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import AttemptOutcome, Policy, Setup, SetupError, Submission, Trace, figures, simulate
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.admission.preemption.small_cluster import two_queues

ONE = RequestClass((("gpu", 1),))
TREE = two_queues()


def job(name: str, queue: str, at: float, shards: int, seconds: float, **more: object) -> Submission:
    graph = Graph.build([Task("t", (), shards, seconds)])
    return Submission(f"team/{name}", graph, (ONE,), at=at, queue=queue, policy="p", **more)  # type: ignore[arg-type]


def run(*jobs: Submission, gpus: int = 8) -> Trace:
    setup = Setup([NodeInfo("n0", {"gpu": gpus})], {"p": Policy(compile_preset("BestFit"))}, queues=TREE)
    return simulate(jobs, setup)


def gang(submission: Submission) -> Submission:
    units = submission.graph.units
    flow = replace(Flow.plain(submission.graph), gangs=(GangRule("g", tuple(range(units)), units, 60.0),))
    return replace(submission, flow=flow)


def test_a_victim_has_its_grace_ends_as_preempted_and_waits_again_with_its_age() -> None:
    trace = run(job("b", "b", 0.0, 8, 1_000.0, retries=(Retry(0),)), job("a", "a", 20.0, 1, 100.0))
    attempts = trace.attempts
    (gone,) = np.flatnonzero(attempts.outcome == AttemptOutcome.PREEMPTED)
    assert attempts.ended_at[gone] == 50.0, "30 s of grace"
    (pre_emptor,) = np.flatnonzero(attempts.graph == 1)
    assert attempts.placed_at[pre_emptor] == 50.0
    (again,) = np.flatnonzero(attempts.incarnation == 2)
    assert attempts.shard[again] == attempts.shard[gone]
    assert (attempts.wanted_at[again], attempts.placed_at[again]) == (50.0, 150.0)
    assert trace.graphs.succeeded.all(), "no retry is spent: there was none"
    assert figures.evictions(trace) == 1
    assert figures.work_lost(trace) == 50.0
    assert [(each.at, each.graph, each.victims, each.attempts) for each in trace.preempted] == [(20.0, 1, (0,), 1)]
    assert trace.in_vain == 0


def test_a_checkpoint_saves_what_was_done_before_it() -> None:
    trace = run(job("b", "b", 0.0, 8, 1_000.0, checkpoints=(20.0,)), job("a", "a", 25.0, 1, 100.0))
    attempts = trace.attempts
    (gone,) = np.flatnonzero(attempts.outcome == AttemptOutcome.PREEMPTED)
    assert (attempts.ended_at[gone], attempts.saved[gone]) == (55.0, 40.0)
    (again,) = np.flatnonzero(attempts.incarnation == 2)
    assert attempts.ended_at[again] - attempts.started_at[again] == pytest.approx(960.0)
    assert figures.work_lost(trace) == 15.0


def test_a_gang_is_evicted_whole_and_begins_again_together() -> None:
    trace = run(gang(job("b", "b", 0.0, 6, 2_000.0)), gang(job("a", "a", 10.0, 4, 100.0)))
    attempts = trace.attempts
    assert (attempts.outcome == AttemptOutcome.PREEMPTED).sum() == 6
    again = attempts.incarnation == 2
    assert again.sum() == 6
    assert len(set(attempts.placed_at[again].tolist())) == 1
    assert trace.graphs.succeeded.all()


def test_what_must_not_be_evicted_stays_and_what_ends_in_its_grace_has_succeeded() -> None:
    trace = run(job("b", "b", 0.0, 8, 1_000.0, preemptible=False), job("a", "a", 20.0, 1, 100.0))
    assert not trace.preempted
    trace = run(job("b", "b", 0.0, 8, 45.0, grace=30.0, expected=np.array([900.0])), job("a", "a", 20.0, 1, 100.0))
    assert len(trace.preempted) == 1
    assert figures.evictions(trace) == 0
    assert (trace.attempts.outcome == AttemptOutcome.SUCCEEDED).all()


@pytest.mark.parametrize(
    ("more", "says"), [({"grace": -1.0}, "grace is -1.0"), ({"checkpoints": (0.0,)}, "checkpoints has 0.0")]
)
def test_bad_figures_are_refused(more: dict[str, object], says: str) -> None:
    with pytest.raises(SetupError, match=says):
        job("a", "a", 0.0, 1, 1.0, **more)
