"""`bayplan version`: of this program, of the operator and of the cluster."""

from dataclasses import dataclass
from typing import Annotated

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output


@dataclass(frozen=True, kw_only=True)
class VersionOptions(ClusterOptions):
    """Whose version is asked for."""

    client: Annotated[bool, option("--client", text="only this program's version: no cluster is asked")] = False
    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "version",
    "print the versions of this program, of the operator and of Kubernetes",
    "Print the versions of this program, of the operator in the cluster and of Kubernetes.",
    VersionOptions,
)
