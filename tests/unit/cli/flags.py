"""The flags of each command."""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from bayplan_operator.cli.commands import app


def commands() -> dict[str, Any]:
    """Name to command, as typer has made them."""
    group: Any = get_command(app)
    return dict(group.commands)


def flags_of(*names: str) -> list[tuple[str, str]]:
    """Pairs of command and flag, without that for help."""
    known = commands()
    return [
        (name, flag)
        for name in names
        for parameter in known[name].params
        if parameter.param_type_name == "option"
        for flag in parameter.opts
    ]
