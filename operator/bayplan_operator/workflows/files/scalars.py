"""Plain scalars of YAML as kubectl reads them (go-yaml 2, below sigs.k8s.io/yaml), where PyYAML alone would read otherwise.

`y`, `n` and `1e3` are no strings, `12:30` and `2026-01-01` are. So what is read here is what an API server would be sent.
"""

import re
from typing import Any

BOOL, INT, FLOAT, NULL, MERGE = (f"tag:yaml.org,2002:{each}" for each in ("bool", "int", "float", "null", "merge"))

TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_LARGEST = 1e21
"""Whole numbers below are written in digits by Go's encoding of JSON."""

RESOLVERS: tuple[tuple[str, re.Pattern[str], list[str]], ...] = (
    (BOOL, re.compile(f"^(?:{'|'.join(sorted(TRUE | _FALSE))})$"), list("yYnNtTfFoO")),
    (NULL, re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    (MERGE, re.compile("^<<$"), ["<"]),
    (INT, re.compile("^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$"), list("-+0123456789")),
    (
        FLOAT,
        re.compile(
            r"^(?:[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+0123456789."),
    ),
)
"""Tag, what has it, and with which characters that begins."""


def truth(text: str) -> bool:
    """Of a scalar that is true or false."""
    return text in TRUE


def whole(text: str) -> int:
    """The value of a whole number: 0x1F, 0b101, 0o17, or 017, which is octal too."""
    digits = text.replace("_", "")
    sign, digits = (-1 if digits[0] == "-" else 1), digits.lstrip("+-")
    if digits[:1] == "0" and digits[1:].isdecimal() and not set(digits) & {"8", "9"}:
        return sign * int(digits, 8)
    return sign * int(digits, 10 if digits.isdecimal() else 0)


def number(text: str) -> Any:
    """The value of a number with a fraction or an exponent. A whole one is an int; one too large for any number stays text."""
    digits = text.replace("_", "")
    if digits.lower().lstrip("+-") in (".inf", ".nan"):
        return float(digits.lower().replace(".", ""))
    found = float(digits)
    if found in (float("inf"), float("-inf")):
        return text
    return int(found) if found.is_integer() and abs(found) < _LARGEST else found
