"""Tables, numbers, and charts at their edges."""

from __future__ import annotations

import pytest

from bayplan_operator.cli.text.gantt import MOST_ROWS, gantt
from bayplan_operator.cli.text.table import Screen, brief, coloured, table
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import FAILED, SUCCEEDED, PodAttempt
from bayplan_operator.views.model.graph import LiveGraph
from bayplan_operator.views.model.task import LiveTask, ShardView


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0s"), (0.42, "0.4s"), (9.97, "10s"), (59.6, "60s"), (119.4, "119s"),
        (120.0, "2m"), (200.0, "3m20s"), (3599.6, "1h"), (7199.9, "2h"), (7500.0, "2h5m"), (172_799.0, "2d"),
        (187_200.0, "2d4h"), (-200.0, "-3m20s"),
    ],
)  # fmt: skip
def test_seconds(value: float | None, text: str) -> None:
    assert units.seconds(value) == text


def test_other_numbers() -> None:
    assert [units.percent(share) for share in (None, 0.0, 0.001, 0.426, 1.0)] == ["-", "0 %", "<1 %", "43 %", "100 %"]
    assert [units.count(2, "task"), units.count(1, "retry"), units.count(0, "retry")] == ["2 tasks", "1 retry", "0 retries"]
    assert units.bars((0.0, 0.001, 0.5, 1.0, 1.2)) == " ▁▄██"


def test_the_last_column_of_a_table_of_a_table_stays_on_its_line() -> None:
    why = "taint nvidia.com/gpu=present:NoSchedule is not tolerated"
    rows = [["a", "Failed", why], ["bb", "Running", ""]]
    whole = ["T   STATE    WHY", f"a   Failed   {why}", "bb  Running"]
    assert table(["T", "STATE", "WHY"], rows, Screen(40)) == whole
    assert table(["T", "STATE", "WHY"], rows, Screen(40, cut=True, wide=True)) == whole
    cut = table(["T", "STATE", "WHY"], rows, Screen(40, cut=True))
    assert cut == [whole[0], f"a   Failed   {why[:26]}…", whole[2]]
    assert max(map(len, cut)) == 40
    assert table(["T", "STATE", "WHY"], rows, Screen(40, paint=coloured), state=1)[2] == "bb  \x1b[36mRunning\x1b[0m"
    assert table(["T", "WHY"], [], Screen(40)) == ["T  WHY"]


@pytest.mark.parametrize("columns", [1, 5, 9, 12, 14, 40])
def test_a_row_never_outgrows_the_terminal(columns: int) -> None:
    rows = [["a", "Failed", "no node fits"], ["bb", "Running", "two\nlines"]]
    lines = table(["T", "STATE", "WHY"], rows, Screen(columns, cut=True), state=1)
    assert len(lines) == 3
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize(
    ("why", "first"),
    [
        ("NoSuchNode: 0/4 nodes: 4 have too little cpu (40 asked, largest 8)", "NoSuchNode: 0/4 nodes"),
        ("score 0.86 (best fit, preferred affinity); 6 of 6 nodes fit", "score 0.86"),
        ("BackingOff: tried again in 5s; failed on node gpu-0: Error", "BackingOff: tried again in 5s"),
        ("as planned", "as planned"),
        ("", ""),
    ],
)
def test_the_first_clause_of_a_reason(why: str, first: str) -> None:
    assert brief(why) == first


def _report(
    attempts: tuple[PodAttempt, ...], shards: int = 1, tasks: tuple[str, ...] = ("a",), makespan: float = 10.0
) -> LiveGraph:
    shard = ShardView("Succeeded", "n", 1, 0, 0.0, 1.0)
    return LiveGraph(
        namespace="n", name="g", uid="u", status="Succeeded", over=True, progress="", policy="default", priority=0,
        accepted_at=None, problem="", waiting="", makespan=makespan, bound=None,
        tasks=tuple(
            LiveTask(name, (), False, 0.0, state="Succeeded", shards=(shard,) * shards, attempts=1, failures=0, duration=1.0,
                     why="", waiting="")
            for name in tasks
        ),
        attempts=attempts, nodes=(), other_nodes=0, retries=0,
    )  # fmt: skip


def test_a_retry_shows_the_failure_and_the_wait() -> None:
    attempts = (PodAttempt("a", 0, 1, "n", FAILED, 2.0, 4.0), PodAttempt("a", 0, 2, "n", SUCCEEDED, 6.0, 9.0))
    assert gantt(_report(attempts), Screen(26)) == ["a   ····░░░░····██████", "    │0s       │5s"]


def test_an_instant_still_has_a_column() -> None:
    attempts = (PodAttempt("a", 0, 1, "n", SUCCEEDED, 10.0, 10.0),)
    assert gantt(_report(attempts), Screen(26))[0] == "a   ···················█"


def test_the_height_says_how_many_shards_run() -> None:
    attempts = (
        PodAttempt("a", 0, 1, "n", SUCCEEDED, 0.0, 10.0),
        PodAttempt("a", 1, 1, "n", SUCCEEDED, 0.0, 5.0),
        PodAttempt("a", 2, 1, "n", SUCCEEDED, 0.0, 5.0),
        PodAttempt("a", 3, 1, "n", SUCCEEDED, 5.0, 6.0),
    )
    assert gantt(_report(attempts, shards=4), Screen(29))[0] == "a ×4   ▆▆▆▆▆▆▆▆▆▆▄▄▂▂▂▂▂▂▂▂"


def test_what_never_started_has_no_row_and_many_tasks_are_cut() -> None:
    assert gantt(_report(()), Screen(40)) == []
    names = tuple(f"t{number}" for number in range(MOST_ROWS + 5))
    lines = gantt(_report(tuple(PodAttempt(name, 0, 1, "n", SUCCEEDED, 0.0, 1.0) for name in names), tasks=names), Screen(40))
    assert len(lines) == MOST_ROWS + 2
    assert lines[-2] == "... and 5 more"


@pytest.mark.parametrize("makespan", [1.0, 7.0, 95.0, 3600.0, 400_000.0])
@pytest.mark.parametrize("width", [26, 80, 200])
def test_a_chart_never_outgrows_the_terminal(makespan: float, width: int) -> None:
    attempts = (PodAttempt("a", 0, 1, "n", SUCCEEDED, 0.0, makespan),)
    lines = gantt(_report(attempts, makespan=makespan), Screen(width))
    assert max(map(len, lines)) <= width
    assert "│0s" in lines[-1]
