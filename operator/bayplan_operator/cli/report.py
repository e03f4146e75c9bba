"""`bayplan report`: a simulation as one HTML file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.simulation import FILE, STRICT
from bayplan_operator.cli.options.usage import UsageError
from bayplan_operator.cli.simulate import SimulationOptions


@dataclass(frozen=True, kw_only=True)
class ReportOptions(SimulationOptions):
    """What the page shows, and where it is written."""

    source: Annotated[
        Path | None,
        typer.Argument(metavar="FROM.json", help="what -o json printed; otherwise -f and --nodes", show_default=False),
    ] = None
    file: Annotated[list[Path] | None, FILE] = None
    strict: Annotated[bool, STRICT] = False
    out: Annotated[Path, option("--out", metavar="FILE.html", text="the page to write")]

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        if (self.source is None) == (self.file is None):
            raise UsageError("name either FROM.json, or what to simulate with -f")
        if self.source is not None and (self.nodes is not None or self.policy):
            raise UsageError("what FROM.json holds has been simulated: leave --nodes and --policy away")


COMMAND = Command(
    "report",
    "write a simulation as one HTML file: Gantt, graph, utilisation, waiting",
    "Write a page from what simulate or plan has printed with -o json, or simulate now.\n\n"
    "The file needs nothing else: no network, no other file.",
    ReportOptions,
)
