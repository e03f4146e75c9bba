"""A simulation as readers see it, small enough to work out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bayplan.lifecycle import Run
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.strategy.presets import compile_preset
from bayplan_operator.cli.page import html
from bayplan_operator.cli.text import comparison
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.views.graphs.bounds import bound
from bayplan_operator.views.model.attempt import AttemptView, SimulatedAttempt
from bayplan_operator.views.model.simulation import Simulation
from bayplan_operator.views.simulations.build import build
from bayplan_operator.views.simulations.statistics import compare
from tests.unit.cli import sample

HALF = RequestClass((("cpu", 500),))
JOB = Graph.build([Task("t", duration=10.0)])
CHAIN = Graph.build([Task("x", duration=4.0), Task("y", ("x",), duration=6.0)])


def simulated(nodes: int, work: list[Submission], until: float = float("inf")) -> Simulation:
    there = [NodeInfo(f"n{number}", {"cpu": 1000}, cost=3.6) for number in range(nodes)]
    setup = Setup(there, {"": Policy(compile_preset("BestFit"))}, until=until)
    return build(simulate(work, setup), "BestFit", 0, TrueRunTimes())


def test_the_figures() -> None:
    """Two nodes for two halves each: four jobs fill them for 10 s, then comes a chain of 4 s and 6 s, from 5 s on."""
    work = [Submission(f"job{number}", JOB, (HALF,)) for number in range(4)]
    found = simulated(2, [*work, Submission("chain", CHAIN, (HALF, HALF), at=5.0, deadline=12.0)]).figures
    assert (found.makespan, found.lower_bound) == (20.0, 15.0)
    assert (found.completion, found.ended_at) == ((4 * 10 + 15) / 5, 20.0)
    assert (found.waiting, found.waiting_p95, found.waiting_longest) == (pytest.approx(5 / 6, abs=1e-6), 3.75, 5.0)
    assert found.utilisation == {"cpu": (4 * 10 + 10) * 0.5 / (2 * 20)}
    assert (found.graphs, found.succeeded, found.deadlines, found.missed) == (5, 5, 1, 1)
    assert (found.attempts, found.failed, found.lost, found.unplaced) == (6, 0, 0, 0)
    assert found.cost == pytest.approx(0.001 * (10 + 20))


def test_what_never_gets_a_place_is_no_attempt() -> None:
    found = simulated(1, [Submission(f"job{number}", JOB, (HALF,)) for number in range(3)], until=5.0).figures
    assert (found.attempts, found.unplaced, found.succeeded, found.completion) == (2, 1, 0, None)


def test_a_graph_is_bound_by_its_own_work_over_the_nodes_too() -> None:
    wide = Graph.build([Task("w", duration=10.0, shards=6)])
    alone = simulated(1, [Submission("wide", wide, (HALF,))])
    assert alone.graphs[0].lower_bound == alone.figures.lower_bound == 30.0
    several = simulated(1, [Submission("wide", wide, (HALF,)), Submission("job", JOB, (HALF,))])
    assert [graph.lower_bound for graph in several.graphs] == [30.0, 10.0]


def test_attempts_of_a_cluster_and_of_a_simulation_say_alike_what_both_know() -> None:
    def fields(attempt: AttemptView) -> dict[str, Any]:
        return dict(msgspec.json.decode(msgspec.json.encode(attempt)))

    (virtual,) = simulated(1, [Submission("job", JOB, (HALF,))]).attempts
    pod = sample.report().attempts[0]
    shared = set(AttemptView.__struct_encode_fields__)
    assert shared == set(fields(virtual)) & set(fields(pod))
    assert isinstance(virtual, SimulatedAttempt)
    assert (virtual.outcome, virtual.node, virtual.start, virtual.end) == ("Succeeded", "n0", 0.0, 10.0)
    assert (pod.outcome, pod.node, pod.start, pod.end) == ("Succeeded", "cpu-0", 0.0, 2.0)


def test_what_has_not_ended_has_no_makespan() -> None:
    cut = simulated(1, [Submission(f"job{number}", JOB, (HALF,)) for number in range(3)], until=15.0)
    assert cut.figures.makespan is None
    assert [graph.took for graph in cut.graphs] == [10.0, 10.0, None]
    assert '"makespan":null' in msgspec.json.encode(cut).decode()
    assert "Makespan: none, since not all graphs ended; no schedule could beat 10s" in text.summary(cut, Screen(120))
    page = html(cut, datetime(2030, 1, 2, tzinfo=UTC))
    assert "not all of them ended" in page
    assert 'data-figure="makespan" data-value="None">–<' in page
    whole = simulated(1, [Submission("job", JOB, (HALF,))])
    compared = compare({"cut": [cut.figures, whole.figures], "whole": [whole.figures] * 2}, (0, 1), 1)
    cut_row, whole_row = compared.rows
    assert (cut_row.figures["makespan"], whole_row.differences["makespan"]) == (None, None)
    lines = [line.split() for line in comparison.text(compared, Screen(120)).splitlines()]
    column = lines[0].index("MAKESPAN")
    assert (lines[1][column], lines[2][column]) == ("-", "10.0s")


def test_a_graph_that_runs_is_bound_by_what_the_operator_says() -> None:
    """Its hints say 60 s a task, what was learned far less: the bound has to go by the same as the expected end beside it."""
    chain = Graph.build([Task("x", duration=60.0), Task("y", ("x",), duration=60.0)])
    run = Run.fresh(chain.units)
    assert bound(chain, run, 10.0, 0.0).remaining == 120.0
    said = bound(chain, run, 10.0, 0.0, earliest=30.0)
    assert (said.seconds, said.remaining, said.on_these_nodes) == (30.0, 20.0, True)
    assert bound(chain, run, 45.0, 0.0, earliest=30.0).remaining == 0.0
