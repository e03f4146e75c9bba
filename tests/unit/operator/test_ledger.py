"""Every run once."""

from __future__ import annotations

from bayplan_operator.conductor.knowledge.ledger import REMEMBERED, Ledger


def test_a_run_counts_once() -> None:
    ledger = Ledger(0.0, 10)
    assert ledger.count("a", 100.0)
    assert not ledger.count("a", 100.0)
    assert ledger.count("b", 100.0)


def test_runs_seen_late_count_while_others_of_their_time_are_remembered_by_name() -> None:
    ledger = Ledger(0.0, 10)
    ledger.count("a", 1000.0)
    ledger.recent(1000.0)
    assert ledger.count("late", 500.0)


def test_what_is_old_is_forgotten_by_name_and_stays_counted() -> None:
    ledger = Ledger(0.0, 10)
    ledger.count("a", 100.0)
    ledger.count("b", 200.0)
    assert dict(ledger.recent(150.0 + REMEMBERED)) == {"b": 200.0}
    assert ledger.until == 100.0
    assert not ledger.count("a", 100.0)
    assert not ledger.count("a", 100.01), "a record rounds"
    assert ledger.count("c", 150.0)


def test_of_too_many_the_oldest_are_forgotten_by_name() -> None:
    ledger = Ledger(0.0, 2)
    for number in range(5):
        ledger.count(f"r{number}", 100.0 + number)
    assert list(ledger.recent(110.0)) == ["r3", "r4"]
    assert [ledger.count(f"r{number}", 100.0 + number) for number in range(5)] == [False] * 5


def test_what_is_written_is_what_is_read() -> None:
    ledger = Ledger(0.0, 2)
    for number in range(5):
        ledger.count(f"r{number}", 100.0 + number)
    recent = ledger.recent(110.0)
    anew = Ledger(ledger.until, 2, recent)
    assert not any(anew.count(f"r{number}", 100.0 + number) for number in range(5))
    assert anew.count("r5", 105.0)
