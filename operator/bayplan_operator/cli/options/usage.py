"""Errors in how a command is called, as one sentence."""

import typer


class UsageError(typer.BadParameter):
    """Options that do not go together; the message is one sentence."""


def sentence(error: typer.TyperException) -> str:
    """What is wrong, and in which option."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return (error.message if isinstance(error, UsageError) else error.format_message()).removesuffix(".")
    names = "/".join(parameter.opts) if parameter.param_type_name == "option" else parameter.metavar or parameter.name
    if not error.message:
        return f"the following arguments are required: {names}"
    return f"argument {names}: {error.message.removeprefix('Value error, ').removesuffix('.')}"
