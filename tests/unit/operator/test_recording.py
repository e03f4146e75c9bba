"""When statuses are written."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.graphs.recording import Slots


def test_what_can_wait_comes_no_more_often_than_said_and_in_turn() -> None:
    slots = Slots(20.0)
    assert [slots.reserve(100.0) for _ in range(5)] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2], abs=1e-6)
    assert max(slots.reserve(100.0) for _ in range(10_000)) == 300.0, "however much is to be written"
    assert slots.reserve(500.0) == 0.0, "where nothing is written for a while, nothing has to wait"
