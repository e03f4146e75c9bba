"""Options that hold several values, such as `mtbf=24h,repair=10m`."""

from collections.abc import Callable, Mapping

from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows import InputError


def pairs(option: str, text: str, kinds: Mapping[str, Callable[[str], float]]) -> dict[str, float]:
    """By name; `kinds` reads each name's value. Raises `InputError`."""
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if name not in kinds:
            raise InputError(f'{option}: "{name}" is unknown: {nearest(name, list(kinds), what="names")}')
        if not equals:
            raise InputError(f'{option}: "{name}" has no value: write {name}=VALUE')
        try:
            found[name] = kinds[name](value)
        except ValueError as error:
            raise InputError(f"{option}: {name}: {error}") from error
    return found
