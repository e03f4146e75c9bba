"""`bayplan strategies`: which presets, orders, scorers and planners there are."""

from bayplan.strategy.plugins import installed
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.strategies import StrategiesOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import strategies as text
from bayplan_operator.views.strategies import strategies


def run(options: StrategiesOptions) -> int:
    """Answers the exit code. Raises `PluginError`."""
    known = strategies(installed())
    output.print_figures(known, options.output, lambda screen: text.text(known, screen))
    return ExitCode.DONE
