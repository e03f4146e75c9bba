"""A checker of simulated traces that knows nothing of how they come about, and workloads for it."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
from hypothesis import strategies as st

from bayplan.lifecycle import Retry
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import AttemptOutcome, Crash, Delays, Failures, Policy, Setup, Submission, Trace, TrueRunTimes
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.drawing import among, some_below, whole

GPU = "nvidia.com/gpu"
SMALL = RequestClass((("cpu", 1000),))
LARGE = RequestClass((("cpu", 3000), ("memory", 4)))
ONE_GPU = RequestClass((("cpu", 500), (GPU, 1)), gpus=GpuAsk(1))
TWO_GPUS = RequestClass((("cpu", 500), (GPU, 2)), gpus=GpuAsk(2))
NOWHERE = RequestClass((("cpu", 10**6),))
CLASSES = (SMALL, LARGE, ONE_GPU, TWO_GPUS)


def check(trace: Trace) -> None:
    """Raises `AssertionError` at the first instant at which something is wrong."""
    check_order(trace)
    check_capacity(trace)
    check_gpus(trace)


def check_order(trace: Trace) -> None:
    """No attempt begins before everything it depends on has succeeded; of a shard, one comes after the other."""
    attempts = trace.attempts
    succeeded: dict[tuple[int, int], list[float]] = defaultdict(list)
    by_shard: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for row in range(len(attempts)):
        graph, task, shard = int(attempts.graph[row]), int(attempts.task[row]), int(attempts.shard[row])
        by_shard[graph, task, shard].append(row)
        if attempts.outcome[row] == AttemptOutcome.SUCCEEDED:
            succeeded[graph, task].append(float(attempts.ended_at[row]))
    for (graph, task, _), rows in by_shard.items():
        submission = trace.submissions[graph]
        for parent in submission.graph.parents.of(task).tolist():
            ends = succeeded[graph, parent]
            assert len(ends) == submission.graph.tasks[parent].shards, "a task began before its parent had succeeded"
            assert max(ends) <= min(attempts.wanted_at[row] for row in rows)
        for number, row in enumerate(rows):
            times = [attempts.wanted_at[row], attempts.placed_at[row], attempts.started_at[row], attempts.ended_at[row]]
            known = [float(at) for at in times if not math.isnan(at)]
            assert known == sorted(known)
            assert known[0] >= submission.at
            assert attempts.incarnation[row] == number + 1
            if number:
                assert attempts.wanted_at[row] >= attempts.ended_at[rows[number - 1]]
        assert sum(attempts.outcome[row] == AttemptOutcome.SUCCEEDED for row in rows) <= 1
        assert all(attempts.outcome[row] != AttemptOutcome.SUCCEEDED for row in rows[:-1])


def check_capacity(trace: Trace) -> None:
    """At no instant is more taken of a node than it has."""
    attempts = trace.attempts
    changes: dict[int, list[tuple[float, int, dict[str, int]]]] = defaultdict(list)
    for row in np.flatnonzero(attempts.node >= 0).tolist():
        asked = dict(trace.request_class(row).resources)
        end = attempts.ended_at[row]
        changes[attempts.node[row]].append((float(attempts.placed_at[row]), 1, asked))
        changes[attempts.node[row]].append((math.inf if math.isnan(end) else float(end), -1, asked))
    for node, of_node in changes.items():
        used: dict[str, int] = defaultdict(int)
        for _, sign, asked in sorted(of_node, key=lambda each: (each[0], each[1])):
            for resource, amount in asked.items():
                used[resource] += sign * amount
                assert used[resource] <= trace.nodes[node].allocatable.get(resource, 0)


def check_gpus(trace: Trace) -> None:
    """No whole GPU is given to two at a time."""
    attempts = trace.attempts
    busy: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for row in np.flatnonzero(attempts.node >= 0).tolist():
        end = float(attempts.ended_at[row])
        for gpu in attempts.gpus[row]:
            busy[int(attempts.node[row]), gpu].append((float(attempts.placed_at[row]), math.inf if math.isnan(end) else end))
    for spans in busy.values():
        spans.sort()
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


def same(one: Trace, other: Trace) -> bool:
    """Whether two traces say the same."""
    columns = ("graph", "task", "shard", "incarnation", "node", "wanted_at", "placed_at", "started_at", "ended_at", "outcome")
    return (
        all(np.array_equal(getattr(one.attempts, name), getattr(other.attempts, name), equal_nan=True) for name in columns)
        and one.attempts.gpus == other.attempts.gpus
        and one.attempts.reason == other.attempts.reason
        and one.attempts.why == other.attempts.why
        and np.array_equal(one.graphs.ended_at, other.graphs.ended_at, equal_nan=True)
        and one.graphs.failure == other.graphs.failure
        and one.events == other.events
    )


def nodes(count: int = 3) -> list[NodeInfo]:
    """Nodes of 4 cores, every second one with two GPUs and twice the speed."""
    found = []
    for number in range(count):
        gpus = number % 2
        allocatable = {"cpu": 4000, "memory": 8, **({GPU: 2} if gpus else {})}
        found.append(
            NodeInfo(
                f"n{number}",
                allocatable,
                gpus=Gpus(2) if gpus else None,
                node_class="fast" if gpus else "slow",
                cost=1.0 + gpus,
            )
        )
    return found


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> Graph:
    """Acyclic, with shards; of one task as often as not."""
    count = draw(among(1, 1, *range(2, most + 1)))
    tasks = []
    for number in range(count):
        parents = draw(some_below(number, 3)) if number else set()
        shards = 1 if count == 1 else draw(among(1, 1, 1, 2, 3))
        seconds = draw(among(0.5, 1.0, 2.0, 3.0, 7.0, 60.0))
        tasks.append(Task(f"t{number}", tuple(f"t{parent}" for parent in sorted(parents)), shards, seconds))
    return Graph.build(tasks)


_GRAPH = graphs()


@st.composite
def submissions(draw: st.DrawFn, most: int = 6) -> list[Submission]:
    """Graphs that come over a minute or all at once."""
    found = []
    for number in range(draw(whole(1, most))):
        graph = draw(_GRAPH)
        found.append(
            Submission(
                f"g{number}",
                graph,
                tuple(draw(among(*CLASSES)) for _ in graph.tasks),
                at=draw(among(0.0, 0.0, 1.0, 5.0, 33.5)),
                priority=draw(among(0, 0, 5)),
                deadline=draw(among(None, 10.0, 100.0)),
                retries=tuple(Retry(limit=2) for _ in graph.tasks),
            )
        )
    return found


@st.composite
def setups(draw: st.DrawFn, preset: str = "BestFit") -> Setup:
    """With everything that can break."""
    crashes = ()
    if draw(st.booleans()):
        crashes = (Crash("n1", draw(among(0.5, 3.0, 20.0)), draw(among(30.0, 200.0, math.inf))),)
    return Setup(
        nodes=nodes(),
        policies={"": Policy(compile_preset(preset), node_loss_grace=draw(among(0.0, 10.0)))},
        run_times=TrueRunTimes({"fast": 2.0}, noise=draw(among(0.0, 0.4))),
        failures=Failures(crashes, attempt=draw(among(0.0, 0.2, 0.6))),
        delays=Delays(draw(among(0.0, 0.25)), draw(among(0.0, 1.0)), draw(among(0.0, 5.0))),
        seed=draw(whole(0, 5)),
        until=5_000.0,
    )
