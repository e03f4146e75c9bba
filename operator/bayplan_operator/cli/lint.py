"""`bayplan lint`: what is wrong in files, without a cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output


@dataclass(frozen=True, kw_only=True)
class LintOptions:
    """Which files are checked, and how the findings are printed."""

    file: Annotated[
        list[Path], option("--file", "-f", metavar="PATH", text="a file or folder; -: standard input; may be repeated")
    ]
    recursive: Annotated[bool, option("--recursive", "-R", text="of folders, their folders too")] = False
    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "lint",
    "check files: graphs, policies, nodes, pod templates",
    "Check files, and tell all that is wrong in them with line and column.\n\n"
    "Reads TaskGraphs with their pod templates, PlacementPolicies, Argo Workflows, WfCommons instances and nodes. "
    "Needs no cluster. Exit code 2: something is wrong.",
    LintOptions,
)
