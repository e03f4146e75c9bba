"""Tables, numbers, and charts at their edges."""

from __future__ import annotations

import pytest

from bayplan_operator.cli.text.gantt import MOST_ROWS, gantt
from bayplan_operator.cli.text.table import coloured, plain, table
from bayplan_operator.views import units
from bayplan_operator.views.model.attempt import FAILED, SUCCEEDED, PodAttempt
from bayplan_operator.views.model.graph import LiveGraph
from bayplan_operator.views.model.task import LiveTask, ShardView


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0 s"), (0.42, "0.4 s"), (9.97, "10 s"), (59.6, "60 s"), (119.4, "119 s"),
        (120.0, "2 min"), (200.0, "3 min 20 s"), (7199.9, "2 h"), (7500.0, "2 h 5 min"),
    ],
)  # fmt: skip
def test_seconds(value: float | None, text: str) -> None:
    assert units.seconds(value) == text


def test_other_numbers() -> None:
    assert [units.percent(share) for share in (None, 0.0, 0.001, 0.426, 1.0)] == ["-", "0 %", "<1 %", "43 %", "100 %"]
    assert [units.count(2, "task"), units.count(1, "retry"), units.count(0, "retry")] == ["2 tasks", "1 retry", "0 retries"]
    assert units.bars((0.0, 0.001, 0.5, 1.0, 1.2)) == " ▁▄██"


def test_the_last_column_of_a_table_is_wrapped() -> None:
    rows = [["a", "Failed", "taint nvidia.com/gpu=present:NoSchedule is not tolerated"], ["bb", "Running", ""]]
    assert table(["T", "STATE", "WHY"], rows, 40, plain) == [
        "T   STATE    WHY",
        "a   Failed   taint nvidia.com/gpu=presen",
        "             t:NoSchedule is not",
        "             tolerated",
        "bb  Running",
    ]
    assert table(["T", "STATE", "WHY"], rows, 40, coloured, state=1)[4] == "bb  \x1b[36mRunning\x1b[0m"
    assert table(["T", "WHY"], [], 40, plain) == ["T  WHY"]


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
    assert gantt(_report(attempts), 26, plain) == ["a   ····░░░░····██████", "    │0 s      │5 s"]


def test_an_instant_still_has_a_column() -> None:
    attempts = (PodAttempt("a", 0, 1, "n", SUCCEEDED, 10.0, 10.0),)
    assert gantt(_report(attempts), 26, plain)[0] == "a   ···················█"


def test_the_height_says_how_many_shards_run() -> None:
    attempts = (
        PodAttempt("a", 0, 1, "n", SUCCEEDED, 0.0, 10.0),
        PodAttempt("a", 1, 1, "n", SUCCEEDED, 0.0, 5.0),
        PodAttempt("a", 2, 1, "n", SUCCEEDED, 0.0, 5.0),
        PodAttempt("a", 3, 1, "n", SUCCEEDED, 5.0, 6.0),
    )
    assert gantt(_report(attempts, shards=4), 29, plain)[0] == "a ×4   ▆▆▆▆▆▆▆▆▆▆▄▄▂▂▂▂▂▂▂▂"


def test_what_never_started_has_no_row_and_many_tasks_are_cut() -> None:
    assert gantt(_report(()), 40, plain) == []
    names = tuple(f"t{number}" for number in range(MOST_ROWS + 5))
    lines = gantt(_report(tuple(PodAttempt(name, 0, 1, "n", SUCCEEDED, 0.0, 1.0) for name in names), tasks=names), 40, plain)
    assert len(lines) == MOST_ROWS + 2
    assert lines[-2] == "... and 5 more"


@pytest.mark.parametrize("makespan", [1.0, 7.0, 95.0, 3600.0, 400_000.0])
@pytest.mark.parametrize("width", [26, 80, 200])
def test_a_chart_never_outgrows_the_terminal(makespan: float, width: int) -> None:
    attempts = (PodAttempt("a", 0, 1, "n", SUCCEEDED, 0.0, makespan),)
    lines = gantt(_report(attempts, makespan=makespan), width, plain)
    assert max(map(len, lines)) <= width
    assert "│0 s" in lines[-1]
