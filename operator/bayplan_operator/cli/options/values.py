"""Values of options."""

import argparse
import math
from collections.abc import Callable, Mapping

from bayplan_operator.api.duration import parse_duration
from bayplan_operator.api.quantity import QuantityError, parse_exact
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows import InputError


def duration(text: str) -> float:
    """Seconds of `90s`, `1h30m`. Raises `argparse.ArgumentTypeError`."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text}" {error}') from error


def bytes_per_second(text: str) -> float:
    """Of `125M`. Raises `argparse.ArgumentTypeError`."""
    try:
        found = parse_exact(text)
    except QuantityError as error:
        raise argparse.ArgumentTypeError(f"{error}, not {text!r}") from error
    if found <= 0:
        raise argparse.ArgumentTypeError(f'must be a quantity of bytes per second above 0, such as "125M", not {text!r}')
    return float(found)


def long(text: str) -> float:
    """A duration above zero. Raises `argparse.ArgumentTypeError`."""
    seconds = duration(text)
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f'"{text}" must be longer than zero, such as 90s or 1h30m')
    return seconds


def share(text: str) -> float:
    """Of `0.3` or `30%`. Raises `argparse.ArgumentTypeError`."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a share, 0 or above, such as 0.3 or 30%')
    return value


def speeds(text: str) -> dict[str, float]:
    """Of `fast=2.0,slow=0.5`. Raises `argparse.ArgumentTypeError`."""
    found = {}
    for part in text.split(","):
        name, equals, said = part.partition("=")
        try:
            value = float(said)
        except ValueError:
            value = math.nan
        if not (name and equals and math.isfinite(value) and value > 0):
            raise argparse.ArgumentTypeError(f'"{part}" must be a node class with its speed above 0, such as fast=2.0')
        found[name] = value
    return found


def seeds(text: str) -> list[int]:
    """Of `7`, `1-10` or `1,4,9`. Raises `argparse.ArgumentTypeError`."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise argparse.ArgumentTypeError(f'"{part}" must be a seed such as 7, or a range such as 1-10')
        found += range(int(first), int(last) + 1) if dash else [int(first)]
    if len(set(found)) < len(found) or len(found) > 10_000:
        raise argparse.ArgumentTypeError(f'"{text}" must name each seed once, at most 10,000 of them')
    return found


def seed(text: str) -> int:
    """A whole number from 0. Raises `argparse.ArgumentTypeError`."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number, 0 or above')
    return int(text)


def count(text: str) -> int:
    """A whole number from 1. Raises `argparse.ArgumentTypeError`."""
    if not (text.isdecimal() and 1 <= int(text) <= 10_000):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number from 1 to 10,000')
    return int(text)


def pairs(option: str, text: str, kinds: Mapping[str, Callable[[str], float]]) -> dict[str, float]:
    """Of `mtbf=24h,repair=10m`; `kinds` reads each name's value. Raises `InputError`."""
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if name not in kinds:
            raise InputError(f'{option}: "{name}" is unknown: {nearest(name, list(kinds), what="names")}')
        if not equals:
            raise InputError(f'{option}: "{name}" has no value: write {name}=VALUE')
        try:
            found[name] = kinds[name](value)
        except argparse.ArgumentTypeError as error:
            raise InputError(f"{option}: {name}: {error}") from error
    return found
