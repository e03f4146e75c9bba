"""`bayplan show`: graphs, and how one of them ran."""

from dataclasses import dataclass
from typing import Annotated

import typer

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.completing import graphs, namespaces
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output
from bayplan_operator.cli.options.usage import UsageError


@dataclass(frozen=True, kw_only=True)
class ShowOptions(ClusterOptions):
    """What is shown, and how."""

    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="of a TaskGraph", show_default=False, autocompletion=graphs)
    ] = None
    namespace: Annotated[
        str | None, option("--namespace", "-n", metavar="NAME", text="default: the context's", complete=namespaces)
    ] = None
    all_namespaces: Annotated[bool, option("--all-namespaces", "-A", text="graphs of all namespaces")] = False
    output: Annotated[Output, OUTPUT] = "text"
    watch: Annotated[bool, option("--watch", "-w", text="redraw until the graph is over, and end with its exit code")] = False

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        super().__post_init__()
        if self.namespace is not None and self.all_namespaces:
            raise UsageError("argument --all-namespaces/-A: not allowed with argument --namespace/-n")
        if self.name and self.all_namespaces:
            raise UsageError("NAME and --all-namespaces exclude each other: name the graph's namespace with -n")
        if self.watch and (not self.name or self.output in ("json", "yaml")):
            raise UsageError("--watch needs the NAME of a graph, and writes text only")


COMMAND = Command(
    "show",
    "show graphs, or how one ran: where, when, why there, how well",
    "Show graphs, or how one of them ran.\n\n"
    "Without NAME: all graphs. With NAME: its tasks with their nodes and why they run there or wait, a Gantt "
    "chart, the nodes' utilisation, the makespan beside its lower bound, retries and failures.",
    ShowOptions,
)
