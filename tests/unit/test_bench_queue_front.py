"""The benchmark of slowdown against the longest wait: its reference, and the library beside it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import bayplan.strategy.ordering.lasting as lasting
from bayplan.strategy.ordering import ORDERS
from bench import queue as command
from bench import queue_front
from bench.easy import easy
from bench.queueing import Jobs


def jobs(*rows: tuple[float, float, int]) -> Jobs:
    came, seconds, asked = zip(*rows, strict=True)
    return Jobs(np.array(came), np.array(seconds), np.array(asked))


def test_a_job_that_fits_beside_the_reservation_starts_and_one_that_would_delay_it_does_not() -> None:
    found = jobs((0, 10, 6), (1, 5, 8), (2, 8, 2), (3, 9, 2))
    # The second is reserved at 10. The third ends by then; the fourth would not.
    assert easy(found, 8, found.came).tolist() == [0.0, 9.0, 0.0, 12.0]


def test_a_later_job_may_stay_beside_the_reserved_one() -> None:
    found = jobs((0, 10, 6), (1, 5, 5), (2, 90, 2))
    assert easy(found, 8, found.came).tolist() == [0.0, 9.0, 0.0]


def test_the_decider_reserves_by_what_it_has_just_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 25 the third starts, and only then the fourth may be reserved: at 27, when the third has ended."""
    monkeypatch.setitem(lasting.LASTING, ORDERS["SmallestArea"], lambda request: request.since)
    found = jobs((1, 10, 6), (3, 14, 6), (3.5, 2, 3), (4, 2, 8), (7, 2, 8), (8, 3, 3), (11, 7, 5), (14, 12, 4))
    assert queue_front.by_order("SmallestArea")(found, 8).tolist() == easy(found, 8, found.came).tolist()


def test_one_reservation_with_exact_ends_is_easy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lasting.LASTING, ORDERS["SmallestArea"], lambda request: request.since)
    drawn, waits = np.random.default_rng(0), queue_front.by_order("SmallestArea")
    for _ in range(40):
        came = np.sort(drawn.integers(1, 20, 7)) + 0.01 * np.arange(7)
        found = Jobs(came, drawn.integers(1, 15, 7).astype(float), drawn.integers(1, 9, 7))
        assert waits(found, 8).tolist() == pytest.approx(easy(found, 8, found.came).tolist())


def test_windows_policies_and_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_front, "WINDOW", 30)
    drawn = np.random.default_rng(1)
    at = np.cumsum(drawn.integers(1, 40, 90)).tolist()
    rest = zip(at, drawn.integers(1, 300, 90).tolist(), drawn.integers(1, 9, 90).tolist(), strict=True)
    lines = [f"{job} {came} -1 {run} {asked} {'-1 ' * 5}1 {'-1 ' * 7}" for job, (came, run, asked) in enumerate(rest)]
    (tmp_path / "a.swf").write_text("\n".join(lines))
    out, figures = tmp_path / "jobs.csv", tmp_path / "figures.json"
    given = ["--data", tmp_path / "a.swf", "--windows", "2", "--processors", "8", "--json", figures, "--out", out]
    monkeypatch.setattr(sys, "argv", ["queue", "--part", "front", "--policy", "aged-area", *map(str, given)])
    assert command.main() == 0
    rows = json.loads(figures.read_text())
    assert [row["policy"] for row in rows] == ["fcfs-easy", "f1-easy", "aged-area"] * 2
    assert all(row["mean_slowdown"] >= 1 and row["trace"] == "a" for row in rows)
    table = list(csv.DictReader(out.open()))
    waits = [float(row["start"]) - float(row["submit"]) for row in table]
    assert len(table) == 30
    assert max(waits) == pytest.approx(rows[2]["max_wait"])
    instants = sorted({float(row["start"]) for row in table})
    for instant in instants:
        runs = [row for row in table if float(row["start"]) <= instant < float(row["finish"])]
        assert sum(int(row["processors"]) for row in runs) <= 8


def test_a_policy_of_another_part_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["queue", "--part", "front", "--policy", "fifo", "--data", "x.swf"])
    with pytest.raises(SystemExit):
        command.main()
    assert "--policy fifo is not of --part front: there are fcfs-easy, f1-easy" in capsys.readouterr().err
