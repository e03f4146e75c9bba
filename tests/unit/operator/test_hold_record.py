"""Holds in a status: what is written is read again, and what was edited harms no other line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph, Task
from bayplan_operator.api.v1alpha1.task_graph_status import MAX_EVICTED, MAX_HELD, MAX_HOLD
from bayplan_operator.translate.eviction_record import read_evictions, write_evictions
from bayplan_operator.translate.hold_record import (
    HeldRecord,
    HeldUnits,
    VainUnit,
    node_said,
    read_held,
    victim_hash,
    write_held,
)

GRAPH = Graph.build([Task("prepare"), Task("t" * 63, ("prepare",), shards=1000)])
EPOCH = 1_750_000_000.25

instants = st.integers(0, 10**8).map(lambda hundredths: EPOCH + hundredths / 100)


@st.composite
def held(draw: st.DrawFn) -> HeldUnits:
    units = tuple(sorted(draw(st.sets(st.integers(0, GRAPH.units - 1), min_size=1, max_size=5))))
    nodes = tuple(draw(st.sampled_from(["n1", "n" * 63, "n" * 253])) for _ in units)
    gpus = tuple(tuple(sorted(draw(st.sets(st.integers(0, 15), max_size=8)))) for _ in units)
    victims = tuple(victim_hash(("ns", f"p{number}")) for number in range(draw(st.integers(0, 60))))
    return HeldUnits(units, nodes, gpus, victims, draw(instants))


@given(st.lists(held(), max_size=4), st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 9), instants), max_size=3))
def test_what_is_written_is_read_again(holds: list[HeldUnits], vain: list[tuple[int, int, float]]) -> None:
    record = HeldRecord(tuple(holds), tuple(VainUnit(*each) for each in vain))
    lines = write_held(GRAPH, record, EPOCH)
    assert all(len(line.encode()) <= MAX_HOLD for line in lines)
    again = read_held(GRAPH, {"holds": lines}, EPOCH)
    assert [each.units for each in again.holds] == [each.units for each in holds]
    for one, other in zip(again.holds, holds, strict=True):
        assert (one.gpus, one.victims) == (other.gpus, other.victims)
        assert one.nodes == tuple(map(node_said, other.nodes))
        assert one.until == pytest.approx(other.until, abs=0.011)
    assert [(each.unit, each.times) for each in again.vain] == [(unit, times) for unit, times, _ in vain]


def test_never_is_never() -> None:
    lines = write_held(GRAPH, HeldRecord((), (VainUnit(0, 2, math.inf),)), EPOCH)
    assert lines == ["vain prepare/0 2 never"]
    assert read_held(GRAPH, {"holds": lines}, EPOCH).vain == (VainUnit(0, 2, math.inf),)


@pytest.mark.parametrize(
    "line",
    [
        "", "1", "1 prepare/0", "1 prepare/9 n1 - 5 -", "1 prepare/0 n1 - soon -", "1 + abc", "vain prepare/0 x 5",
        "1 x/0 n - 1 -", "vain prepare/0 1 nan", 7, None,
    ],
)  # fmt: skip
def test_an_edited_line_is_left_out_and_the_others_count(line: object) -> None:
    good = HeldUnits((0,), ("n1",), ((),), ("abc",), EPOCH + 5)
    lines = [line, *write_held(GRAPH, HeldRecord((good,)), EPOCH)]
    assert read_held(GRAPH, {"holds": lines}, EPOCH) == HeldRecord((good,))
    assert read_held(GRAPH, {"holds": "prepare/0"}, EPOCH) == HeldRecord()


def test_too_many_lines_are_refused() -> None:
    many = HeldUnits(tuple(range(1000)), ("n1",) * 1000, ((),) * 1000, (), EPOCH)
    write_held(GRAPH, HeldRecord((many,)), EPOCH)
    with pytest.raises(ValueError, match=f"at most {MAX_HELD}"):
        write_held(GRAPH, HeldRecord((many,) * 2), EPOCH)


def test_evictions_are_read_again() -> None:
    run = Run.fresh(GRAPH.units)
    run.state[:] = UnitState.READY
    run.evictions[3], run.evicted_at[3], run.ready_at[3] = 2, EPOCH + 1733.5, EPOCH + 120
    run.evictions[4], run.state[4] = 1, UnitState.SUCCEEDED
    lines = write_evictions(GRAPH, run, EPOCH)
    assert lines == [f"{'t' * 63}/2 2 1733.5 120"]
    again = Run.fresh(GRAPH.units)
    again.state[:] = UnitState.READY
    read_evictions(GRAPH, again, {"evictions": [*lines, "x/1 1 1 1", "prepare/0 1", 5, "prepare/0 1 nan 5"]}, EPOCH)
    assert (again.evictions[3], again.evicted_at[3], again.ready_at[3]) == (2, EPOCH + 1733.5, EPOCH + 120)
    assert again.evictions.sum() == 2


def test_of_too_many_evictions_the_latest_are_kept() -> None:
    run = Run.fresh(GRAPH.units)
    run.state[:] = UnitState.READY
    run.evictions[:] = 1
    run.evicted_at[:] = EPOCH
    run.evicted_at[-1] = EPOCH + 9
    lines = write_evictions(GRAPH, run, EPOCH)
    assert len(lines) == MAX_EVICTED
    assert lines[-1].startswith(f"{'t' * 63}/999 1 9 ")
