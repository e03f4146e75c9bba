"""Durations: what is read, what is refused, and that model and CRD have one opinion."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.api.duration import MAX_SECONDS, PATTERN, POSITIVE_PATTERN, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("45m", 2700.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("0s", 0.0),
        ("1m1ms", 60.001),
        ("36h", 129600.0),
    ],
)
def test_known_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@given(st.integers(0, int(MAX_SECONDS) * 1000))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    text = format_duration(milliseconds / 1000)
    assert round(parse_duration(text) * 1000) == milliseconds
    assert re.match(PATTERN, text)
    assert (re.match(POSITIVE_PATTERN, text) is not None) == (milliseconds > 0)


@pytest.mark.parametrize("text", ["", "5", "s", "1.5h", "-1s", "1 h", "1d", "1h\n", "10us", "1H", "٣s", "1s" * 20])
def test_malformed_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 90s, 45m, 1h30m or 250ms"):
        parse_duration(text)


def test_a_duration_beyond_the_range_of_time_stamps_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most ten years \(87600h\)"):
        parse_duration("999999999h")


@pytest.mark.parametrize("text", ["0s", "0h0m", "000ms"])
def test_zero_is_a_duration_but_not_a_positive_one(text: str) -> None:
    assert re.match(PATTERN, text)
    assert not re.match(POSITIVE_PATTERN, text)
