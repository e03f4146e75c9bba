"""`bayplan queue`: one queue, and who waits in it."""

from dataclasses import dataclass
from typing import Annotated

import typer

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.completing import namespaces, queues
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output


@dataclass(frozen=True, kw_only=True)
class QueueOptions(ClusterOptions):
    """Which one is shown, and how."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="of a Queue", show_default=False, autocompletion=queues)]
    namespace: Annotated[
        str | None,
        option(
            "--namespace", "-n", metavar="NAME", text="only graphs of this namespace; default: all that may be listed",
            complete=namespaces,
        ),
    ] = None  # fmt: skip
    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "queue",
    "show one queue: its quotas, and which graphs wait in it",
    "Show one queue: what is held of each quota, whether its graphs may start, and which of them wait, among those that "
    "you may list.",
    QueueOptions,
)
