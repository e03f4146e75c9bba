"""`bayplan release`: remove our finalizers when there is no operator any more to do it."""

import os
from dataclasses import dataclass
from typing import Annotated

from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.completing import namespaces
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.usage import UsageError
from bayplan_operator.settings import LEASE_NAMESPACE

_LEASE_NAMESPACE = os.environ.get("POD_NAMESPACE", LEASE_NAMESPACE)


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions(ClusterOptions):
    """Whose pods are released."""

    namespace: Annotated[
        str | None, option("--namespace", "-n", metavar="NAME", text="default: all namespaces", complete=namespaces)
    ] = None
    all_namespaces: Annotated[
        bool, option("--all-namespaces", "-A", text="the pods of all namespaces, which is the default")
    ] = False
    lease_namespace: Annotated[
        str,
        option("--lease-namespace", metavar="TEXT", text=f"where the operator's Lease is (default: {_LEASE_NAMESPACE})"),
    ] = _LEASE_NAMESPACE

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        super().__post_init__()
        if self.namespace is not None and self.all_namespaces:
            raise UsageError("argument --all-namespaces/-A: not allowed with argument --namespace/-n")


COMMAND = Command(
    "release",
    "remove Bayplan's finalizers from all pods and queues",
    "Remove Bayplan's finalizers from all pods, so that they can be deleted when no operator runs any more; without "
    "--namespace from all Queues too.\n\n"
    "An operator that still runs is stopped first, by taking its Lease.",
    ReleaseOptions,
)
