"""Options declared as the fields of a dataclass, so that groups of them can be shared and handed on as one object."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

import typer

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Command:
    """How a command of `bayplan` is called."""

    name: str
    short: str
    """What it does, in the list of commands."""
    help: str
    options: type[Any]
    """A dataclass of annotated fields."""

    def add_to(self, app: typer.Typer, run: Callable[[Any], int], below: str) -> None:
        """Typer is given a function with one parameter per field of the options; `run` answers the exit code.

        `below`: what stands at the end of the help.
        """

        def called(**given: Any) -> int:
            return run(self.options(**given))

        hints = get_type_hints(self.options, include_extras=True)
        called.__annotations__ = hints
        called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [_parameter(each, hints) for each in dataclasses.fields(self.options)]
        )
        app.command(self.name, short_help=self.short, help=self.help, epilog=below)(called)


def read_by(parse: Callable[[str], _Value]) -> Callable[[str | _Value], _Value]:
    """A parser for typer, which hands it the default too; `parse` raises ValueError with the end of a sentence."""

    def parsed(given: str | _Value) -> _Value:
        return parse(given) if isinstance(given, str) else given

    return parsed


def option(
    *names: str,
    metavar: str | None = None,
    text: str,
    parse: Callable[[str], Any] | None = None,
    complete: Callable[[typer.Context, str], list[str]] | None = None,
) -> Any:
    """An option of these names; `text` is its line in the help, and says the default too.

    `complete`: what its value could be, from the context and the beginning of the value.
    """
    parser = None if parse is None else read_by(parse)
    return typer.Option(*names, metavar=metavar, help=text, parser=parser, show_default=False, autocompletion=complete)


def _parameter(field: dataclasses.Field[Any], hints: dict[str, Any]) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
