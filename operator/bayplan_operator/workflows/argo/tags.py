"""`{{...}}` in Argo's templates: what it stands for where the file says so."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan_operator.api.validation.words import shown
from bayplan_operator.workflows.argo.remarks import below
from bayplan_operator.workflows.documents import Document

VALUE_FROM = "{{valueFrom}}"
"""Stands for what a parameter takes from elsewhere at run time."""
_TAG = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scope:
    """The texts that names stand for; a text may hold tags that only run time knows."""

    values: Mapping[str, str]

    def with_values(self, more: Mapping[str, str]) -> "Scope":
        """The same, and more."""
        return Scope({**self.values, **more})

    def fill(self, text: str) -> str:
        """The text, with everything put in that is known."""
        return _TAG.sub(self._text, text) if "{{" in text else text

    def _text(self, found: re.Match[str]) -> str:
        # An expression that is nothing but a name is the name's value.
        return self.values.get(found[1].removeprefix("=").strip(), found[0])


def names(value: Any) -> set[str]:
    """Of all tags anywhere in a value."""
    if isinstance(value, str):
        return {each.removeprefix("=").strip() for each in _TAG.findall(value)}
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set().union(*map(names, parts))


def text(value: Any) -> str:
    """As Argo puts the value of a parameter or of an item into a text."""
    if isinstance(value, str):
        return value
    return (
        json.dumps(value, default=str) if value is None or isinstance(value, bool | int | float | list | dict) else str(value)
    )


def filled(document: Document, value: Any, scope: Scope, place: str) -> Any:
    """A copy with all tags replaced. Raises `InputError` for one that only run time knows, with its place."""
    if isinstance(value, str):
        found = scope.fill(value)
        wrong = unknown(found)
        if wrong:
            raise document.fault(f"{place} is {shown(value)}: {wrong}", place)
        return found
    if isinstance(value, Mapping):
        return {
            filled(document, key, scope, place): filled(document, each, scope, below(place, key)) for key, each in value.items()
        }
    if isinstance(value, list):
        return [filled(document, each, scope, f"{place}[{number}]") for number, each in enumerate(value)]
    return value


def unknown(filled_text: str) -> str:
    """What is wrong with the first tag that is left; empty: there is none."""
    found = _TAG.search(filled_text)
    if found is None:
        return ""
    name = found[1]
    if found[0] == VALUE_FROM:
        return "its parameter has valueFrom, whose value is known only at run time: write the value"
    if name.startswith("="):
        return f"{found[0]} is an expression, which is not worked out here: write the value, or a parameter"
    if name.startswith(("inputs.parameters.", "workflow.parameters.")):
        return f"{found[0]} has no value in this file: give the parameter a value or a default"
    return f"{found[0]} is known only at run time: write the value, or a parameter with a default"
