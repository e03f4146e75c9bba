"""The one JSON object that a unit hands to the operator."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from .errors import TaskError

MOST_BYTES = 4096
"""The kubelet cuts a termination message here."""
TERMINATION_LOG = Path("/dev/termination-log")


def encoded(values: Mapping[str, object]) -> bytes:
    """The object as JSON in UTF-8, without blanks. Raises `TaskError`.

    Values are numbers, text and booleans, also those of numpy; numbers are finite.
    """
    text = json.dumps({key: _plain(key, value) for key, value in values.items()}, ensure_ascii=False, separators=(",", ":"))
    try:
        message = text.encode()
    except UnicodeEncodeError as error:
        raise TaskError(
            f"the results hold {error.object[error.start : error.end]!r}: text must be Unicode, without surrogates"
        ) from None
    if len(message) > MOST_BYTES:
        raise TaskError(f"the results take {len(message)} bytes of JSON: at most {MOST_BYTES} reach the operator")
    return message


def write(path: Path, message: bytes) -> None:
    """In place: the kubelet mounts this one file, so that no other can take its name."""
    path.write_bytes(message)


def _plain(key: str, value: object) -> bool | int | float | str:
    if not isinstance(value, bool | int | float | str) and getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a scalar of numpy
    if not isinstance(value, bool | int | float | str):
        raise TaskError(f'the result "{key}" is a {type(value).__name__}: it must be a number, a text or a boolean')
    if isinstance(value, float) and not math.isfinite(value):
        raise TaskError(f'the result "{key}" is {value}: it must be finite')
    return value
