"""Decide once, record, then act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bayplan_operator.conductor.record.commitment import Commitment


def read(status: Mapping[str, Any]) -> str | None:
    found = status.get("choice")
    return found if isinstance(found, str) else None


@pytest.fixture
def choice() -> Commitment[str]:
    made = Commitment(read)
    made.needed = True
    return made


def test_what_is_not_needed_holds_nothing_up() -> None:
    made = Commitment(read)
    assert made.settled
    made.needed = False
    assert made.settled
    assert not made.open


def test_it_is_open_then_decided_then_settled(choice: Commitment[str]) -> None:
    assert (choice.open, choice.settled) == (True, False)
    choice.decide("a", "it is cheaper")
    assert (choice.open, choice.settled, choice.why) == (False, False, "it is cheaper")
    choice.find({})
    assert not choice.settled, "the status does not hold it yet"
    choice.find({"choice": "a"})
    assert choice.settled


def test_what_another_has_recorded_counts_until_ours_is(choice: Commitment[str]) -> None:
    choice.decide("a", "it is cheaper")
    choice.find({"choice": "b"})
    assert (choice.value, choice.settled, choice.why) == ("b", True, "")
    choice.find({"choice": "c"})
    assert choice.value == "b", "it was recorded: an edit changes nothing"
    assert not choice.settled, "and it has to be written again"
    choice.find({})
    assert (choice.value, choice.settled) == ("b", False)
    choice.find({"choice": "b"})
    assert choice.settled


def test_what_was_recorded_cannot_become_anything_else(choice: Commitment[str]) -> None:
    choice.find({"choice": "a"})
    choice.decide("a")
    with pytest.raises(ValueError, match="'a' was recorded: it cannot become 'b'"):
        choice.decide("b")


def test_what_was_withdrawn_is_not_taken_for_the_decision_of_another(choice: Commitment[str]) -> None:
    choice.find({"choice": "a"})
    choice.withdraw()
    assert choice.open
    choice.find({"choice": "a"})
    assert choice.open, "the status is behind"
    choice.decide("b")
    choice.find({"choice": "a"})
    assert (choice.value, choice.settled) == ("b", False)
    choice.find({"choice": "b"})
    assert choice.settled
