"""Simulated graphs whose tasks follow each other by gates and conditions, and repeat in rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from bayplan.collaboration.rounds import Patience, RoundRule
from bayplan.foresight.shards import Splitting
from bayplan.lifecycle import BackupRule, Flow, GangRule, Gate, Repeated, Retry, parse
from bayplan.lifecycle.conditions import parse_measure
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import GangTopology, NodeInfo, RequestClass
from bayplan.simulation import (
    AttemptOutcome,
    Divider,
    Ending,
    Failures,
    Rounds,
    SetupError,
    Submission,
    Trace,
    TrueRunTimes,
    figures,
    simulate,
)
from bayplan.simulation.following import foreseen
from tests.draws import cases
from tests.unit.placement.flows import SMALL, by_the_lifecycle, flows, setup
from tests.unit.placement.simulation_checks import check_capacity, same


@given(submission=flows())
@cases(50, search=120)
def test_it_goes_as_the_lifecycle_says(submission: Submission) -> None:
    assert submission.flow is not None
    trace = simulate([submission], setup())
    expected = by_the_lifecycle(submission, foreseen(submission.graph, submission.flow, submission.endings))
    attempts, graph = trace.attempts, submission.graph
    units = graph.unit_start[attempts.task] + attempts.shard
    made = sorted(zip(units.tolist(), attempts.incarnation.tolist(), attempts.started_at, attempts.ended_at, strict=True))
    assert made == expected.attempts
    assert trace.graphs.skipped == (expected.skipped,)
    assert trace.graphs.rounds == (expected.rounds,)
    assert trace.graphs.failure == (expected.failure,)
    assert trace.graphs.succeeded[0] == (not expected.failure)
    assert trace.graphs.ended_at[0] == pytest.approx(expected.ended)


@pytest.mark.parametrize("preset", ["BestFit", "GraphPlan", "Auto"])
@given(submission=flows())
@settings(max_examples=25, deadline=None)
def test_without_room_it_comes_to_the_same_and_shortcuts_change_nothing(preset: str, submission: Submission) -> None:
    # A failure stops what happens to run; without one, what runs and what is skipped does not depend on when.
    calm = replace(submission, endings=tuple(replace(each, exit_code=0) for each in submission.endings))
    narrow = setup(2, preset, nodes=2)
    trace = simulate([calm], narrow)
    check_capacity(trace)
    assert trace.graphs.succeeded[0]
    assert trace.graphs.skipped == simulate([calm], setup()).graphs.skipped
    assert same(trace, simulate([calm], narrow, shortcuts=False))


def chain(*names: str, shards: int = 1, **more: Any) -> Graph:
    before = ("", *names)
    return Graph.build(
        [Task(name, (parent,) if parent else (), shards, 2.0) for name, parent in zip(names, before, strict=False)], **more
    )


def repeated(graph: Graph, limit: Rounds, *says: dict[str, Any], **fields: Any) -> Submission:
    """All but the last task repeats; the last of these says what is given, round by round."""
    tasks = np.arange(len(graph.tasks)) < len(graph.tasks) - 1
    flow = replace(Flow.plain(graph), repeated=Repeated(tasks, tasks[graph.unit_task]))
    endings = [Ending()] * len(graph.tasks)
    endings[-2] = Ending(tuple(says))
    made: dict[str, Any] = {"classes": (SMALL,) * len(graph.tasks), "flow": flow, "rounds": limit, "endings": tuple(endings)}
    return Submission("g", graph, **(made | fields))


TRAINING = chain("local", "evaluate", "deploy")


def rounds(most: int, until: str = "", patience: tuple[int, str, bool] | None = None, **more: Any) -> Rounds:
    progress = None if patience is None else Patience(patience[0], parse_measure(patience[1]), patience[2])
    return Rounds(RoundRule(most, parse(until) if until else None, progress), **more)


def run(submission: Submission) -> Trace:
    return simulate([submission], setup())


@pytest.mark.parametrize(
    ("limit", "says", "count"),
    [
        (rounds(4), (), 4),
        (rounds(4, until="evaluate.x > 5"), (), 4),
        (rounds(4, expected=2), (), 2),
        (rounds(9, until="evaluate.x > 5"), ({"x": 1}, {"x": 5}, {"x": 6}), 3),
        (rounds(9, until="evaluate.x > 5", expected=2), ({"x": 1}, {"x": 5}, {"x": 6}), 2),
        (rounds(9, patience=(2, "evaluate.x", True)), ({"x": 1}, {"x": 3}, {"x": 2}), 4),
        (rounds(9, patience=(2, "evaluate.x", False)), ({"x": 3}, {"x": 2}, {"x": 1}, {"x": 1}), 5),
        (rounds(9, patience=(1, "evaluate.x", True)), ({"x": 1.00000001}, {"x": 1.00000002}, {"x": 1}), 3),
        (rounds(3, patience=(1, "evaluate.y", True)), ({"x": 1},), 3),
        (rounds(9, until="evaluate.x > 5", patience=(2, "evaluate.y", True)), ({"x": 1, "y": 1},), 3),
    ],
)
def test_how_many_rounds_there_are(limit: Rounds, says: tuple[dict[str, Any], ...], count: int) -> None:
    trace = run(repeated(TRAINING, limit, *says))
    assert trace.graphs.rounds == (count,)
    assert trace.graphs.ended_at[0] == pytest.approx(4.0 * count + 2.0)
    assert trace.attempts.round.tolist() == [*np.repeat(np.arange(1, count + 1), 2).tolist(), 0]
    assert trace.attempts.incarnation[trace.attempts.task == 0].tolist() == list(range(1, count + 1))


def test_a_result_of_the_wrong_kind_ends_the_rounds_as_a_failure() -> None:
    trace = run(repeated(TRAINING, rounds(4, until="evaluate.x > 5"), {"x": "six"}))
    assert "round 1: until cannot be decided" in trace.graphs.failure[0]
    assert trace.graphs.skipped == (frozenset({2}),)


def test_a_graph_of_one_unit_repeats_too() -> None:
    graph = Graph.build([Task("a", duration=3.0)])
    flow = replace(Flow.plain(graph), repeated=Repeated(np.array([True]), np.array([True])))
    assert run(Submission("g", graph, (SMALL,), flow=flow, rounds=rounds(5))).graphs.ended_at.tolist() == [15.0]


def test_the_wait_between_rounds_is_for_the_tasks_before_and_for_no_back_off() -> None:
    found = figures.waiting_by_reason(run(repeated(TRAINING, rounds(3))))
    # `local` waits for 2 s twice, `evaluate` 2 s in each round, `deploy` 12 s.
    assert found == {"DependencyPending": pytest.approx(4.0 + 6.0 + 12.0)}


def test_conditions_hold_where_results_are_not_given() -> None:
    graph = Graph.build([Task("a", duration=1.0), Task("good", ("a",), duration=1.0), Task("bad", ("a",), duration=1.0)])
    flow = replace(Flow.plain(graph), when={1: parse("a.x >= 2"), 2: parse("a.x < 2")})
    submission = Submission("g", graph, (SMALL,) * 3, flow=flow)
    assert run(submission).graphs.skipped == (frozenset(),)
    given_results = (Ending(({"x": 3},)), Ending(), Ending())
    assert run(replace(submission, endings=given_results)).graphs.skipped == (frozenset({2}),)
    other_results = (Ending(({"y": 3},)), Ending(), Ending())
    assert run(replace(submission, endings=other_results)).graphs.skipped == (frozenset(),)


def test_what_is_taken_to_hold_does_not_hold_of_a_task_that_failed() -> None:
    graph = Graph.build([Task("a", duration=1.0), Task("b", ("a",), duration=1.0)])
    gates = np.array([Gate.ALL, Gate.ALWAYS], np.int8)
    flow = replace(Flow.plain(graph), gate=gates, optional=np.array([True, False]), when={1: parse("a.x >= 2")})
    endings = (Ending(exit_code=1), Ending())
    trace = run(Submission("g", graph, (SMALL,) * 2, flow=flow, endings=endings, retries=(Retry(limit=0),) * 2))
    assert trace.graphs.skipped == (frozenset({1}),)


def test_exit_codes_are_those_that_are_given() -> None:
    graph = Graph.build([Task("a", duration=1.0)])
    retries = (Retry(limit=1, initial=1.0),)
    once = Submission("g", graph, (SMALL,), flow=Flow.plain(graph), retries=retries, endings=(Ending((), 3, frozenset({1})),))
    assert run(once).graphs.succeeded[0]
    assert run(once).graphs.ended_at[0] == pytest.approx(3.0)
    always = replace(once, endings=(Ending((), 3),))
    assert "with exit code 3, after 2 failed attempts" in run(always).graphs.failure[0]


def test_late_shards_are_left_behind_and_their_room_is_free_again() -> None:
    graph = chain("local", "evaluate", "deploy", shards=4)
    submission = repeated(graph, rounds(3, time_out=3.0), retries=(Retry(limit=9, initial=30.0),) * 3)
    assert submission.flow is not None
    submission = replace(submission, flow=replace(submission.flow, minimum=np.array([1, 4, 4])))
    one_more = replace(setup(4), failures=Failures(attempt=0.5), seed=3)
    trace = simulate([submission], one_more)
    check_capacity(trace)
    assert trace.graphs.succeeded[0]
    local = trace.attempts.task == 0
    succeeded = trace.attempts.outcome == AttemptOutcome.SUCCEEDED
    per_round = [int((local & succeeded & (trace.attempts.round == number)).sum()) for number in (1, 2, 3)]
    assert min(per_round) < 4
    assert min(per_round) >= 1
    assert not np.isnan(trace.attempts.ended_at).any()


def test_data_tie_units_to_their_nodes() -> None:
    graph = Graph.build([Task("a", shards=3, duration=1.0)])
    names = ["n2", "n0", "n2"]
    own = {unit: RequestClass(SMALL.resources, node_selector=(("name", name),)) for unit, name in enumerate(names)}
    there = [NodeInfo(f"n{number}", {"cpu": 1}, labels={"name": f"n{number}"}) for number in range(3)]
    trace = simulate([Submission("g", graph, (SMALL,), own_classes=own)], replace(setup(), nodes=there))
    assert [trace.nodes[node].name for node in trace.attempts.node[np.argsort(trace.attempts.shard)]] == names
    assert trace.graphs.ended_at[0] == pytest.approx(2.0), "the third waits for the first"


def test_what_is_divided_repeats_with_its_new_number_of_shards() -> None:
    submission = repeated(chain("local", "evaluate", "deploy"), rounds(2))
    own = {1: RequestClass((("cpu", 2),))}
    divided = replace(submission, splittings=(Splitting(20.0, 0.0, 0.0, 4, 4), None, None), own_classes=own)
    made = Divider(setup()).divided(divided)
    assert made.flow is not None
    assert made.flow.repeated is not None
    assert made.flow.minimum.tolist() == [4, 1, 1]
    assert made.flow.repeated.units.tolist() == [True] * 5 + [False]
    assert made.own_classes == {4: own[1]}
    assert simulate([divided], setup()).graphs.rounds == (2,)


GANG = Graph.build([Task("other", duration=5.0), Task("gang", shards=3, duration=2.0), Task("divided", duration=1.0)])


def together(minimum: int) -> Submission:
    rule = GangRule("gang", (1, 2, 3), minimum, 60.0)
    return Submission("team/g", GANG, (SMALL,) * 3, flow=replace(Flow.plain(GANG), gangs=(rule,)))


def test_a_gang_starts_as_a_whole_or_not_at_all() -> None:
    whole = simulate([together(3)], setup(3)).attempts
    assert whole.placed_at.tolist() == [0.0, 0.0, 5.0, 5.0, 5.0], "two places are too few, until the first task is over"
    part = simulate([together(2)], setup(3)).attempts
    assert part.placed_at[part.task == 1].tolist() == [1.0, 1.0], "`divided` went first, while its Service was made"


def test_the_topology_of_a_gang_counts() -> None:
    there = [NodeInfo(f"n{number}", {"cpu": 2}, labels={"rack": "ab"[number // 2]}) for number in range(4)]
    near = replace(together(3), topologies={"gang": GangTopology("rack")})
    attempts = simulate([near], replace(setup(), nodes=there)).attempts
    racks = {"ab"[node // 2] for node in attempts.node[attempts.task == 1].tolist()}
    assert len(racks) == 1


def test_a_gang_is_the_same_where_another_task_is_divided() -> None:
    splittings = (Splitting(20.0, least=4, most=4), None, None)
    made = Divider(setup()).divided(replace(together(3), splittings=splittings))
    assert made.flow is not None
    assert made.flow.gangs[0].units == (4, 5, 6)


def test_backups_start_when_they_are_due_and_the_first_to_finish_wins() -> None:
    graph = Graph.build([Task("a", (), 2, 10.0), Task("a.backup-1", (), 2, 10.0), Task("b", ("a",), duration=1.0)])
    flow = replace(Flow.plain(graph), backups=(BackupRule(0, (1,), after=3.0),))
    there = [NodeInfo("slow", {"cpu": 2}, node_class="slow"), NodeInfo("fast", {"cpu": 3}, node_class="fast")]
    speeds = replace(setup(), nodes=there, run_times=TrueRunTimes({"fast": 5.0}))
    held = Submission("h", Graph.build([Task("x", duration=10.0)]), (RequestClass((("cpu", 3),)),), priority=9)
    trace = simulate([held, Submission("g", graph, (SMALL,) * 3, flow=flow)], speeds)
    own, attempts = trace.attempts.graph == 1, trace.attempts
    assert attempts.started_at[own & (attempts.task == 1)].tolist() == [3.0, 3.0]
    assert (attempts.outcome[own & (attempts.task == 0)] == AttemptOutcome.STOPPED).all()
    assert trace.graphs.succeeded.all()
    assert trace.graphs.ended_at[1] < 10.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"endings": (Ending(),)}, "there are 1 endings for 3 tasks"),
        ({"rounds": None}, "rounds must be given where the flow repeats tasks"),
        ({"flow": None}, "rounds must be given where the flow repeats tasks"),
        ({"own_classes": {7: SMALL}}, "own_classes names a unit that there is not: it has 3"),
        ({"flow": Flow.plain(Graph.build([Task("a")]))}, "the flow has 1 gates for 3 tasks"),
    ],
)
def test_what_does_not_go_together_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        replace(repeated(TRAINING, rounds(2)), **change)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: rounds(2, expected=0), "expected is 0: it must be from 1 to the most that there are, 2"),
        (lambda: rounds(2, expected=3), "expected is 3"),
        (lambda: rounds(2, time_out=0.0), "time_out is 0.0: it must be seconds above 0"),
        (lambda: Ending((), 1, frozenset({0})), "incarnation 0"),
    ],
)
def test_figures_that_make_no_sense_are_refused(made: Any, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        made()
