"""pydantic's ValidationError as one sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..v1alpha1.task_profile import METRIC_NAME
from .words import shown

_Context = Mapping[str, Any]
_MESSAGES: dict[str, Callable[[_Context], str]] = {
    "missing": lambda _: "is missing: it is required",
    "int_type": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "bool_type": lambda _: "must be true or false",
    "string_type": lambda _: "must be a string",
    "dict_type": lambda _: "must be a map",
    "model_type": lambda _: "must be a map",
    "model_attributes_type": lambda _: "must be a map",
    "tuple_type": lambda _: "must be a list",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "string_too_long": lambda context: f"must be at most {context['max_length']} characters long",
    "string_too_short": lambda context: f"must be at least {context['min_length']} character(s) long",
    "too_long": lambda context: f"has more than the {context['max_length']} items that are allowed",
    "too_short": lambda context: f"must have at least {context['min_length']} item(s)",
    "string_pattern_mismatch": lambda context: _PATTERNS.get(context["pattern"], f"must match {context['pattern']}"),
    "literal_error": lambda context: f"must be {context['expected']}".replace("'", '"'),
    "value_error": lambda context: str(context["error"]),
}

_PATTERNS: dict[str, str] = {
    METRIC_NAME: "must be the name of a result, such as accuracy: letters, digits, '-', '_' and '.', starting with a letter",
    "^[A-Za-z0-9][-A-Za-z0-9_.]*$": "must be the name of a file without folders, such as weights.npz",
}
_MANY = 6
"""Choices from which on the nearest is named, and not only all of them."""
_EXAMPLES = {
    "tasks": "{name: train}",
    "templates": "{name: gpu, template: {...}}",
    "dependsOn": "{task: prepare}",
    "env": "{name: SPLIT, value: test}",
    "args": '"--epochs=3"',
    "gpuModels": "A100",
    "retry": "{limit: 3}",
    "backoff": "{initial: 1s, factor: 2, cap: 1m}",
    "autoShards": "{max: 16, startup: 20s}",
    "bestBy": "{metric: accuracy}",
    "outputs": "accuracy",
    "data": "{nodeSelectorPerShard: [{site: north}, {site: south}]}",
    "nodeSelectorPerShard": "{site: north}",
    "fuse": "{method: FedAvg, weightBy: samples}",
    "fuse.parameters": '{name: momentum, value: "0.9"}',
    "rounds": "{tasks: [train, evaluate], max: 10}",
    "rounds.tasks": "train",
    "sample": "{clients: 3}",
    "candidates": '{name: small, args: ["--model=small"]}',
    "choose": "{by: Performance, metric: accuracy}",
    "quotas": "{resource: nvidia.com/gpu, nominal: 8}",
    "namespaceSelector": "{matchLabels: {team: vision}}",
    "matchExpressions": "{key: team, operator: In, values: [vision]}",
    "fairSharing": "{halfLife: 24h}",
    "ageing": "{perHour: 10, ceiling: 100}",
    "preemption": "{reclaim: Any, withinQueue: LowerPriority}",
    "checkpoint": "{every: 10m}",
    "rules": '{when: "detect.people >= 10", candidate: large}',
}
"""What a field holds, or an item of it where it is a list; by its name, or by that and the name of what it is in."""
_WITHOUT_VALUE = ("missing", "too_long")  # there is none, or too much of it to be shown


def path(location: tuple[int | str, ...]) -> str:
    """("spec", "tasks", 3, "name") as spec.tasks[3].name."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the object"


def sentence(error: ValidationError) -> str:
    """The first error as '<field> is <value>: <what would be right>', and how many more there are."""
    found = details(error)
    text = sentence_of(found[0])
    others = len(found) - 1
    return text if others == 0 else f"{text} (and {others} more error{'s' if others > 1 else ''})"


def details(error: ValidationError) -> list[ErrorDetails]:
    """All that is wrong, each once."""
    return _without_echoes(error.errors(include_url=False))


def sentence_of(detail: ErrorDetails) -> str:
    """'<field> is <value>: <what would be right>'."""
    make = _MESSAGES.get(detail["type"])
    advice = make(detail.get("ctx", {})) if make else detail["msg"][:1].lower() + detail["msg"][1:]
    advice += _example(detail) + _near(detail)
    where = path(detail["loc"])
    subject = where if detail["type"] in _WITHOUT_VALUE else f"{where} is {shown(detail['input'])}:"
    return f"{subject} {advice}"


def _example(detail: ErrorDetails) -> str:
    """How it is written: where a list or a map is something else, or a string has no quotes."""
    if detail["type"] == "string_type" and isinstance(detail["input"], (int, float)):
        return f", in quotes: {shown(shown(detail['input']))}"
    steps = ["", "", *(step for step in detail["loc"] if isinstance(step, str))]
    known = _EXAMPLES.get(".".join(steps[-2:]), _EXAMPLES.get(steps[-1]))
    if known is None or detail["type"] not in ("tuple_type", "model_type", "model_attributes_type", "dict_type"):
        return ""
    return f", such as [{known}]" if detail["type"] == "tuple_type" else f", such as {known}"


def _near(detail: ErrorDetails) -> str:
    """The nearest of many choices, written in small letters or large ones."""
    if detail["type"] != "literal_error" or not isinstance(detail["input"], str):
        return ""
    choices = {each.lower(): each for each in re.findall("'([^']+)'", detail.get("ctx", {})["expected"])}
    said = detail["input"].lower()
    close = difflib.get_close_matches(said, choices, n=1) if len(choices) >= _MANY else []
    return f'; did you mean "{choices[close[0]]}"?' if close else ""


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "too short" of lists that are short only because items of theirs were refused."""
    locations = [detail["loc"] for detail in details]

    def echo(detail: ErrorDetails) -> bool:
        own = detail["loc"]
        inner = (loc for loc in locations if len(loc) > len(own) and loc[: len(own)] == own)
        return detail["type"] == "too_short" and next(inner, None) is not None

    return [detail for detail in details if not echo(detail)]
