"""What is shown of graphs with gates and rounds, from records as they are and from records that were edited."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.kube import wire
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.views.graphs import build
from bayplan_operator.views.graphs.build import Seen
from bayplan_operator.views.model.graph import LiveGraph
from tests.draws import cases
from tests.unit.cli import sample

TASKS: list[dict[str, Any]] = [
    {"name": "local", "shards": 3},
    {"name": "judge", "dependsOn": [{"task": "local"}]},
    {"name": "deploy", "dependsOn": [{"task": "judge"}], "when": "judge.accuracy >= 0.9"},
    {"name": "extra", "optional": True},
    {"name": "tell", "dependsOn": [{"task": "deploy"}, {"task": "extra"}], "gate": "Any"},
]
ROUNDS = {"tasks": ["local", "judge"], "max": 9, "until": "judge.accuracy >= 0.8", "minimum": 2}
DONE = (
    "local Succeeded 3/0 cpu-0 20+2 | Skipped 3/0 cpu-1 20 | Succeeded 4/0 cpu-0 20+2", "judge Succeeded 3/0 cpu-0 23+1",
)  # fmt: skip


def shown(lines: tuple[str, ...], rounds: Any = None, pods: tuple[wire.Pod, ...] = (), **status: Any) -> LiveGraph:
    raw = sample.raw(lines, **({} if rounds is None else {"rounds": rounds}), **status)
    raw["spec"] |= {"tasks": TASKS, "rounds": ROUNDS}
    return build.report(Seen(raw, prepare({**raw, "status": {}}), pods, None, sample.EPOCH + 30))


def recorded(**more: Any) -> dict[str, Any]:
    history = ["1 4/4 3.0s judge.accuracy=0.5", "2 3/4 12.5s judge.accuracy=0.7"]
    return {"number": 3, "history": history, "before": ["local 2 0 3", "judge 2"], **more}


def test_between_two_rounds_it_says_where_they_are() -> None:
    report = shown(DONE, recorded(next=4, leftOut=["local 1"]), results=['judge {"accuracy":0.75}'], progress="2/5, round 3/9")
    assert report.rounds
    assert (report.rounds.number, report.rounds.next, report.rounds.left_out) == (3, 4, ("local/1",))
    assert [each.without for each in report.rounds.history] == [None, ("local/1",)]
    assert [(each.figure, each.seconds) for each in report.rounds.history] == [(0.5, 3.0), (0.7, 12.5)]
    assert {each.name: (each.state, each.waiting) for each in report.tasks} == {
        "local": ("Succeeded", ""), "judge": ("Succeeded", ""),
        "deploy": ("Pending", "DependencyPending: after the last round of judge"), "extra": ("Pending", ""),
        "tell": ("Pending", "DependencyPending: after one of deploy, extra"),
    }  # fmt: skip
    lines = text.full(report, Screen(150)).splitlines()
    assert "2/5 tasks, round 3/9" in lines[0]
    assert "Round 3 of at most 9, until judge.accuracy >= 0.8" in lines
    assert "Round 4 is without local/1" in lines
    assert "judge: accuracy 0.75" in lines


@pytest.mark.parametrize(("accuracy", "state"), [(0.85, "Skipped"), (0.95, "Pending")])
def test_a_condition_is_looked_at_once_the_rounds_are_over(accuracy: float, state: str) -> None:
    lines = (*DONE, f"deploy {state}")
    report = shown(lines, recorded(over="round 3: enough"), results=[f'judge {{"accuracy":{accuracy}}}'])
    deploy = report.tasks[2]
    assert deploy.skipped == ("its condition does not hold: judge.accuracy >= 0.9" if state == "Skipped" else msgspec.UNSET)
    assert deploy.waiting == ""


def test_a_task_that_was_skipped_takes_no_time() -> None:
    raw = sample.raw(("judge Succeeded 1/0 cpu-0 0+5", "deploy Skipped", "last Succeeded 1/0 cpu-0 5+2"))
    best = {"gate": "BestOf", "bestBy": {"metric": "accuracy"}}
    tasks = [{"name": "judge"}, TASKS[2], {"name": "last", "dependsOn": [{"task": "judge"}, {"task": "deploy"}], **best}]
    raw["spec"]["tasks"] = tasks
    found = build.report(Seen(raw, prepare({**raw, "status": {}}), (), None, sample.EPOCH + 30)).bound
    assert found is not None
    assert (found.seconds, found.remaining, found.measured) == (7.0, 0.0, True)
    tasks[2] = {"name": "last", "dependsOn": [{"task": "judge"}, {"task": "deploy"}], "gate": "Any"}
    assert build.report(Seen(raw, prepare({**raw, "status": {}}), (), None, sample.EPOCH + 30)).bound is None


def test_of_many_rounds_the_last_are_shown_and_on_a_wide_screen_all() -> None:
    history = [f"{number} 4/4 1.0s judge.accuracy=0.{number:03d}" for number in range(1, 61)]
    report = shown(DONE, {"number": 60, "history": history})
    narrow, wide = (text.full(report, Screen(150, wide=each)).splitlines() for each in (False, True))
    assert "(40 earlier rounds not shown: -o wide shows them)" in narrow
    assert [line.split()[0] for line in narrow if line.endswith(("0.041", "0.06 "))] == ["41"]
    assert sum("4/4" in line for line in narrow) == 20
    assert sum("4/4" in line for line in wide) == 60


def said(task: str, shard: int, number: int, message: str, exit_code: int = 0) -> wire.Pod:
    """A pod of the round with this number, which has said something."""
    phase = "Failed" if exit_code else "Succeeded"
    pod = sample.pod(
        task, shard, number, "cpu-0", phase, 2 * number, 2 * number + 1, message=message, exit_code=exit_code, round=number
    )  # fmt: skip
    return msgspec.structs.replace(pod, spec=wire.PodSpec("cpu-0", [wire.Container("main")]))


def reports(lines: list[str]) -> list[str]:
    """The part of a text that says what tasks report."""
    begin = lines.index("What the tasks report of themselves") + 1
    return lines[begin : lines.index("", begin)]


def test_what_is_reported_once_in_each_round_names_the_round() -> None:
    pods = [said("judge", 0, number, f'{{"accuracy": 0.{number}}}') for number in range(1, 6)]
    pods += [said("local", 2, number, '{"samples": 9}') for number in (1, 5)]
    report = shown(DONE, {"number": 5}, tuple(pods))
    narrow, wide = (reports(text.full(report, Screen(150, wide=each)).splitlines()) for each in (False, True))
    assert narrow == [
        "(3 earlier rounds not shown: -o wide shows them)",
        "local shard 2 (round 5): samples 9",
        "judge (round 4): accuracy 0.4",
        "judge (round 5): accuracy 0.5",
    ]
    assert len(wide) == 7
    assert wide[2:4] == ["judge (round 1): accuracy 0.1", "judge (round 2): accuracy 0.2"]


def test_what_failed_names_its_round() -> None:
    report = shown(DONE, {"number": 5}, (said("local", 1, 3, "no space", exit_code=1),))
    (line,) = [each for each in text.full(report, Screen(150)).splitlines() if "no space" in each]
    assert line.startswith("local shard 1 (round 3): attempt 3 failed on cpu-0")


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["local 1 0 2", "judge 1", "3 4/4 1.5s judge.accuracy=0.9", "1 4/4 1.2.3s", "local x"]),
)
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)), max_leaves=5,
)  # fmt: skip


@cases(60, search=150)
@given(
    st.one_of(
        JUNK,
        st.fixed_dictionaries({}, optional={
            name: st.one_of(JUNK, st.lists(TEXTS, max_size=3))
            for name in ("number", "next", "leftOut", "weights", "joint", "before", "history", "over")
        }),
    ),
    st.one_of(JUNK, st.lists(st.one_of(TEXTS, st.just('judge {"accuracy":1}')), max_size=3)),
    st.lists(st.sampled_from([*DONE, "deploy Skipped", "extra Failed 1/1 cpu-0 1+1", "tell Skipped", "x"]), max_size=4),
)  # fmt: skip
def test_a_record_that_was_edited_is_shown_all_the_same(rounds: Any, results: Any, lines: list[str]) -> None:
    """What cannot be read counts as not written."""
    report = shown(tuple(lines), rounds, results=results)
    text.full(report, Screen(150))
    msgspec.json.encode(report)
