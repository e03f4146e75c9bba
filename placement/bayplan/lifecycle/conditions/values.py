"""The values that conditions speak of, and their kinds."""

from dataclasses import dataclass
from enum import Enum

Value = bool | int | float | str
"""A result of a task: the values of its flat JSON object."""


class ValueKind(Enum):
    """Of a value; the value of the member is how messages call it."""

    NUMBER = "a number"
    TEXT = "text"
    TRUTH = "true or false"


@dataclass(frozen=True, slots=True)
class Reference:
    """One result that a condition looks at."""

    task: str
    key: str
    aggregated: bool
    """Whether it stands under `min`, `max`, `mean`, `sum`, `all` or `any`, so that the task may have several shards."""


def kind_of(value: Value) -> ValueKind:
    """O(1). A truth is no number here, though Python takes it for one."""
    if isinstance(value, bool):
        return ValueKind.TRUTH
    return ValueKind.TEXT if isinstance(value, str) else ValueKind.NUMBER


def written(value: Value) -> str:
    """As it stands in a condition; text that holds both quotation marks, which no condition can hold, as Python writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        for mark in ("'", '"'):
            if mark not in value:
                return f"{mark}{value}{mark}"
    return repr(value)
