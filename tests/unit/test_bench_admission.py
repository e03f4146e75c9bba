"""The figures of bench.admission: what is summed, and what a watcher makes of pods."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.admission_cases import Case, Work, WorkClass
from bench.admission_events import END, EVICT, START, SUBMIT, Event, events_of, figures_of, over_quota, write_events
from bench.admission_watch import GRAPH_LABEL, AdmissionWatch, _Pod

LARGE = WorkClass("large", 2, 1.0, 2.0, 200, 20)
SMALL = WorkClass("small", 2, 1.0, 1.0, 50, 1)
MEDIUM = WorkClass("medium", 2, 1.0, 1.0, 100, 5)
CASE = Case(1, 2, (LARGE, MEDIUM, SMALL))


def work(kind: WorkClass, queue: int = 0, number: int = 0, at: float = 0.0) -> Work:
    return Work(at, 0, queue, kind, number)


def test_waits_and_useful_work() -> None:
    pieces = [work(LARGE), work(MEDIUM), work(SMALL, at=1.0)]
    events = events_of(pieces, {pieces[0].name: 0.0, pieces[1].name: 2.0, pieces[2].name: 3.0})
    figures = {name: value for name, value, _ in figures_of(CASE, events)}
    assert (figures["wall_s"], figures["wait_large_s"], figures["wait_medium_s"], figures["wait_small_s"]) == (
        4.0,
        0.0,
        2.0,
        2.0,
    )
    assert figures["useful_work"] == pytest.approx((40 + 5 + 1) / (40 * 4.0))


def test_what_ends_makes_room_at_the_same_instant_and_one_too_many_is_counted() -> None:
    first, second, third = work(LARGE), work(LARGE, 1), work(LARGE, 0, 1)
    in_turn = events_of([first, second, third], {first.name: 0.0, second.name: 0.0, third.name: 2.0})
    assert over_quota(CASE, in_turn) == 0
    early = events_of([first, second, third], {first.name: 0.0, second.name: 0.0, third.name: 1.5})
    assert over_quota(CASE, early) == 1, "the cohort holds 60 of 40"


def test_the_file_is_enough_to_sum_it_all_again(tmp_path: Path) -> None:
    pieces = [work(LARGE), work(SMALL, 1)]
    events = events_of(pieces, {each.name: 1.0 for each in pieces})
    write_events(tmp_path / "out.csv", events)
    held: dict[str, int] = defaultdict(int)
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        held[row["queue"]] += {SUBMIT: 0, START: 1, END: -1, EVICT: -1}[row["event"]] * int(row["cpu"])
    assert [(float(row["time"]), row["event"]) for row in rows] == [(event.at, event.what) for event in events]
    assert dict(held) == {"cohort0/queue0": 0, "cohort0/queue1": 0}


def pod(name: str, phase: str, node: str = "n", held: bool = True) -> _Pod:
    raw: dict[str, Any] = {
        "metadata": {"name": name, "labels": {GRAPH_LABEL: "g"}, "finalizers": ["bayplan.dev/hold"] if held else []},
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase},
    }
    return msgspec.convert(raw, _Pod)


def test_a_watcher_sees_starts_evictions_ends_and_records() -> None:
    piece = work(SMALL)
    watch = AdmissionWatch({"g": piece}, lambda: 0.0)
    news = [
        (False, pod("first", "Pending", node="")), (False, pod("first", "Pending")), (False, pod("first", "Running")),
        (True, pod("first", "Running")), (False, pod("second", "Pending")), (False, pod("second", "Succeeded")),
    ]  # fmt: skip
    for now, (gone, seen) in enumerate(news):
        watch._take(gone, seen, float(now))
    assert watch.events == [
        Event(1.0, START, piece),
        Event(3.0, EVICT, piece),
        Event(4.0, START, piece),
        Event(5.0, END, piece),
    ]
    assert watch.recorded == {}
    watch._take(False, pod("second", "Succeeded", held=False), 6.0)
    assert watch.recorded == {"g": 6.0}
