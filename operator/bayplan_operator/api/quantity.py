"""Kubernetes quantities ("500m", "2Gi", "1e3") as exact integers.

CPU is counted in millicores, every other resource in whole units (bytes, devices, pods). What lies between two
integers is rounded up, as kube-scheduler does, so that a sum of parsed requests is never below the real one.
"""

from __future__ import annotations

import re
from fractions import Fraction

CPU = "cpu"
HUGE_PAGES = "hugepages-"
MAX_VALUE = 2**63 - 1  # Kubernetes' own limit, and what fits into an int64 column

_PATTERN = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE](?P<exponent>[+-]?[0-9]{1,3}))?",
    re.ASCII,
)
_MAX_LENGTH = 63  # longer than any sensible quantity, short enough to stay cheap
_MAX_EXPONENT = 63
_SUFFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    **{letter: Fraction(1, 1000**power) for power, letter in enumerate("mun", start=1)},
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}


def is_of_pods(resource: str) -> bool:
    """Whether a pod can ask for it as a whole, beside its containers (KEP-2837)."""
    return resource in (CPU, "memory") or resource.startswith(HUGE_PAGES)


class QuantityError(ValueError):
    """A quantity that cannot be read; the message completes the sentence '<field> is <value>: ...'."""


def parse_exact(value: object) -> Fraction:
    """The quantity as an exact number of its unit (cores, bytes, devices).

    `value` is a string, or a number as YAML reads `cpu: 2` and `cpu: 0.5`. Raises QuantityError.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise QuantityError('must be a quantity such as 2, "500m" or "4Gi"')
    text = value if isinstance(value, str) else repr(value)
    match = _PATTERN.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        raise QuantityError(
            "must be a quantity: a number with an optional suffix (n u m k M G T P E Ki Mi Gi Ti Pi Ei) or "
            'exponent, such as "500m", "4Gi" or "1e3"'
        )
    exponent = match["exponent"]
    if exponent is None:
        scale = _SUFFIXES[match["suffix"] or ""]
    elif abs(int(exponent)) > _MAX_EXPONENT:
        raise QuantityError(f"has an exponent beyond ±{_MAX_EXPONENT}")
    else:
        scale = Fraction(10) ** int(exponent)
    number = Fraction(match["digits"].rstrip(".")) * scale
    return -number if match["sign"] == "-" else number


def parse_quantity(resource: str, value: object) -> int:
    """The quantity of `resource`: millicores for "cpu", whole units for all others; rounded away from zero.

    Raises QuantityError when it is malformed or larger than 2^63 - 1.
    """
    number = parse_exact(value) * (1000 if resource == CPU else 1)
    whole = -(abs(number.numerator) // -number.denominator)
    if whole > MAX_VALUE:
        raise QuantityError(f"is larger than {MAX_VALUE}, the largest that Kubernetes can hold")
    return whole if number >= 0 else -whole
