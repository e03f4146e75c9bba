"""When statuses are written."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.graphs.recording import Slots


def test_what_can_wait_comes_no_more_often_than_said_and_in_turn() -> None:
    slots = Slots(20.0)
    given = [slots.reserve(100.0, 1.0) for _ in range(5)]
    assert given == pytest.approx([101.0, 101.05, 101.1, 101.15, 101.2], abs=1e-6)
    assert max(slots.reserve(100.0, 1.0) for _ in range(10_000)) == 131.0, "however much is to be written"
    assert slots.reserve(300.0, 1.0) == 301.0, "where nothing is written for a while, nothing has to wait"


def test_a_large_graph_that_is_written_seldom_holds_up_no_small_one() -> None:
    slots = Slots(20.0)
    assert slots.reserve(100.0, 9.0) == 109.0
    assert slots.reserve(100.0, 1.0) == pytest.approx(101.05)
