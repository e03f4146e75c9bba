"""`bayplan strategies`: which presets, orders, scorers and planners there are."""

from dataclasses import dataclass
from typing import Annotated

from bayplan_operator.cli.options.declared import Command
from bayplan_operator.cli.options.output import OUTPUT, Output


@dataclass(frozen=True, kw_only=True)
class StrategiesOptions:
    """How they are listed."""

    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "strategies",
    "list the presets, orders, scorers and planners that a policy can name",
    "List the presets, orders, scorers and planners that a PlacementPolicy can name, with their parameters.\n\n"
    "Those of installed packages are among them. Needs no cluster.",
    StrategiesOptions,
)
