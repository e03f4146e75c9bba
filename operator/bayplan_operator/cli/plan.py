"""`bayplan plan`: what would happen to a graph now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.simulation import OUTPUT, POLICY, FileOptions, NodeOptions, Output


@dataclass(frozen=True, kw_only=True)
class PlanOptions(NodeOptions, FileOptions):
    """What is planned, and where."""

    policy: Annotated[list[str] | None, POLICY] = None
    kubeconfig: Annotated[
        Path | None,
        option("--kubeconfig", metavar="FILE", text="where --nodes is not given: default, the usual kubeconfig"),
    ] = None
    output: Annotated[Output, OUTPUT] = "table"


COMMAND = Command(
    "plan",
    "show what would happen to a graph now: order, nodes, times, critical path",
    "Show what would happen if the graphs were submitted now, all at once.\n\n"
    "On the nodes of a file, or on the current cluster beside the pods that run there. Nothing is created.",
    PlanOptions,
)
