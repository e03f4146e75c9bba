"""Single values of the kinds: durations, moments, names. Model and CRD refuse the same values in the same words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from ..duration import EXAMPLES, MAX_LENGTH, PATTERN, POSITIVE_PATTERN, format_duration, parse_duration
from ..quantity import QuantityError, parse_exact, parse_quantity
from .extensions import cel, kubernetes

DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
LABEL_VALUE = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
ENV_NAME = "^[-._a-zA-Z][-._a-zA-Z0-9]*$"
STRATEGY_NAME = "^[A-Za-z][-A-Za-z0-9._/]*$"
BYTES = "^[0-9]+([.][0-9]+)?([kMGTPE]|[KMGTPE]i|[eE][0-9]{1,2})?$"
PARAMETER_NAME = "^[A-Za-z0-9][-A-Za-z0-9._/]*$"

Text = Annotated[str, Field(max_length=32768)]
"""Free text as long as an API object can bear it."""


def _string_schema(max_length: int, pattern: str, message: str) -> WithJsonSchema:
    # A rule rather than `pattern`, since a rule answers with a sentence instead of a regular expression.
    rules = kubernetes(cel(f"self.matches('{pattern}')", message))
    return WithJsonSchema({"type": "string", "maxLength": max_length, **rules})


def _pattern_schema(max_length: int, pattern: str) -> WithJsonSchema:
    # Inside lists of lists the API server's cost budget leaves no room for a rule per item; `pattern` costs
    # nothing.
    return WithJsonSchema({"type": "string", "maxLength": max_length, "pattern": pattern})


def _matching(max_length: int, pattern: str, message: str) -> AfterValidator:
    """Refuses strings that do not match `pattern` (RE2, so no look-around)."""
    compiled = re.compile(pattern.removesuffix("$") + r"\Z", re.ASCII)

    def check(value: str) -> str:
        if len(value) > max_length:
            raise ValueError(f"must be at most {max_length} characters long")
        if compiled.match(value) is None:
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _seconds(value: object) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, float):
        return value  # from Python code, in seconds; manifests hold strings only
    raise ValueError(f"must be a duration {EXAMPLES}")


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError(f"must be longer than zero, {EXAMPLES}")
    return value


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    AfterValidator(_positive),
    PlainSerializer(format_duration, return_type=str),
    _string_schema(MAX_LENGTH, POSITIVE_PATTERN, f"must be a duration longer than zero, {EXAMPLES}"),
]
"""Seconds, longer than zero; written as a string such as "1h30m"."""

DurationOrZero = Annotated[
    float,
    BeforeValidator(_seconds),
    PlainSerializer(format_duration, return_type=str),
    _string_schema(MAX_LENGTH, PATTERN, f"must be a duration {EXAMPLES}, or 0s"),
]
"""Seconds, zero allowed."""


_BYTES_RULE = 'must be a quantity of bytes as a string, such as "500M" or "2Gi"'


def _bytes(value: object) -> int:
    if not isinstance(value, str) or len(value) > 63 or re.fullmatch(BYTES.strip("^$"), value, re.ASCII) is None:
        raise ValueError(_BYTES_RULE)
    try:
        return parse_quantity("bytes", value)
    except QuantityError as error:
        raise ValueError(str(error)) from error


# In lists of lists, where a rule per item would cost too much.
Bytes = Annotated[int, BeforeValidator(_bytes), PlainSerializer(str, return_type=str), _pattern_schema(63, BYTES)]
"""Bytes; written as a Kubernetes quantity such as "2Gi"."""


def _share(pattern: str, rule: str) -> Callable[[object], float]:
    def share(value: object) -> float:
        if isinstance(value, str) and re.fullmatch(pattern.strip("^$"), value, re.ASCII):
            return int(value.removesuffix("%")) / 100
        raise ValueError(rule)

    return share


_WRITTEN_SHARE = PlainSerializer(lambda share: f"{round(100 * share)}%", return_type=str)
_PERCENTAGE, _PERCENTAGE_RULE = "^([1-9][0-9]?|100)%$", "must be a percentage from 1% to 100%, without a fraction"
PERCENTAGE, percentage = _PERCENTAGE, _share(_PERCENTAGE, _PERCENTAGE_RULE)
_ANY_PERCENTAGE = "^([0-9]{1,2}|100)%$"
_ANY_PERCENTAGE_RULE = 'must be a percentage in whole numbers, such as "5%", from 0% to 100%'

Percentage = Annotated[
    float,
    BeforeValidator(_share(_PERCENTAGE, _PERCENTAGE_RULE)),
    _WRITTEN_SHARE,
    _string_schema(4, _PERCENTAGE, _PERCENTAGE_RULE),
]
"""A share above 0 and up to 1, written as a string such as "90%"."""

PercentageOrZero = Annotated[
    float,
    BeforeValidator(_share(_ANY_PERCENTAGE, _ANY_PERCENTAGE_RULE)),
    _WRITTEN_SHARE,
    _string_schema(4, _ANY_PERCENTAGE, _ANY_PERCENTAGE_RULE),
]
"""A share from 0 to 1."""


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(layout: str) -> PlainSerializer:
    return PlainSerializer(lambda value: value.strftime(layout), return_type=str, when_used="json")


Time = Annotated[datetime, AfterValidator(_utc), _moment("%Y-%m-%dT%H:%M:%SZ")]
"""A moment in UTC, to the second."""

MicroTime = Annotated[datetime, AfterValidator(_utc), _moment("%Y-%m-%dT%H:%M:%S.%fZ")]
"""A moment in UTC, to the microsecond."""

_LABEL_RULE = "must consist of lower case letters, digits and '-', and start and end with a letter or digit"
_OBJECT_RULE = "must consist of lower case letters, digits, '-' and '.', and start and end with a letter or digit"
_VALUE_RULE = "must be a label value: letters, digits, '-', '_' and '.', starting and ending with a letter or digit"
_ENV_RULE = "must consist of letters, digits, '_', '-' and '.', and not start with a digit"
_PARAMETER_RULE = "must be the name of a parameter, such as population: letters, digits, '-', '_', '.' and '/'"
_RESOURCE_RULE = "must be the name of what is measured, such as cpu: letters, digits, '-', '_', '.' and '/'"
_STRATEGY_RULE = "must be the name of a strategy, such as BestFit: letters, digits, '-', '_', '.' and '/'"

Name = Annotated[str, _matching(63, DNS_LABEL, _LABEL_RULE), _string_schema(63, DNS_LABEL, _LABEL_RULE)]
"""A DNS label of at most 63 characters."""

# In lists of lists, where a rule per item would cost too much.
PlainName = Annotated[str, _matching(63, DNS_LABEL, _LABEL_RULE), _pattern_schema(63, DNS_LABEL)]
"""The same."""

ObjectName = Annotated[str, _matching(253, DNS_SUBDOMAIN, _OBJECT_RULE), _string_schema(253, DNS_SUBDOMAIN, _OBJECT_RULE)]
"""The name of a Kubernetes object: a DNS subdomain of at most 253 characters."""

QueueName = Annotated[str, _matching(63, DNS_SUBDOMAIN, _OBJECT_RULE), _string_schema(63, DNS_SUBDOMAIN, _OBJECT_RULE)]
"""The name of a queue: of at most 63 characters, since pods carry it as a label."""

LabelValue = Annotated[str, _matching(63, LABEL_VALUE, _VALUE_RULE), _pattern_schema(63, LABEL_VALUE)]
"""The value of a label, at most 63 characters; may be empty."""

LABEL_KEY = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
_KEY_RULE = 'must be the key of a label, such as "topology.kubernetes.io/zone"'
LabelKey = Annotated[str, _matching(317, LABEL_KEY, _KEY_RULE), _pattern_schema(317, LABEL_KEY)]
"""The key of a label, with or without a prefix."""

EnvName = Annotated[str, _matching(253, ENV_NAME, _ENV_RULE), _pattern_schema(253, ENV_NAME)]
"""The name of an environment variable."""

StrategyName = Annotated[str, _matching(63, STRATEGY_NAME, _STRATEGY_RULE), _string_schema(63, STRATEGY_NAME, _STRATEGY_RULE)]
"""The name of an order, scorer or planner; whether there is such a one is the library's to say."""

ResourceName = Annotated[
    str, _matching(253, PARAMETER_NAME, _RESOURCE_RULE), _string_schema(253, PARAMETER_NAME, _RESOURCE_RULE)
]
"""The name of something measured."""

# In lists of lists, where a rule per item would cost too much.
ParameterName = Annotated[str, _matching(253, PARAMETER_NAME, _PARAMETER_RULE), _pattern_schema(253, PARAMETER_NAME)]
"""The name of a parameter; whether there is such a one is the library's to say."""

ParameterValue = Annotated[str, Field(min_length=1, max_length=253)]
"""The value of a parameter as text."""

_DISCOUNT = "^(0?[.]0*[1-9][0-9]*|1([.]0*)?)$"
_DISCOUNT_RULE = 'must be a number above 0 and up to 1 as text, such as "0.98"'
Discount = Annotated[str, _matching(8, _DISCOUNT, _DISCOUNT_RULE), _string_schema(8, _DISCOUNT, _DISCOUNT_RULE)]
"""A number above 0 and up to 1 as text, since specs hold no fractions."""

GpuModel = Annotated[str, Field(min_length=1, max_length=63)]
"""A model of GPU as the label of a node says it: a label's value has at most 63 characters."""


def _size(value: object) -> float:
    if isinstance(value, float):
        return value  # from Python code
    try:
        return float(parse_exact(value))
    except (QuantityError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _above_zero(value: float) -> float:
    if not 0 < value < 1e30:
        raise ValueError(f"must be a quantity above 0, {_SIZES}")
    return value


_SIZES = 'such as "40Gi" or "1200"'
_SIZE = r"^[0-9]{1,15}([.][0-9]{1,15})?(k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_NOT_ZERO = r"[1-9]"

Size = Annotated[
    float,
    BeforeValidator(_size),
    AfterValidator(_above_zero),
    PlainSerializer(lambda value: f"{value:.15g}", return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 40,
            **kubernetes(
                cel(f"self.matches('{_SIZE}') && self.matches('{_NOT_ZERO}')", f"must be a quantity above 0, {_SIZES}")
            ),
        }
    ),
]
"""A quantity above 0, in base units."""

# Python's repr has up to 17 significant digits, and up to four zeros between the point and the first of them.
DECIMAL = "^-?[0-9]{1,17}([.][0-9]{1,21})?(e[-+]?[0-9]{1,3})?$"
_DECIMAL_RULE = 'must be a decimal number, such as "12.5" or "1.5e-07"'

Decimal = Annotated[
    float,
    BeforeValidator(lambda value: _decimal(value)),
    PlainSerializer(repr, return_type=str),
    _pattern_schema(48, DECIMAL),
]
"""A floating-point number as text: the shortest that gives the same number again."""


def _decimal(value: object) -> float:
    if isinstance(value, float):
        return value  # from Python code; manifests hold strings only
    if not isinstance(value, str) or re.fullmatch(DECIMAL, value, re.ASCII) is None:
        raise ValueError(_DECIMAL_RULE)
    return float(value)
