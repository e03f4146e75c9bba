"""Durations as users write them ("90s", "1h30m", "250ms"), as float seconds in the models."""

from __future__ import annotations

import re

UNITS: dict[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
MAX_SECONDS = 10 * 365 * 86400.0  # longer ones would leave the range of time stamps once added to one
MAX_LENGTH = 32

# RE2 and Python read both alike; the CRD's rules use them too.
PATTERN = "^([0-9]+(ms|s|m|h))+$"
POSITIVE_PATTERN = "^([0-9]+(ms|s|m|h))*[0-9]*[1-9][0-9]*(ms|s|m|h)([0-9]+(ms|s|m|h))*$"
EXAMPLES = "such as 90s, 45m, 1h30m or 250ms"

_PART = re.compile("([0-9]+)(ms|s|m|h)", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of a duration such as "1h30m". Raises ValueError, whose message completes '<field> is <value>: ...'."""
    if len(text) > MAX_LENGTH or re.fullmatch(PATTERN.strip("^$"), text, re.ASCII) is None:
        raise ValueError(f"must be a duration {EXAMPLES}")
    seconds = sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > MAX_SECONDS:
        raise ValueError(f"must be at most ten years ({format_duration(MAX_SECONDS)})")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest exact spelling, to the millisecond: 5400.0 is "1h30m", 0.25 is "250ms", 0.0 is "0s"."""
    rest = round(seconds * 1000)
    parts: list[str] = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
