"""The whole report, character by character."""

from __future__ import annotations

from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.table import Screen, coloured
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.views.graphs import build
from bayplan_operator.views.graphs.build import Seen
from tests.unit.cli import sample

SUCCEEDED = """\
team/sample   Succeeded · 3/3 tasks · 10s   (policy default, priority 7)
Accepted 2030-01-01T12:00:00Z (10s ago), ended 2030-01-01T12:00:10Z (0s ago)

TASK     STATE          NODE          RETRIES  START  DURATION  WHY
prepare  Succeeded      cpu-0                  0s     2s        best fit for prepare
train    Succeeded 2/2  gpu-0, gpu-1  1        2s     4s        best fit for train
check    Succeeded      cpu-0                  8s     2s        best fit for check

Timeline
prepare  ◆ █████████████
train ×2 ◆              ▄▄▄▄▄▄▄▄▄▄▄▄▄▄█████████████▄▄▄▄▄▄▄▄▄▄▄▄▄▄
check    ◆                                                       █████████████
           │0s          │2s           │4s          │6s           │8s
█ runs (its height: how many of the shards)   ░ failed or lost   · waits   ◆ critical path

Share of each node that the graph's pods asked for, over its run
NODE   PODS  CPU   MEMORY  GPU   OVER TIME
cpu-0  2     10 %  0 %     -     cpu ▂▂▂▂▂▂··················▂▂▂▂▂▂
gpu-0  2     12 %  6 %     25 %  gpu ······███▄▄▄▄▄▄▄▄▄············
gpu-1  1     10 %  5 %     10 %  gpu ············▂▂▂▂▂▂▂▂▂▂▂▂······
(1 other node not used)

Retries and failures
1 failure, 1 retry
train shard 1: attempt 1 failed on gpu-0 at 3s: Error, exit code 1, bad batch

Makespan: 10s; lower bound with unlimited nodes: 8s (1.25 times that)
Critical path, by measured durations: prepare → train → check"""


def test_a_graph_that_has_succeeded() -> None:
    assert text.full(sample.report(), Screen(80)) == SUCCEEDED


RUNNING = """\
team/sample   Running · 1/3 tasks · 4s so far · at least 13s to go   (policy default, priority 7)
Accepted 2030-01-01T12:00:00Z (4s ago)
BackingOff: task train: failed on node gpu-0: Error

TASK     STATE        NODE   RETRIES  START  DURATION  WHY
prepare  Succeeded    cpu-0           0s     2s        best fit for prepare
train    Running 1/2  gpu-0           2s     2s        best fit for train
check    Pending                                       DependencyPending: after train

prepare  ◆ ████████████████████████████████
train ×2 ◆                                 ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
           │0s             │1s             │2s            │3s
█ runs (its height: how many of the shards)   ░ failed or lost   · waits   ◆ critical path"""


def test_a_graph_that_runs() -> None:
    graph = sample.raw(sample.RUNNING, **sample.running("BackingOff: task train: failed on node gpu-0: Error"))
    pods = (
        sample.PODS[0],
        sample.pod("train", 0, 1, "gpu-0", "Running", 2),
        sample.pod("train", 1, 1, "gpu-0", "Running", 2, 3),
    )
    report = sample.report(graph, pods, now=sample.EPOCH + 4)
    assert text.live(report, Screen(76)) == RUNNING


def test_an_invalid_graph_is_only_its_problem() -> None:
    accepted = {"type": "Accepted", "status": "False", "reason": "CycleFound", "message": "a → b → a"}
    graph = sample.raw((), summary="Invalid", conditions=[accepted])
    report = build.report(Seen(graph, None, (), sample.NODES, sample.EPOCH))
    assert text.full(report, Screen(80)) == "team/sample   Invalid   (policy default, priority 7)\nCycleFound: a → b → a"


def test_a_graph_whose_templates_the_api_server_refuses_was_never_under_way() -> None:
    """Its own check had found it valid before, so that it has an instant of acceptance."""
    message = (
        'spec.tasks[1] (train): the API server does not know the field spec.containers[0].resource: did you mean "resources"?'
    )
    accepted = {"type": "Accepted", "status": "False", "reason": "Invalid", "message": message}
    graph = sample.raw((), summary="Invalid", conditions=[accepted], progress="0/3")
    report = build.report(Seen(graph, prepare({**graph, "status": {}}), (), sample.NODES, sample.EPOCH + 5))
    assert text.full(report, Screen(80)).splitlines() == [
        "team/sample   Invalid · 0/3 tasks   (policy default, priority 7)",
        f"Invalid: {message}",
    ]


def test_a_graph_that_nobody_has_looked_at() -> None:
    graph = {**sample.raw(), "status": {}}
    report = build.report(Seen(graph, prepare(graph), (), sample.NODES, sample.EPOCH))
    assert text.full(report, Screen(80)).splitlines()[1] == "the operator has not looked at it yet: does it run?"


def test_without_the_right_to_list_nodes_only_the_shares_are_missing() -> None:
    lines = text.full(sample.report(nodes=None), Screen(80)).splitlines()
    assert "gpu-1  1     -    -       -    unknown" in lines
    assert "(shares are unknown: nodes may not be listed with these credentials)" in lines
    assert lines[-2:] == SUCCEEDED.splitlines()[-2:]


def test_a_failed_graph_says_why_and_has_no_bound() -> None:
    graph = sample.raw(**sample.over("Failed", "task train failed"))
    lines = text.full(sample.report(graph), Screen(80)).splitlines()
    assert lines[2] == "task train failed"
    assert lines[-1] == "Makespan: 10s"
    assert not any("critical path" in line for line in lines)


def test_colours_add_nothing_else() -> None:
    painted = text.full(sample.report(), Screen(80, paint=coloured))
    assert "\x1b[32mSucceeded    \x1b[0m" in painted
    bare = painted
    for code in ("\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"):
        bare = bare.replace(code, "")
    assert bare == SUCCEEDED


def test_the_table_of_graphs() -> None:
    now = sample.EPOCH + 90
    lines = [build.line(sample.raw(**sample.over()), now), build.line({**sample.raw(), "status": {}}, now)]
    assert text.graphs(lines, True, Screen(80)) == [
        "NAMESPACE  NAME    STATUS     TASKS  DURATION  AGE  WAITING",
        "team       sample  Succeeded  3/3    10s       90s",
        "team       sample  Unknown                     90s",
    ]
    assert text.graphs(lines[:1], False, Screen(80))[1] == "sample  Succeeded  3/3    10s       90s"


def test_wide_has_instants_and_whole_reasons() -> None:
    waiting = "NoCapacity: task train: 0/4 nodes: 4 have too little cpu"
    raw = sample.raw(sample.RUNNING, **sample.running(waiting), waiting=waiting)
    line = build.line(raw, sample.EPOCH + 90)
    (header, row), (_, brief) = (text.graphs([line], False, Screen(80, wide=wide)) for wide in (True, False))
    assert header.split() == ["NAME", "STATUS", "TASKS", "DURATION", "AGE", "CREATED", "WAITING"]
    assert row.endswith(f"2030-01-01T12:00:00Z  {waiting}")
    assert brief.endswith("  NoCapacity: task train")
    report = build.report(Seen(raw, prepare({**raw, "status": {}}), sample.PODS, sample.NODES, sample.EPOCH + 90))
    rows = text.live(report, Screen(80, wide=True)).splitlines()
    assert next(row for row in rows if row.startswith("TASK")).split()[-2:] == ["STARTED", "WHY"]
    assert "2030-01-01T12:00:02Z" in next(row for row in rows if row.startswith("train "))


def test_what_an_adaptive_policy_chose() -> None:
    chosen = sample.report(sample.raw(**sample.over(), strategy="Spread"))
    assert text.full(chosen, Screen(80)) == SUCCEEDED.replace("default, ", "default, strategy Spread, ", 1)


def test_the_expected_end_and_the_deadline() -> None:
    risk = {"type": "DeadlineAtRisk", "status": "True", "reason": "R", "message": "more nodes would help"}
    status = {
        "estimatedCompletion": sample.stamp(20), "earliestCompletion": sample.stamp(15), "estimateBasis": "from hints only",
        "deadlineProbability": 40, "summary": "Running", "progress": "1/3", "conditions": [risk],
    }  # fmt: skip
    raw = sample.raw(sample.RUNNING, **status)
    raw["spec"]["deadline"] = "18s"
    said = text.live(build.report(Seen(raw, prepare(raw), (), None, sample.EPOCH + 6)), Screen(100))
    assert " · expected end in 14s · deadline in 12s   (" in said.splitlines()[0]
    late = text.live(build.report(Seen(raw, prepare(raw), (), None, sample.EPOCH + 20)), Screen(100))
    assert " · expected end 0s ago · deadline 2s ago   (" in late.splitlines()[0]
    assert (
        "Expected end: 2030-01-01T12:00:20Z (from hints only); at median run times, not before 2030-01-01T12:00:15Z\n"
        "Deadline: 2030-01-01T12:00:18Z, met with a probability of 40 %\n"
        "more nodes would help\n"
    ) in said


def test_nothing_is_said_of_an_end_that_has_come() -> None:
    missed = {"type": "DeadlineMissed", "status": "True", "reason": "EndedLate", "message": "it ended later"}
    over = sample.over()
    raw = sample.raw(sample.SUCCEEDED, **over | {"conditions": [*over["conditions"], missed]})
    raw["spec"]["deadline"] = "8s"
    said = text.full(build.report(Seen(raw, prepare(raw), (), None, sample.EPOCH + 60)), Screen(100))
    assert "xpected end" not in said
    assert "Deadline: 2030-01-01T12:00:08Z\nit ended later\n" in said
