"""The `bayplan` command, also `kubectl bayplan`."""

import argparse
import os
import sys
from collections.abc import Sequence

from kubernetes.config import ConfigException

from bayplan.plugins import PluginError
from bayplan.simulation import SetupError
from bayplan_operator.cli import case, compare, operator, plan, release, report, show, simulate
from bayplan_operator.kube.errors import ApiError
from bayplan_operator.workflows import InputError

_COMMANDS = (operator, release, show, plan, simulate, compare, report, case)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    parser = argparse.ArgumentParser(prog="bayplan", description="Places graphs of AI tasks onto GPU and CPU nodes.")
    parser.set_defaults(run=lambda chosen: _help(parser))
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (ConfigException, ApiError, PluginError) as error:
        print(f"bayplan: {error}", file=sys.stderr)
        return 1
    except (InputError, SetupError) as error:
        print(f"bayplan: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


def _help(parser: argparse.ArgumentParser) -> int:
    """Nothing was asked for: say what can be."""
    parser.print_help(sys.stderr)
    return 2
