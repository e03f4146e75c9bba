"""What the runs of one task on one node class say: sums that are all a posterior needs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sums over runs: y is the log of the seconds, z the log of the input size where it was given."""

    runs: float = 0.0
    """How many; older ones count less where the past is forgotten."""
    y: float = 0.0
    yy: float = 0.0
    sized: float = 0.0
    """Runs with a size; the sums below are over these."""
    sized_y: float = 0.0
    z: float = 0.0
    zz: float = 0.0
    zy: float = 0.0

    def __post_init__(self) -> None:
        """Check the sums. Raises `ValueError`."""
        for name, value in zip(_NAMES, _values(self), strict=True):
            if not math.isfinite(value):
                raise ValueError(f"{name} is {value}: it must be a number")
        for name in ("runs", "sized"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must not be negative")
        if self.sized > self.runs * (1 + 1e-9):
            raise ValueError(f"sized is {self.sized}: it must not be above runs, {self.runs}")
        _check_square("yy", self.yy, self.y, self.runs)
        _check_square("zz", self.zz, self.z, self.sized)

    def plus(self, other: "Evidence") -> "Evidence":
        """Both together."""
        return Evidence(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))

    def times(self, factor: float) -> "Evidence":
        """Every run counted so many times."""
        return Evidence(*(factor * each for each in _values(self)))

    def as_plain(self) -> dict[str, float]:
        """Numbers by name; zeros are left out."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, object]) -> "Evidence":
        """From `as_plain`. Raises `ValueError` that names the field."""
        known = {each.name for each in fields(cls)}
        values: dict[str, float] = {}
        for name, value in plain.items():
            if name not in known:
                raise ValueError(f"{name} is unknown: known are {', '.join(sorted(known))}")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} is {value!r}: it must be a number")
            values[name] = float(value)
        return cls(**values)


def of_run(seconds: float, size: float | None = None) -> Evidence:
    """One run. Raises `ValueError` unless seconds and size are numbers above 0."""
    y = math.log(above_zero("seconds", seconds))
    if size is None:
        return Evidence(1.0, y, y * y)
    z = math.log(above_zero("size", size))
    return Evidence(1.0, y, y * y, 1.0, y, z, z * z, z * y)


def above_zero(name: str, value: float) -> float:
    """The value. Raises `ValueError` unless it is a finite number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value}: it must be a number above 0")
    return value


_NAMES = tuple(each.name for each in fields(Evidence))
_values = attrgetter(*_NAMES)
"""The sums in the order of the fields: each run that ends is added, and `dataclasses.astuple` would copy every number."""


def _check_square(name: str, square: float, total: float, count: float) -> None:
    if square * count < total * total - 1e-6 * max(1.0, total * total):
        raise ValueError(f"{name} is {square}: it must be at least the square of {name[0]} ({total}) over {count} runs")
