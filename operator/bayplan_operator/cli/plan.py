"""`bayplan plan`: what would happen to a graph now."""

from dataclasses import dataclass
from typing import Annotated

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output
from bayplan_operator.cli.options.simulation import POLICY, FileOptions, NodeOptions
from bayplan_operator.cli.options.usage import UsageError


@dataclass(frozen=True, kw_only=True)
class PlanOptions(ClusterOptions, NodeOptions, FileOptions):
    """What is planned, and where; the cluster is asked where no file of nodes is named."""

    policy: Annotated[list[str] | None, POLICY] = None
    preempt: Annotated[
        bool,
        option(
            "--preempt",
            text="who would be evicted so that the graphs can start on the current cluster, why these, and what waiting would "
            "cost; nothing is evicted",
        ),
    ] = False
    output: Annotated[Output, OUTPUT] = "text"

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        super().__post_init__()
        if self.preempt and self.nodes is not None:
            raise UsageError("--preempt asks the cluster what runs there, and --nodes asks no cluster: leave one of them away")
        if self.preempt and self.policy:
            raise UsageError("--preempt goes by the policies that the graphs name: leave --policy away")
        if self.nodes is not None and (self.named or self.as_user):
            raise UsageError(
                "--nodes says where the graphs go, so no cluster is asked: leave --nodes away, or what names a cluster"
            )


COMMAND = Command(
    "plan",
    "show what would happen to a graph now: order, nodes, times, critical path",
    "Show what would happen if the graphs were submitted now, all at once.\n\n"
    "On the nodes of a file, or on the current cluster beside the pods that run there. Nothing is created.",
    PlanOptions,
)
