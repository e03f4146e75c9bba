"""Simulated rounds: who takes part in them by lot, and what a joint loss asks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayplan.collaboration.rounds import EffectAction, JointRule, JointTerm, RoundError, RoundLots, RoundRule
from bayplan.lifecycle import Flow, Repeated, parse
from bayplan.lifecycle.conditions import parse_measure
from bayplan.model.graph import Graph, Task
from bayplan.simulation import AttemptOutcome, Ending, Rounds, Submission, Trace, TrueRunTimes, simulate
from bayplan_operator.views.simulations.build import build
from tests.unit.placement.flows import SMALL, setup
from tests.unit.placement.simulation_checks import check_capacity, same

GRAPH = Graph.build([Task("local", (), 6, 2.0), Task("evaluate", ("local",), 1, 1.0), Task("deploy", ("evaluate",), 1, 1.0)])


def training(rounds: Rounds, *says: dict[str, Any], **fields: Any) -> Submission:
    """All but the last task repeats; `says`: the evaluation, round by round."""
    tasks = np.array([True, True, False])
    flow = replace(Flow.plain(GRAPH), repeated=Repeated(tasks, tasks[GRAPH.unit_task]))
    endings = (Ending(), Ending(tuple(says)), Ending())
    return Submission("g", GRAPH, (SMALL,) * 3, flow=flow, rounds=rounds, endings=endings, **fields)


def clients(trace: Trace) -> list[list[int]]:
    """The shards that took part, round by round."""
    attempts, found = trace.attempts, []
    for number in range(1, trace.graphs.rounds[0] + 1):
        rows = np.flatnonzero((attempts.round == number) & (attempts.task == 0))
        found.append(sorted({int(attempts.shard[row]) for row in rows}))
    return found


SAMPLED = Rounds(RoundRule(30), lots=RoundLots(2, 0.1))


def test_so_many_shards_take_part_in_each_round_and_each_does_in_the_long_run() -> None:
    trace = simulate([training(SAMPLED)], setup(4, nodes=2))
    assert [len(each) for each in clients(trace)] == [2] * 30
    assert {shard for each in clients(trace) for shard in each} == set(range(6))
    assert trace.graphs.succeeded[0]
    assert trace.graphs.ended_at[0] == pytest.approx(30 * 3.0 + 1.0)
    check_capacity(trace)
    assert same(trace, simulate([training(SAMPLED)], setup(4, nodes=2), shortcuts=False))


def test_lots_follow_from_the_seed() -> None:
    found = [clients(simulate([training(SAMPLED)], setup_of(seed))) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0] != found[2]


def setup_of(seed: int) -> Any:
    return replace(setup(), seed=seed)


def test_shards_whose_nodes_are_busy_are_drawn_less_often() -> None:
    there = setup(2, nodes=2)
    tied = {shard: replace(SMALL, node_selector=(("site", "n0" if shard < 3 else "n1"),)) for shard in range(6)}
    sites = replace(there, nodes=[replace(node, labels=(("site", node.name),)) for node in there.nodes])
    blocking = replace(SMALL, resources=(("cpu", 2),), node_selector=(("site", "n1"),))
    block = Submission("block", Graph.build([Task("block", (), 1, 1e4)]), (blocking,))
    rounds = Rounds(RoundRule(200), time_out=2.0, lots=RoundLots(2, 0.05))
    submission = training(rounds, at=1.0, own_classes=tied)
    assert submission.flow is not None
    minimum = np.array([1, 1, 1])
    trace = simulate([block, replace(submission, flow=replace(submission.flow, minimum=minimum))], replace(sites, until=900.0))
    drawn = Counter(shard for row, shard in enumerate(trace.attempts.shard.tolist()) if trace.attempts.task[row] == 0)
    mine = [drawn[shard] for shard in range(3)]
    assert min(mine) > 3 * max(drawn[shard] for shard in range(3, 6))


@pytest.mark.parametrize(
    ("number", "floor", "words"), [(0, 0.1, "clients is 0"), (2, 0.0, "floor is 0.0"), (2, 2.0, "floor is 2.0")]
)
def test_lots_that_cannot_be_drawn_are_refused(number: int, floor: float, words: str) -> None:
    with pytest.raises(RoundError, match=words):
        RoundLots(number, floor)


def joint(otherwise: EffectAction, limit: int = 3) -> JointRule:
    return JointRule((JointTerm("all", parse_measure("evaluate.loss")),), 0.5, otherwise, limit)


@pytest.mark.parametrize(
    ("otherwise", "limit", "says", "count", "failure"),
    [
        (EffectAction.ROUND, 3, ({"loss": 0.9}, {"loss": 0.6}, {"loss": 0.4}), 3, ""),
        (EffectAction.ROUND, 1, ({"loss": 0.9},), 2, "the joint loss is 0.9, above 0.5, most of it by all (0.9), after 1"),
        (EffectAction.STOP, 3, ({"loss": 0.9},), 1, "the joint loss is 0.9, above 0.5"),
        (EffectAction.REWEIGH, 3, ({"loss": 0.9}, {"loss": 0.5}), 2, ""),
        (EffectAction.CHOOSE_AGAIN, 3, ({"loss": 0.9}, {"loss": 0.5}), 2, ""),
        (EffectAction.STOP, 3, (), 5, ""),
        (EffectAction.STOP, 3, ({"accuracy": 0.9},), 5, ""),
    ],
)
def test_what_a_joint_loss_asks_for(
    otherwise: EffectAction, limit: int, says: tuple[dict[str, Any], ...], count: int, failure: str
) -> None:
    """A loss that is not given ends no round."""
    trace = simulate([training(Rounds(RoundRule(5), joint=joint(otherwise, limit)), *says)], setup())
    assert trace.graphs.rounds == (count,)
    assert trace.graphs.succeeded[0] == (not failure)
    assert failure in trace.graphs.failure[0]


def test_rounds_of_which_nothing_runs_are_over() -> None:
    submission = training(Rounds(RoundRule(5)))
    assert submission.flow is not None
    graph = Graph.build([Task("look", (), 1, 1.0), Task("train", ("look",), 1, 1.0), Task("after", (), 1, 1.0)])
    tasks = np.array([False, True, False])
    flow = replace(Flow.plain(graph), when={1: parse("look.go == true")}, repeated=Repeated(tasks, tasks[graph.unit_task]))
    endings = (Ending(({"go": False},)), Ending(), Ending())
    made = Submission("g", graph, (SMALL,) * 3, flow=flow, rounds=Rounds(RoundRule(5)), endings=endings)
    trace = simulate([made], setup())
    assert trace.graphs.rounds == (1,)
    assert trace.graphs.succeeded[0]
    assert trace.attempts.task.tolist() == [0, 2]


@pytest.mark.parametrize("lots", [None, RoundLots(2, 0.1)])
def test_no_bound_is_beyond_what_happened(lots: RoundLots | None) -> None:
    rounds = Rounds(RoundRule(6), lots=lots, joint=joint(EffectAction.ROUND, 6))
    trace = simulate([training(rounds, {"loss": 0.9}, {"loss": 0.1})], setup(2))
    (graph,) = build(trace, "p", 0, TrueRunTimes()).graphs
    assert graph.lower_bound <= (graph.took or 0.0)
    assert (trace.attempts.outcome == AttemptOutcome.SUCCEEDED).all()
