"""`bayplan queues`: what queues hold, and what waits in them."""

from dataclasses import dataclass
from typing import Annotated

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.declared import Command
from bayplan_operator.cli.options.output import OUTPUT, Output


@dataclass(frozen=True, kw_only=True)
class QueuesOptions(ClusterOptions):
    """How they are listed."""

    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "queues",
    "list the queues: what they hold, and how much waits in them",
    "List the queues: what is held of their quotas, what is borrowed, and how many shards wait.",
    QueuesOptions,
)
