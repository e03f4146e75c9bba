"""From what Prometheus answers to series: every shape but an instant vector is refused, in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from bayplan_operator.view.prometheus.failure import LoadError

_SHOWN = 200
"""Characters of a wrong answer that a message repeats."""
_QUERY_REFUSED = (400, 422)
"""What Prometheus answers to a query that it cannot parse, or evaluate."""
_UNAUTHORIZED = (401, 403, 407)


@dataclass(frozen=True, slots=True)
class Series:
    """One element of an instant vector; its value may be NaN or infinite."""

    labels: Mapping[str, str]
    value: float


def check_status(answer: requests.Response) -> None:
    """Raises ``LoadError`` for every status but 200."""
    status, said = answer.status_code, _said(answer)
    if status == 200:
        return
    if status in _QUERY_REFUSED:
        raise LoadError("QueryRefused", f"Prometheus refuses it: {said}")
    if status in _UNAUTHORIZED:
        raise LoadError("Unauthorized", f"it answers {status} to our credentials: {said}")
    if 300 <= status < 400:
        target = answer.headers.get("Location", "nowhere")
        raise LoadError("BadAnswer", f"it answers {status} and leads to {target}: give the URL behind it")
    raise LoadError("BadAnswer", f"it answers {status}: {said}")


def vector(result: Any) -> list[Series]:
    """The series of an instant vector. Raises ``LoadError``."""
    if not isinstance(result, list):
        raise LoadError("BadAnswer", f"its result is no list: {_shortened(json.dumps(result))}")
    if len(result) == 2 and isinstance(result[0], int | float):
        kind = "a scalar" if _number(result[1]) is not None else "a string"
        raise _wrong_shape(kind)
    return [_series(each) for each in result]


def _series(found: Any) -> Series:
    if isinstance(found, Mapping) and ("values" in found or "histograms" in found):
        raise _wrong_shape("a range of values per series")
    if isinstance(found, Mapping) and "histogram" in found:
        raise _wrong_shape("histograms")
    try:
        labels, (_, text) = found["metric"], found["value"]
    except (TypeError, KeyError, ValueError):
        raise LoadError("BadAnswer", f"its series are none: {_shortened(json.dumps(found))}") from None
    value = _number(text)
    if value is None or not isinstance(labels, Mapping):
        raise LoadError("BadAnswer", f"its series are none: {_shortened(json.dumps(found))}")
    return Series({str(name): str(content) for name, content in labels.items()}, value)


def _wrong_shape(what: str) -> LoadError:
    return LoadError("WrongShape", f"gives {what}: it must give an instant vector, one value per series")


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError, OverflowError):
        return None


def _said(answer: requests.Response) -> str:
    """Prometheus' own words where there are any, otherwise the beginning of what came."""
    text = answer.content[: 16 * _SHOWN].decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    words = body.get("error") if isinstance(body, dict) else None
    return _shortened(str(words or text or answer.reason or "nothing"))


def _shortened(text: str) -> str:
    printable = " ".join("".join(each if each.isprintable() else " " for each in text[: 2 * _SHOWN]).split())
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + " ..."
