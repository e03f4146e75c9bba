"""Parameters of methods: their bounds, and how they are read from a manifest or from a command line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.model.spelling import unknown

Value = float | int | bool | str
"""What a parameter can be."""
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class FusionParameter:
    """One parameter and its bounds: `least` may be reached, `above` and `below` may not."""

    name: str
    short: str
    default: Value | None = None
    """None: left out, it does nothing, or follows from the inputs."""
    least: float | None = None
    above: float | None = None
    below: float | None = None
    whole: bool = False
    truth: bool = False
    text: bool = False

    def read(self, given: object) -> Value:
        """The value, from a manifest or from text. Raises `FusionError`."""
        if self.text:
            if isinstance(given, str) and given:
                return given
            raise FusionError(f"{self.name} is {given!r}: it must be text: {self.short}")
        if self.truth:
            value = _TRUTHS.get(given.lower()) if isinstance(given, str) else given
            if isinstance(value, bool):
                return value
            raise FusionError(f"{self.name} is {given!r}: it must be true or false")
        number = _number(given)
        if number is None or not self._holds(number):
            raise FusionError(f"{self.name} is {given if number is not None else repr(given)}: it must be {self.bounds}")
        return int(number) if self.whole else number

    def _holds(self, number: float) -> bool:
        return (
            math.isfinite(number)
            and (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
            and (not self.whole or number == int(number))
        )

    @property
    def bounds(self) -> str:
        """What it has to be, in words."""
        if self.text:
            return "text"
        if self.truth:
            return "true or false"
        limits = [
            f"{words} {limit:g}"
            for words, limit in (("at least", self.least), ("above", self.above), ("below", self.below))
            if limit is not None
        ]
        return " ".join(["a whole number" if self.whole else "a number", " and ".join(limits)]).strip()


def _number(given: object) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        return float(given)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class FusionPlan:
    """A method with all its parameters, checked."""

    method: str
    values: Mapping[str, Value]

    def number(self, name: str) -> float | None:
        """Of a parameter. None: it was left out and has no default."""
        value = self.values.get(name)
        return None if value is None else float(value)

    def given(self, name: str) -> float:
        """Of a parameter that has a default."""
        return float(self.values[name])


def read_parameters(method: str, known: Mapping[str, FusionParameter], given: Mapping[str, object]) -> dict[str, Value]:
    """The values by name, defaults included. Raises `FusionError` for a name that the method has not, and for bad values."""
    for name in given:
        if name not in known:
            raise FusionError(unknown(f"a parameter of {method}", name, known))
    values = {name: each.default for name, each in known.items() if each.default is not None}
    for name, value in given.items():
        try:
            values[name] = known[name].read(value)
        except FusionError as error:
            raise FusionError(f"{method}: {error}") from error
    return values
