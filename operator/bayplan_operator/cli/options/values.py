"""Values of options. A wrong value raises ValueError; the message ends the sentence "argument --noise: ..."."""

import math
import re
from urllib.parse import urlsplit

from bayplan_operator.api.duration import EXAMPLES, MAX_SECONDS, UNITS
from bayplan_operator.api.quantity import QuantityError, parse_exact

_DURATION = re.compile(r"([0-9]+d)?((?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s))*)", re.ASCII)
_PART = re.compile(r"([0-9.]+)(h|ms|m|s)", re.ASCII)


def duration(text: str) -> float:
    """Seconds of `90s`, `1h30m`, and of all that durations are printed as: `2d4h`, `1.9s`. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(f'"{text}" must be a duration {EXAMPLES}')
    days = float((found[1] or "0d").removesuffix("d"))
    seconds = days * 86400 + sum(float(number) * UNITS[unit] for number, unit in _PART.findall(found[2]))
    if seconds > MAX_SECONDS:
        raise ValueError(f'"{text}" must be at most ten years')
    return seconds


def request_timeout(text: str) -> float:
    """Seconds, as kubectl reads them: of `90s`, and of a whole number without a unit; 0: without limit. Raises ValueError."""
    return float(text) if text.isdecimal() else duration(text)


def bytes_per_second(text: str) -> float:
    """Of `125M`. Raises ValueError."""
    try:
        found = parse_exact(text)
    except QuantityError as error:
        raise ValueError(f"{error}, not {text!r}") from error
    if found <= 0:
        raise ValueError(f'must be a quantity of bytes per second above 0, such as "125M", not {text!r}')
    return float(found)


def long(text: str) -> float:
    """A duration above zero. Raises ValueError."""
    seconds = duration(text)
    if seconds <= 0:
        raise ValueError(f'"{text}" must be longer than zero, such as 90s or 1h30m')
    return seconds


def share(text: str) -> float:
    """Of `0.3` or `30%`. Raises ValueError."""
    value = _number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f'"{text}" must be a share, 0 or above, such as 0.3 or 30%')
    return value


def speeds(text: str) -> dict[str, float]:
    """Of `fast=2.0,slow=0.5`. Raises ValueError."""
    found = {}
    for part in text.split(","):
        name, equals, said = part.partition("=")
        value = _number(said)
        if not (name and equals and math.isfinite(value) and value > 0):
            raise ValueError(f'"{part}" must be a node class with its speed above 0, such as fast=2.0')
        found[name] = value
    return found


def names(text: str) -> dict[str, str]:
    """Of `1=interactive,2=batch`. Raises ValueError."""
    found: dict[str, str] = {}
    for part in text.split(","):
        said, equals, name = part.partition("=")
        if not (said and equals and name):
            raise ValueError(f'"{part}" must be a value with the name of a queue, such as 1=interactive')
        if said in found:
            raise ValueError(f'"{said}" must be named once')
        found[said] = name
    return found


class Numbers(tuple[float, ...]):
    """Numbers, one for each of several things."""


def numbers(text: str) -> Numbers:
    """Of `270,271,0.5`. Raises ValueError."""
    found = [_number(part) for part in text.split(",")]
    if not all(map(math.isfinite, found)):
        raise ValueError(f'"{text}" must be numbers with commas between them, such as 1,2,3')
    return Numbers(found)


class Seeds(tuple[int, ...]):
    """Seeds, each once."""


FIRST_SEED = Seeds((0,))


def seeds(text: str) -> Seeds:
    """Of `7`, `1-10` or `1,4,9`. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise ValueError(f'"{part}" must be a seed such as 7, or a range such as 1-10')
        found += range(int(first), int(last) + 1) if dash else [int(first)]
    if len(set(found)) < len(found) or len(found) > 10_000:
        raise ValueError(f'"{text}" must name each seed once, at most 10,000 of them')
    return Seeds(found)


def seed(text: str) -> int:
    """A whole number from 0. Raises ValueError."""
    if not text.isdecimal():
        raise ValueError(f'"{text}" must be a whole number, 0 or above')
    return int(text)


def count(text: str) -> int:
    """A whole number from 1. Raises ValueError."""
    if not (text.isdecimal() and 1 <= int(text) <= 10_000):
        raise ValueError(f'"{text}" must be a whole number from 1 to 10,000')
    return int(text)


def from_zero(text: str) -> int:
    """A whole number from 0. Raises ValueError."""
    if not text.isdecimal():
        raise ValueError(f"must be a whole number, 0 or more, not {text!r}")
    return int(text)


def from_one(text: str) -> int:
    """A whole number from 1, without an upper bound. Raises ValueError."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"must be a whole number, 1 or more, not {text!r}")
    return int(text)


def number(text: str) -> float:
    """Any number. Raises ValueError."""
    value = _number(text)
    if math.isnan(value):
        raise ValueError(f"must be a number, not {text!r}")
    return value


def whole(text: str) -> int:
    """Any whole number. Raises ValueError."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"must be a whole number, not {text!r}") from None


def above_zero(text: str) -> float:
    """A number above 0. Raises ValueError."""
    value = _number(text)
    if not 0 < value < float("inf"):
        raise ValueError(f"must be a number above 0, not {text!r}")
    return value


def seconds(text: str) -> float:
    """A number of seconds between two polls. Raises ValueError."""
    value = _number(text)
    if not 0.1 <= value <= 86_400:
        raise ValueError(f"must be seconds, 0.1 to 86400, not {text!r}")
    return value


def url(text: str) -> str:
    """Of an HTTP server, without credentials. Raises ValueError."""
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"must be a URL, not {text!r}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or parts.query or parts.fragment:
        raise ValueError(f"must be a URL such as http://prometheus.monitoring:9090, not {text!r}")
    if parts.username is not None:
        raise ValueError("must not hold credentials: give --prometheus-username-file and -password-file")
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
