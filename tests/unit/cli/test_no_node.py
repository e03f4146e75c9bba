"""A pod that was lost before it had a node."""

from __future__ import annotations

import msgspec

from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.changes import changes
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.views.model.attempt import LOST
from tests.unit.cli import sample


def test_it_has_none_in_json_and_in_words() -> None:
    report = sample.report(sample.raw(sample.RUNNING, **sample.running()), (sample.pod("train", 1, 1, "", "Pending", 2),))
    (lost,) = [each for each in report.attempts if each.outcome == LOST]
    assert lost.node is None
    assert '"node":null' in msgspec.json.encode(lost).decode()
    assert "train shard 1: attempt 1 lost: no message" in text.full(report, Screen(100))
    assert any(line.endswith("train shard 1: attempt 1 lost: no message") for line in changes(None, report))
