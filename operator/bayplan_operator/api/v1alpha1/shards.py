"""How many pods work on a task: a number, or bounds within which Bayplan decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainValidator, StrictInt, WithJsonSchema
from pydantic.config import JsonDict

from .common import Model
from .extensions import cel, kubernetes
from .scalars import DurationOrZero, PercentageOrZero

MAX_SHARDS = 1000
AUTO: Literal["Auto"] = "Auto"
DEFAULT_MOST = 64
DEFAULT_STARTUP = 5.0
"""Seconds until a pod does something useful (binding, starting a container), where the author does not say."""

_RULE = f"must be a whole number from 1 to {MAX_SHARDS}, or {AUTO}"


def _number_or_auto(value: object) -> int | str:
    if value == AUTO:
        return AUTO
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SHARDS:
        raise ValueError(_RULE)
    return value


Shards = Annotated[
    int | Literal["Auto"],
    PlainValidator(_number_or_auto),
    WithJsonSchema(
        {
            "maxLength": 32,  # more than is right, so that what is wrong meets the rule with its sentence
            "minimum": 1,
            "maximum": MAX_SHARDS,
            **kubernetes(cel(f"type(self) == int || self == '{AUTO}'", _RULE), int_or_string=True),
        }
    ),
]
"""A number, or the word Auto."""

# No defaults in the schema: they would be stored for each of 5,000 tasks.
_NOT_STORED: JsonDict = {"default": None}


class AutoShards(Model):
    """The bounds of a number of shards that Bayplan decides, and what it weighs."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel(
                f"(has(self.min) ? self.min : 1) <= (has(self.max) ? self.max : {DEFAULT_MOST})",
                f"min must not be larger than max (which is {DEFAULT_MOST} where it is left out)",
            )
        )
    )

    min: StrictInt = Field(
        default=1,
        ge=1,
        le=MAX_SHARDS,
        description="The smallest number, 1 to 1000. Default: 1.",
        json_schema_extra=_NOT_STORED,
    )
    max: StrictInt = Field(
        default=DEFAULT_MOST,
        ge=1,
        le=MAX_SHARDS,
        description=f"The largest number, 1 to 1000. Default: {DEFAULT_MOST}.",
        json_schema_extra=_NOT_STORED,
    )
    startup: DurationOrZero = Field(
        default=DEFAULT_STARTUP,
        description='How long a pod takes until it does something useful, such as "20s" to load a model. Default: 5s.',
        json_schema_extra=_NOT_STORED,
    )
    serial: PercentageOrZero = Field(
        default=0.0,
        description='The share of the work that cannot be divided, so that every shard does it in full, such as "5%". '
        "Default: 0%.",
        json_schema_extra=_NOT_STORED,
    )
