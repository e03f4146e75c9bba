"""Which commands there are, and how they end: exit codes and sentences."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from bayplan.collaboration.fusion import FusionError
from bayplan_operator.cli import (
    compare,
    exit_codes,
    fuse,
    lint,
    missing,
    operator,
    plan,
    queue,
    queues,
    release,
    report,
    show,
    simulate,
    strategies,
    version,
)
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.options.learning import completed
from bayplan_operator.cli.options.usage import sentence

NAME = "bayplan"
"""Also where kubectl has started it."""
_COMPLETE = "_BAYPLAN_COMPLETE"
"""Set by a shell that asks what could come next."""
_ENDINGS = f"\b\nExit codes:\n{exit_codes.table()}"
"""Below the help of all commands; the first character keeps its lines apart."""

# Help and errors are plain text: drawing frames around them takes longer than all the rest.
app = typer.Typer(
    name=NAME,
    help="Places graphs of AI tasks onto GPU and CPU nodes.",
    epilog=_ENDINGS,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_ALL = (operator, release, show, queues, queue, plan, simulate, compare, report, fuse, lint, strategies, version)
_COMMANDS = {each.COMMAND.name: each.COMMAND for each in _ALL}


def _run(name: str, options: Any) -> int:
    """What a command does is imported when it runs: --help and completion of all of them have to be quick."""
    return int(import_module(f".work.{name}", __package__).run(options))


for each in _COMMANDS.values():
    each.add_to(app, partial(_run, each.name), _ENDINGS)


@app.callback()
def _help(context: typer.Context) -> None:
    """Say what can be asked for, where nothing was."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(ExitCode.USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code. Raises SystemExit where the arguments are wrong."""
    command = get_command(app)
    if _COMPLETE in os.environ:
        command.main([], prog_name=NAME)  # answers the shell, and ends
    typed = list(sys.argv[1:] if arguments is None else arguments)
    given = completed(typed)

    def run() -> int:
        with command.make_context(NAME, given, obj=(NAME, *typed)) as context:
            code = int(command.invoke(context))
        sys.stdout.flush()  # here a reader that is gone is no surprise yet
        return code

    try:
        return _ended(run, f"{NAME} {given[0]}" if given and given[0] in _COMMANDS else NAME)
    except BrokenPipeError:  # the reader of our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _ended(run: Callable[[], int], command: str) -> int:
    """The exit code; what is wrong is said in one sentence."""
    try:
        return run()
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as error:
        print(f"{command}: error: {sentence(error)}", file=sys.stderr)
        sys.exit(int(ExitCode.USAGE))
    except BrokenPipeError:
        raise
    except ModuleNotFoundError as error:
        said = missing.sentence(error, command)
        if said is None:
            raise
        print(f"{NAME}: {said}", file=sys.stderr)
        return ExitCode.FAILED
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        print(f"{NAME}: {error}", file=sys.stderr)
        return code


def _exit_code(error: Exception) -> ExitCode | None:
    """The exit code of an error with words for the user. None: the error is a fault of ours."""
    from bayplan_operator.kube.errors import ApiError

    if isinstance(error, ApiError):
        return ExitCode.FAILED
    if isinstance(error, FusionError):
        return ExitCode.USAGE
    # What raises the others has imported these.
    from bayplan.simulation import SetupError
    from bayplan.strategy.plugins import PluginError
    from bayplan_operator.workflows import InputError

    if isinstance(error, PluginError):
        return ExitCode.FAILED
    return ExitCode.USAGE if isinstance(error, InputError | SetupError) else None
