"""Simulator and operator go the same way through gates, rounds, gangs and backups: nodes, instants and words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayplan.simulation import AttemptOutcome, Delays, Failures, Trace
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.both import Case, Placed, Unit, in_the_cluster, in_the_simulator
from tests.tick.world import World

SMALL = NodeKind("small", 8, "32Gi")


def work(name: str, *after: str, says: Any = None, code: int = 0, seconds: float = 2.0, cpu: str = "3", **more: Any) -> Object:
    annotations = {"sim.bayplan.dev/results": json.dumps(says)} if says is not None else {}
    if code:
        annotations["sim.bayplan.dev/exit-code"] = str(code)
    hint = {"expectedDuration": f"{round(seconds * 1000)}ms"}
    return task(name, *after, seconds=seconds, cpu=cpu, annotations=annotations, retry={"limit": 1}, **hint, **more)


def graph(*tasks: Object, **spec: Any) -> Object:
    return {"tasks": list(tasks), "policyName": "p", **spec}


BRANCHES = graph(
    work("evaluate", says={"accuracy": 0.93}),
    work("good", "evaluate", when="evaluate.accuracy >= 0.9", shards=3),
    work("bad", "evaluate", when="evaluate.accuracy < 0.9", shards=2),
    work("retrain", "bad"),
    work("extra", code=3, optional=True, shards=2),
    work("after-extra", "extra"),
    work("publish", "good", "retrain", gate="Any", seconds=1),
    work("clean-up", gate="Always", seconds=1),
)
FAILING = graph(work("a", seconds=5, shards=3), work("b", code=2), work("c", "a"), work("clean-up", gate="Always"))
BEST = graph(
    work("small", says={"loss": 0.4}), work("large", says={"loss": 0.2}, seconds=7), work("broken", code=1, optional=True),
    work("use", "small", "large", "broken", gate="BestOf", bestBy={"metric": "loss", "goal": "Minimize"}, shards=4),
)  # fmt: skip


GANG = graph(
    work("first", shards=2, cpu="6", seconds=3),
    work("train", shards=4, gang={}, cpu="4", seconds=5),
    work("stretchy", shards=4, gang={"minimum": 2}, cpu="5", seconds=4),
    work("spare", shards=2, backups={"count": 1, "after": "1s"}, seconds=4),
)


def federated(says: list[float], shards: int = 3, **rounds: Any) -> Object:
    results = [{"accuracy": each} for each in says]
    return graph(
        work("prepare", seconds=1),
        work("local", "prepare", shards=shards, seconds=3),
        work("aggregate", "local", seconds=2),
        work("evaluate", "aggregate", seconds=1, says=results),
        work("beside", "prepare", shards=4, seconds=4),
        work("deploy", "evaluate", "beside", seconds=1),
        rounds={"tasks": ["local", "aggregate", "evaluate"], "max": 6, **rounds},
    )


def tied() -> Object:
    made = federated([0.5], max=2)
    names = ["small-1", "small-0", "small-1"]
    made["tasks"][1]["data"] = {"nodeSelectorPerShard": [{"kubernetes.io/hostname": name} for name in names]}
    return made


def tied_and_sampled() -> Object:
    made = federated([0.5], shards=6, max=5, sample={"clients": 2, "floor": "0.1"})
    names = ["small-0", "small-1"] * 3
    made["tasks"][1]["data"] = {"nodeSelectorPerShard": [{"kubernetes.io/hostname": name} for name in names]}
    return made


BLOCK = graph(work("block", cpu="7", seconds=14, data={"nodeSelectorPerShard": [{"kubernetes.io/hostname": "small-1"}]}))


def joint(*says: tuple[float, float], **joint: Any) -> Object:
    """Two tasks with losses, round by round."""
    terms = [{"name": "first", "loss": "intent.loss"}, {"name": "second", "loss": "answer.loss", "weight": "0.5"}]
    return graph(
        work("intent", says=[{"loss": each[0]} for each in says]),
        work("answer", "intent", says=[{"loss": each[1]} for each in says]),
        work("after", "answer"),
        rounds={"tasks": ["intent", "answer"], "max": 6, "joint": {"terms": terms, "bound": "0.5", **joint}},
    )


CASES = {
    "sampled": {
        "a": (0.0, federated([0.5], shards=6, max=4, sample={"clients": 3, "floor": "0.1"})),
        "b": (1.0, federated([0.5], shards=4, max=3, sample={"clients": 2, "floor": "0.2"}, minimum=1)),
    },
    "sampled where some are busy": {"block": (0.0, BLOCK), "a": (0.5, tied_and_sampled())},
    "a joint loss": {"a": (0.0, joint((0.9, 0.9), (0.4, 0.4), (0.2, 0.2), otherwise="Round"))},
    "weights of a joint loss": {
        "a": (0.0, joint((0.9, 0.1), (0.4, 0.3), (0.3, 0.3), (0.2, 0.1), otherwise="Reweigh", limit=5)),
    },
    "a joint loss at its limit": {"a": (0.0, joint((0.9, 0.9), otherwise="Round", limit=2))},
    "a joint loss that stops": {"a": (0.0, joint((0.9, 0.9), otherwise="Stop"))},
    "branches": {"a": (0.0, BRANCHES)},
    "failing": {"a": (0.0, FAILING)},
    "best": {"a": (0.0, BEST)},
    "until": {"a": (0.0, federated([0.5, 0.6, 0.9], until="evaluate.accuracy >= 0.8"))},
    "patience": {"a": (0.0, federated([0.5, 0.6, 0.6, 0.6], patience=2, metric="evaluate.accuracy"))},
    "max": {"a": (0.0, federated([0.5], max=3))},
    "tied": {"a": (0.0, tied())},
    "gang": {"a": (0.0, GANG), "b": (0.5, BRANCHES)},
    "several": {
        "a": (0.0, federated([0.5], max=3)), "b": (2.0, BRANCHES),
        "c": (3.0, federated([0.5], shards=5, max=2, minimum=4) | {"priority": 5}),
    },
}  # fmt: skip


def both(case: Case, folder: Path) -> tuple[Trace, World]:
    trace, readings = case.simulated(folder)
    return trace, case.operated(trace, readings)


def skipped(trace: Trace, number: int, *, first_shard: bool = False) -> set[str]:
    """Tasks of which every shard was, or the first one at least, with which their line begins."""
    whole, units = trace.submissions[number].graph, trace.graphs.skipped[number]
    starts = whole.unit_start.tolist()
    ends = [start + 1 for start in starts[:-1]] if first_shard else starts[1:]
    return {each.name for task, each in enumerate(whole.tasks) if units.issuperset(range(starts[task], ends[task]))}


def took_part(trace: Trace, number: int) -> list[str]:
    """Per round, how many units succeeded of those that took part; without those that failed or were skipped before."""
    attempts = trace.attempts
    mine = (attempts.graph == number) & (attempts.round > 0)
    found = []
    for count in range(1, trace.graphs.rounds[number] + 1):
        rows = np.flatnonzero(mine & (attempts.round == count))
        units = {(int(attempts.task[row]), int(attempts.shard[row])) for row in rows}
        done = int((attempts.outcome[rows] == AttemptOutcome.SUCCEEDED).sum())
        found.append(f"{done}/{len(units)}")
    return found


def same(expected: Mapping[Unit, Placed], made: Mapping[Unit, Placed]) -> None:
    assert {unit: (each.node, each.why) for unit, each in made.items()} == {
        unit: (each.node, each.why) for unit, each in expected.items()
    }
    assert {unit: each.at for unit, each in made.items()} == {
        unit: pytest.approx(each.at, abs=0.05) for unit, each in expected.items()
    }


@pytest.mark.parametrize("what", CASES)
def test_the_same_way_through_a_graph(what: str, tmp_path: Path) -> None:
    case = Case(CASES[what], {"p": {"preset": "BestFit"}}, [(SMALL, 2)], learn=True)
    trace, world = both(case, tmp_path)
    try:
        same(in_the_simulator(trace), in_the_cluster(world))
        for number, name in enumerate(case.graphs):
            ended = "Complete" if trace.graphs.succeeded[number] else "Failed"
            assert world.condition(name, ended, "True"), (name, ended)
            lines = world.lines(name)
            first = {each for each in lines if lines[each].startswith("Skipped")}
            assert first - skipped(trace, number, first_shard=True) == set()
            assert skipped(trace, number) <= first
            history = world.status(name).get("rounds", {}).get("history", [])
            assert len(history) == trace.graphs.rounds[number]
            assert [line.split()[1] for line in history] == took_part(trace, number)
    finally:
        world.close()


SEED = 1
"""With which an attempt fails late in a round."""
LATE = federated([0.5], shards=5, max=3, minimum=3, timeout="4s")


def test_a_round_goes_on_without_late_clients(tmp_path: Path) -> None:
    failures, delays = Failures(attempt=0.3), Delays(0.25, 0.25)
    patient = {**LATE, "tasks": [each | {"retry": {"limit": 4}} for each in LATE["tasks"]]}
    case = Case(
        {"a": (0.0, patient)},
        {"p": {"preset": "BestFit"}},
        [(SMALL, 3)],
        failures=failures,
        delays=delays,
        learn=True,
        seed=SEED,
    )
    trace, world = both(case, tmp_path)
    try:
        assert (trace.attempts.outcome == AttemptOutcome.STOPPED).any(), "or nothing was late"
        assert trace.graphs.rounds == (3,)
        same(in_the_simulator(trace), in_the_cluster(world))
    finally:
        world.close()


@pytest.mark.parametrize("preset", ["GraphPlan", "Auto", "Spread"])
def test_by_other_policies(preset: str, tmp_path: Path) -> None:
    """The operator's plan of a round is there a moment after the round has begun, so that of equal nodes others are taken."""
    graphs = {"a": (0.0, federated([0.5], max=3))} | ({} if preset == "GraphPlan" else {"b": (2.0, BRANCHES)})
    trace, world = both(Case(graphs, {"p": {"preset": preset}}, [(SMALL, 2)], learn=True), tmp_path)
    try:
        assert trace.graphs.succeeded.all()
        expected, made = in_the_simulator(trace), in_the_cluster(world)
        assert {unit: each.at for unit, each in made.items()} == {
            unit: pytest.approx(each.at, abs=0.05) for unit, each in expected.items()
        }
        if preset != "GraphPlan":
            assert {unit: each.node for unit, each in made.items()} == {unit: each.node for unit, each in expected.items()}
    finally:
        world.close()


def test_an_adaptive_policy_compares_graphs_with_rounds(tmp_path: Path) -> None:
    adaptive = {"candidates": [{"preset": "BestFit"}, {"preset": "Spread"}], "minimumGraphs": 4}
    graphs = {f"g{number}": (60.0 * number, federated([0.5], max=1 + number)) for number in range(4)}
    trace, world = both(Case(graphs, {"p": {"adaptive": adaptive}}, [(SMALL, 2)]), tmp_path)
    try:
        assert tuple(world.status(name)["strategy"] for name in graphs) == trace.graphs.strategy
        assert trace.graphs.rounds == (1, 2, 3, 4)
        assert {unit: each.node for unit, each in in_the_cluster(world).items()} == {
            unit: each.node for unit, each in in_the_simulator(trace).items()
        }
    finally:
        world.close()


def learned(*tasks: Object, count: int, every: float, **spec: Any) -> dict[str, tuple[float, Object]]:
    """A graph that comes back, so that its run times are known."""
    return {f"g{number}": (every * number, graph(*tasks, profile="family", **spec)) for number in range(count)}


LEARNED = {
    "time-out": learned(
        work("local", shards=5, seconds=6), work("aggregate", "local"), count=6, every=60.0,
        rounds={"tasks": ["local", "aggregate"], "max": 2, "minimum": 2, "timeout": "p95"},
    ),
    "backups": learned(
        work("infer", shards=6, seconds=6, cpu="1", backups={"count": 1, "after": "p95"}), count=8, every=60.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 8])
@pytest.mark.parametrize("what", LEARNED)
def test_what_was_learned_says_what_is_late(what: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without words, and without the node of what follows at once: in a cluster, a pod that is stopped has its room for a
    moment longer, and scores tell of it."""
    monkeypatch.setattr("bayplan_operator.conductor.knowledge.profiles._REMEMBERED", 1.0)  # the simulator forgets nothing
    nodes = [(SMALL, 3)]
    case = Case(LEARNED[what], {"p": {"preset": "BestFit"}}, nodes, learn=True, noise=1.0, seed=seed, goes_on=1000.0)
    trace, world = both(case, tmp_path)
    try:
        assert (trace.attempts.outcome == AttemptOutcome.STOPPED).any(), "or nothing was late"
        expected, made = in_the_simulator(trace), in_the_cluster(world)
        nodes_made, nodes_expected = (
            {unit: each.node for unit, each in found.items() if unit[1] != "aggregate"} for found in (made, expected)
        )
        assert nodes_made == nodes_expected
        assert {unit: each.at for unit, each in made.items()} == {
            unit: pytest.approx(each.at, abs=0.05) for unit, each in expected.items()
        }
    finally:
        world.close()
