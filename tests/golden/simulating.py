"""From plain data to a simulation, and from its trace to rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from bayplan.foresight.shards import Splitting
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Retry
from bayplan.model.graph import Graph, Task
from bayplan.simulation import AttemptOutcome, Policy, Setup, Submission, Trace, TrueRunTimes, simulate
from tests.golden.files import Row, digest, lasting
from tests.golden.making import class_of, node_of

Plain = dict[str, Any]
SPEEDS = {"slow": 1.0, "fast": 2.0}
CLASSES: dict[str, Plain] = {
    "small": {"cpu": 1, "memory": 1, "gpus": None},
    "large": {"cpu": 3, "memory": 4, "gpus": None},
    "gpu": {"cpu": 1, "memory": 1, "gpus": {"count": 1, "part": 1000, "models": [], "memory": 0}},
    "half": {"cpu": 1, "memory": 1, "gpus": {"count": 1, "part": 500, "models": [], "memory": 0}},
}


def ran(case: str, world: Plain, policies: dict[str, Policy], noise: float = 0.0, **more: Any) -> Iterator[Row]:
    """One row per attempt, graph and switch. With several policies the graphs take turns."""
    yield Row((case, "inputs"), (digest([world, CLASSES]),))
    names = list(policies)
    submissions = [_submission(each, names[n % len(names)]) for n, each in enumerate(world["graphs"])]
    nodes = [node_of(each) for each in world["nodes"]]
    yield from _rows(case, simulate(submissions, Setup(nodes, policies, TrueRunTimes(SPEEDS, noise=noise), **more)))


def _submission(made: Plain, policy: str) -> Submission:
    tasks = made["tasks"]
    graph = Graph.build([Task(each["name"], tuple(each["parents"]), each["shards"], each["duration"]) for each in tasks])
    moved = [bytes_ for each in tasks for bytes_ in each["data"] or ()]
    split = [None if each["splitting"] is None else Splitting(*each["splitting"], most=6) for each in tasks]
    return Submission(
        made["name"],
        graph,
        tuple(class_of(CLASSES[each["class"]]) for each in tasks),
        at=made["at"],
        priority=made["priority"],
        deadline=made["deadline"],
        policy=policy,
        retries=tuple(Retry(limit=each["retries"]) for each in tasks),
        splittings=tuple(split) if any(split) else (),
        data=np.array(moved) if moved else None,
        runs=tuple(TaskRun(each["name"], "nightly") for each in tasks),
    )


def _rows(case: str, trace: Trace) -> Iterator[Row]:
    found, graphs = trace.attempts, trace.graphs
    for row in range(len(found)):
        graph = trace.submissions[found.graph[row]]
        task = graph.graph.tasks[found.task[row]].name
        node = trace.nodes[found.node[row]].name if found.node[row] >= 0 else None
        times = [seconds(each[row]) for each in (found.wanted_at, found.placed_at, found.started_at, found.ended_at)]
        outcome = AttemptOutcome(int(found.outcome[row])).name
        answer = (node, list(found.gpus[row]), times, outcome, found.reason[row], lasting(found.why[row]))
        yield Row((case, f"attempt {graph.name}/{task}/{found.shard[row]}#{found.incarnation[row]}"), answer)
    for number, graph in enumerate(trace.submissions):
        strategy = graphs.strategy[number] if graphs.strategy else ""
        times = [seconds(graphs.started_at[number]), seconds(graphs.ended_at[number])]
        answer = (times, bool(graphs.succeeded[number]), bool(graphs.missed[number]), graphs.failure[number], strategy)
        yield Row((case, f"graph {graph.name}"), answer)
    for number, switch in enumerate(trace.switches):
        yield Row((case, f"switch {number}"), (seconds(switch.at), switch.policy, switch.strategy, switch.why))
    yield Row((case, "all"), (trace.events, seconds(trace.ended_at)))


def seconds(value: float) -> float | None:
    """To the microsecond; none: it has not happened."""
    return None if math.isnan(value) else round(float(value), 6)
