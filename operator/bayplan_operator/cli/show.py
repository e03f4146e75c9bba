"""`bayplan show`: graphs, and how one of them ran."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.usage import UsageError


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """What is shown, and how."""

    name: Annotated[str | None, typer.Argument(metavar="NAME", help="of a TaskGraph", show_default=False)] = None
    namespace: Annotated[str | None, option("--namespace", "-n", metavar="TEXT", text="default: the current context's")] = None
    all_namespaces: Annotated[bool, option("--all-namespaces", "-A", text="graphs of all namespaces")] = False
    output: Annotated[Literal["text", "json"], option("--output", "-o", text="default: text")] = "text"
    watch: Annotated[bool, option("--watch", "-w", text="redraw until the graph is over; exit code 1 if it fails")] = False
    kubeconfig: Annotated[
        Path | None,
        option("--kubeconfig", metavar="FILE", text="default: the usual kubeconfig, or the service account's"),
    ] = None

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        if self.namespace is not None and self.all_namespaces:
            raise UsageError("argument --all-namespaces/-A: not allowed with argument --namespace/-n")
        if self.name and self.all_namespaces:
            raise UsageError("NAME and --all-namespaces exclude each other: name the graph's namespace with -n")
        if self.watch and (not self.name or self.output == "json"):
            raise UsageError("--watch needs the NAME of a graph, and writes text only")


COMMAND = Command(
    "show",
    "show graphs, or how one ran: where, when, why there, how well",
    "Show graphs, or how one of them ran.\n\n"
    "Without NAME: all graphs. With NAME: its tasks with their nodes and why they run there or wait, a Gantt "
    "chart, the nodes' utilisation, the makespan beside its lower bound, retries and failures.",
    ShowOptions,
)
