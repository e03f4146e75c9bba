"""The `bayplan` command, also `kubectl bayplan`."""

import argparse
import sys
from collections.abc import Sequence

from kubernetes.config import ConfigException

from bayplan.plugins import PluginError
from bayplan_operator.cli import case, operate, release, show
from bayplan_operator.kube.errors import ApiError

_COMMANDS = (operate, release, show, case)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    parser = argparse.ArgumentParser(prog="bayplan", description="Places graphs of AI tasks onto GPU and CPU nodes.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (ConfigException, ApiError, PluginError) as error:
        print(f"bayplan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
