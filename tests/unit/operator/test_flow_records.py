"""A graph whose operator is replaced at any instant, by one that knows what the status says, ends as it should."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph, Task
from bayplan_operator.conductor.record.rounds import RoundsRecord
from bayplan_operator.translate import round_record, run_record
from bayplan_operator.translate.flow.needed import Need
from tests.unit.placement.lifecycle.flowing import Plan, World, plans
from tests.unit.placement.lifecycle.test_flows import DISTURBED, ends_as_it_should

EPOCH = 1000.0
NEEDED = {"x": Need("x", "the test", number=True)}


def status(plan: Plan, run: Run) -> dict[str, Any]:
    """What an operator writes of a run."""
    graph, tasks = plan.graph, range(len(plan.graph.tasks))
    body: dict[str, Any] = {
        "tasks": [run_record.write_task(graph, run, task, EPOCH) for task in tasks],
        "results": round_record.write_results(graph, run),
    }
    if plan.flow.repeated is not None:
        rounds = RoundsRecord(graph, {})
        rounds.over = "it was the last" if run.rounds_over else ""
        repeated = plan.flow.repeated.tasks.nonzero()[0].tolist()
        body["rounds"] = rounds.body(run, round_record.write_attempts(graph, run.round_before, repeated))
    return body


def taken_up(plan: Plan, before: Run) -> Run:
    """What the next operator makes of it."""
    graph, written = plan.graph, status(plan, before)
    run, malformed = run_record.read(graph, written["tasks"], EPOCH, plan.flow)
    assert malformed == []
    run.results = round_record.read_results(graph, run, written, dict.fromkeys(range(len(graph.tasks)), NEEDED))
    run.round, run.round_before = round_record.read_number(written), round_record.read_before(graph, written)
    run.rounds_over = bool(round_record.read_over(written))
    run.failure = before.failure
    assert run.state.tolist() == before.state.tolist()
    assert (run.results, run.round, run.round_before) == (before.results, before.round, before.round_before)
    return run


@settings(max_examples=60, deadline=None)
@given(plans(), DISTURBED)
def test_any_graph_ends_as_it_should(plan: Plan, events: list[tuple[str, int, bool]]) -> None:
    ends_as_it_should(World(plan, taken_up), events)


def test_a_task_whose_backup_won_before_it_had_any_attempt_keeps_its_line() -> None:
    """With it, what is known of all its other shards would be lost."""
    graph = Graph.build([Task("work", shards=2)])
    run = Run.fresh(2)
    run.state[:] = UnitState.SUCCEEDED
    run.incarnation[1] = run.settled[1] = 3
    run.node[0], run.started[0], run.finished[0] = "n1", EPOCH + 1.0, EPOCH + 3.0
    line = run_record.write_task(graph, run, 0, EPOCH)
    found, malformed = run_record.read(graph, [line], EPOCH)
    assert malformed == []
    assert (found.state.tolist(), found.settled.tolist()) == (run.state.tolist(), [0, 3])
