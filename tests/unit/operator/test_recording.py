"""When statuses are written."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.graphs.recording import Slots


def test_what_can_wait_comes_no_more_often_than_said_and_in_turn() -> None:
    slots = Slots(20.0)
    assert [slots.reserve(100.0) for _ in range(5)] == pytest.approx([100.0, 100.05, 100.1, 100.15, 100.2], abs=1e-6)
    assert max(slots.reserve(200.0) for _ in range(10_000)) == 230.0, "however much is to be written"
    assert slots.reserve(300.0) == 300.0, "where nothing is written for a while, nothing has to wait"
