"""What holds of every simulated trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.simulation import AttemptOutcome, Failures, Policy, Setup, Submission, simulate
from bayplan.strategy.presets import compile_preset
from tests.draws import cases
from tests.unit.placement.simulation_checks import check, nodes, same, setups, submissions

PRESETS = ("BestFit", "Spread", "RoundRobin", "Random", "EarliestDeadline", "LeastSlack", "Packing", "Auto", "GraphPlan")


@given(work=submissions(), setup=setups())
@settings(max_examples=100, deadline=None)
def test_no_precedence_and_no_capacity_is_ever_broken(work: list[Submission], setup: Setup) -> None:
    check(simulate(work, setup))


@pytest.mark.parametrize("preset", PRESETS)
@given(data=st.data())
@cases(5, search=8)
def test_so_with_every_strategy_and_again_the_same(preset: str, data: st.DataObject) -> None:
    work, setup = data.draw(submissions()), data.draw(setups(preset))
    first = simulate(work, setup)
    check(first)
    assert same(first, simulate(work, setup))


@pytest.mark.parametrize("preset", PRESETS)
@given(data=st.data())
@cases(4, search=10)
def test_the_shortcuts_change_nothing(preset: str, data: st.DataObject) -> None:
    work, setup = data.draw(submissions(12)), data.draw(setups(preset))
    assert same(simulate(work, setup), simulate(work, setup, shortcuts=False))


@given(work=submissions(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_without_failures_every_graph_succeeds_unless_nothing_could_hold_it(work: list[Submission], seed: int) -> None:
    setup = Setup(nodes(), {"": Policy(compile_preset("BestFit"))}, seed=seed)
    trace = simulate(work, setup)
    assert trace.graphs.succeeded.all()
    assert (trace.attempts.outcome == AttemptOutcome.SUCCEEDED).all()
    assert len(trace.attempts) == sum(each.graph.units for each in work)
    assert trace.events == len(work) + 2 * len(trace.attempts)


@given(work=submissions(), seed=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_failures_are_retried_up_to_the_limit(work: list[Submission], seed: int) -> None:
    setup = Setup(nodes(), {"": Policy(compile_preset("BestFit"))}, failures=Failures(attempt=0.5), seed=seed)
    trace = simulate(work, setup)
    check(trace)
    attempts = trace.attempts
    failed: dict[tuple[int, int, int], int] = {}
    for row in np.flatnonzero(attempts.outcome == AttemptOutcome.FAILED).tolist():
        unit = (int(attempts.graph[row]), int(attempts.task[row]), int(attempts.shard[row]))
        failed[unit] = failed.get(unit, 0) + 1
    limit = 2
    assert max(failed.values(), default=0) <= limit + 1
    given_up = {graph for (graph, _, _), times in failed.items() if times == limit + 1}
    assert given_up == set(np.flatnonzero(~trace.graphs.succeeded).tolist())
    assert all(bool(trace.graphs.failure[graph]) == (graph in given_up) for graph in range(len(work)))


@given(work=submissions(), setup=setups())
@settings(max_examples=40, deadline=None)
def test_the_luck_of_an_attempt_depends_on_the_seed_alone(work: list[Submission], setup: Setup) -> None:
    """So that policies can be compared in pairs: on the same nodes, the same attempt runs equally long."""
    other = replace(setup, policies={"": Policy(compile_preset("Spread"), setup.policies[""].node_loss_grace)})
    lengths: dict[tuple[str, int, int, int, str], float] = {}
    for trace in (simulate(work, setup), simulate(work, other)):
        attempts = trace.attempts
        for row in np.flatnonzero(attempts.outcome == AttemptOutcome.SUCCEEDED).tolist():
            name = trace.submissions[attempts.graph[row]].name
            node_class = trace.nodes[attempts.node[row]].node_class
            key = (name, int(attempts.task[row]), int(attempts.shard[row]), int(attempts.incarnation[row]), node_class)
            length = float(attempts.ended_at[row] - attempts.started_at[row])
            assert lengths.setdefault(key, length) == pytest.approx(length, rel=1e-9, abs=1e-9)
