"""Parameters of scorers and planners: the fields of their dataclasses, given as text."""

import math
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, TypeVar

from bayplan.model.spelling import unknown

_Made = TypeVar("_Made")


class ParameterError(ValueError):
    """A parameter is unknown, no number, or out of its range; the message names it."""


def with_parameters(kind: type[_Made], parameters: Mapping[str, str]) -> _Made:
    """One of the kind, with parameters by name; names are written in camel case. Raises `ParameterError`.

    A kind with free names has a class method `from_parameters` instead of fields.
    """
    free = getattr(kind, "from_parameters", None)
    try:
        if free is not None:
            return free(parameters)  # type: ignore[no-any-return]
        return kind(**_values(kind, parameters))
    except ParameterError:
        raise
    except ValueError as error:
        raise ParameterError(f"parameters{'.' if str(error)[:2] != 'is' else ' '}{error}") from error


def names(kind: type[Any]) -> list[str]:
    """The names of its parameters, in camel case."""
    return list(_parameters(kind))


def defaults(kind: type[Any]) -> dict[str, Any]:
    """What each parameter is where a policy does not say it; its name in camel case."""
    return {name: each.default for name, each in _parameters(kind).items()}


def _parameters(kind: type[Any]) -> dict[str, Field[Any]]:
    # A plugin's author may well write `needs: frozenset[Need] = ...`, which makes it a field; a policy has no say in it.
    return {_camel(each.name): each for each in fields(kind) if each.init and each.name != "needs"}


def _values(kind: type[Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    known = _parameters(kind)
    values = {}
    for name, text in parameters.items():
        if name not in known:
            raise ParameterError(unknown("parameters", name, known))
        values[known[name].name] = _read(name, text, known[name].type)
    return values


def _read(name: str, text: str, kind: object) -> int | float | str:
    if kind is str:
        return text
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ParameterError(f'parameters.{name} is "{text}": it must be a whole number') from None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ParameterError(f'parameters.{name} is "{text}": it must be a number')
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
