import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph, Task
from bayplan_operator.translate import run_record

GRAPH = Graph.build([Task("a"), Task("b", ("a",), shards=2)])
EPOCH = 1_700_000_000.0


def a_run() -> Run:
    run = Run.fresh(3)
    run.state[:] = [UnitState.SUCCEEDED, UnitState.RUNNING, UnitState.READY]
    run.incarnation[:] = [1, 2, 1]
    run.settled[:] = [1, 1, 1]
    run.failures[:] = [0, 1, 1]
    run.not_before[2] = EPOCH + 35.25
    run.started[:2] = [EPOCH + 0.5, EPOCH + 14.25]
    run.finished[0] = EPOCH + 3.5
    run.node = ["10.0.0.1", "n-2", "n-3"]
    return run


def test_the_lines_read_as_documented() -> None:
    assert [run_record.write_task(GRAPH, a_run(), task, EPOCH) for task in range(2)] == [
        "a Succeeded 1/0 10.0.0.1 0.5+3",
        "b Running 2/1 n-2 14.25 | Ready 1/1 >35.25",
    ]


def test_what_is_read_back_is_what_was_written() -> None:
    run = a_run()
    lines = [run_record.write_task(GRAPH, run, task, EPOCH) for task in range(2)]
    read, malformed = run_record.read(GRAPH, lines, EPOCH)
    assert malformed == []
    for column in ("state", "incarnation", "settled", "failures"):
        assert getattr(read, column).tolist() == getattr(run, column).tolist()
    assert read.node[:2] == run.node[:2]
    np.testing.assert_allclose(read.started, run.started, equal_nan=True)
    np.testing.assert_allclose(read.not_before, run.not_before)


@pytest.mark.parametrize(
    "line",
    ["", "a", "a Nonsense", "c Pending", "b Pending", "a Succeeded", "a Running 1/x n 3", "a Succeeded 1/0 n soon+3",
     "a Pending | Pending", "a Succeeded 1/0 n 1+2 extra", "b Pending | Running 1/0 n x",
     "a Ready 1/1 >nan", "a Running 1/0 n inf", "a Succeeded 99999999999/0 n"],
)  # fmt: skip
def test_a_line_edited_by_hand_is_named_and_counts_for_nothing(line: str) -> None:
    run, malformed = run_record.read(GRAPH, [line], EPOCH)
    assert malformed == [line]
    assert run.same_as(Run.fresh(3))


@given(st.text(max_size=80))
def test_no_line_whatsoever_brings_the_reader_down(text: str) -> None:
    run_record.read(GRAPH, [text, f"a {text}", f"a Succeeded {text}", f"a Succeeded 1/0 n {text}"], EPOCH)


def test_only_tasks_that_changed_are_written_again() -> None:
    before = a_run()
    after = before.copy()
    assert list(run_record.changed_tasks(GRAPH, before, after)) == []
    after.state[1] = UnitState.SUCCEEDED
    assert list(run_record.changed_tasks(GRAPH, before, after)) == [1]
