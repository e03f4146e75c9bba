"""Options declared as the fields of a dataclass, so that groups of them can be shared and handed on as one object."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_type_hints

import typer

_Options = TypeVar("_Options")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Command(Generic[_Options]):
    """A command of `bayplan`."""

    name: str
    short: str
    """What it does, in the list of commands."""
    options: type[_Options]
    """A dataclass of annotated fields."""
    run: Callable[[_Options], int]
    """Answers the exit code; its docstring is the command's help."""

    def add_to(self, app: typer.Typer) -> None:
        """Typer is given a function with one parameter per field of the options."""

        def called(**given: Any) -> int:
            return self.run(self.options(**given))

        hints = get_type_hints(self.options, include_extras=True)
        fields = dataclasses.fields(self.options)  # type: ignore[arg-type]
        called.__annotations__ = hints
        called.__signature__ = inspect.Signature([_parameter(each, hints) for each in fields])  # type: ignore[attr-defined]
        app.command(self.name, short_help=self.short, help=self.run.__doc__)(called)


def read_by(parse: Callable[[str], _Value]) -> Callable[[str | _Value], _Value]:
    """A parser for typer, which hands it the default too; `parse` raises ValueError with the end of a sentence."""

    def parsed(given: str | _Value) -> _Value:
        return parse(given) if isinstance(given, str) else given

    return parsed


def option(*names: str, metavar: str | None = None, text: str, parse: Callable[[str], Any] | None = None) -> Any:
    """An option of these names; `text` is its line in the help, and says the default too."""
    parser = None if parse is None else read_by(parse)
    return typer.Option(*names, metavar=metavar, help=text, parser=parser, show_default=False)


def _parameter(field: dataclasses.Field[Any], hints: dict[str, Any]) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
