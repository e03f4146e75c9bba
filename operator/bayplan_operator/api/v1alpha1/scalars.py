"""Single values of the kinds: durations, moments, names. Model and CRD refuse the same values in the same words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from ..duration import EXAMPLES, MAX_LENGTH, PATTERN, POSITIVE_PATTERN, format_duration, parse_duration
from .extensions import cel, kubernetes

DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
LABEL_VALUE = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
ENV_NAME = "^[-._a-zA-Z][-._a-zA-Z0-9]*$"
STRATEGY_NAME = "^[A-Za-z][-A-Za-z0-9._/]*$"
PERCENT = "^([0-9]{1,2}|100)%$"
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
_STRATEGY_RULE = "must be the name of a strategy, such as BestFit: letters, digits, '-', '_', '.' and '/'"

Name = Annotated[str, _matching(63, DNS_LABEL, _LABEL_RULE), _string_schema(63, DNS_LABEL, _LABEL_RULE)]
"""A DNS label of at most 63 characters."""

ObjectName = Annotated[str, _matching(253, DNS_SUBDOMAIN, _OBJECT_RULE), _string_schema(253, DNS_SUBDOMAIN, _OBJECT_RULE)]
"""The name of a Kubernetes object: a DNS subdomain of at most 253 characters."""

LabelValue = Annotated[str, _matching(63, LABEL_VALUE, _VALUE_RULE), _pattern_schema(63, LABEL_VALUE)]
"""The value of a label, at most 63 characters; may be empty."""

EnvName = Annotated[str, _matching(253, ENV_NAME, _ENV_RULE), _pattern_schema(253, ENV_NAME)]
"""The name of an environment variable."""

StrategyName = Annotated[str, _matching(63, STRATEGY_NAME, _STRATEGY_RULE), _string_schema(63, STRATEGY_NAME, _STRATEGY_RULE)]
"""The name of an order, scorer or planner; whether there is such a one is the library's to say."""

# In lists of lists, where a rule per item would cost too much.
ParameterName = Annotated[str, _matching(253, PARAMETER_NAME, _PARAMETER_RULE), _pattern_schema(253, PARAMETER_NAME)]
"""The name of a parameter; whether there is such a one is the library's to say."""

_PERCENT_RULE = 'must be a percentage in whole numbers, such as "5%", from 0% to 100%'


def _share(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(PERCENT.strip("^$"), value, re.ASCII):
        return int(value.removesuffix("%")) / 100
    raise ValueError(_PERCENT_RULE)


Percent = Annotated[
    float,
    BeforeValidator(_share),
    PlainSerializer(lambda share: f"{round(share * 100)}%", return_type=str),
    _string_schema(4, PERCENT, _PERCENT_RULE),
]
"""A share, 0 to 1; written as a string such as "5%"."""

ParameterValue = Annotated[str, Field(min_length=1, max_length=253)]
"""The value of a parameter as text."""

GpuModel = Annotated[str, Field(min_length=1, max_length=63)]
"""A model of GPU as the label of a node says it: a label's value has at most 63 characters."""
