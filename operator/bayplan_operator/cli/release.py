"""`bayplan release`: remove our finalizers when there is no operator any more to do it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.settings import LEASE_NAMESPACE

_LEASE_NAMESPACE = os.environ.get("POD_NAMESPACE", LEASE_NAMESPACE)


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions:
    """Whose pods are released."""

    kubeconfig: Annotated[
        Path | None,
        option("--kubeconfig", metavar="FILE", text="default: the service account's, or the usual kubeconfig"),
    ] = None
    namespace: Annotated[str | None, option("--namespace", "-n", metavar="TEXT", text="default: all namespaces")] = None
    lease_namespace: Annotated[
        str,
        option("--lease-namespace", metavar="TEXT", text=f"where the operator's Lease is (default: {_LEASE_NAMESPACE})"),
    ] = _LEASE_NAMESPACE


COMMAND = Command(
    "release",
    "remove Bayplan's finalizers from all pods",
    "Remove Bayplan's finalizers from all pods, so that they can be deleted when no operator runs any more.\n\n"
    "An operator that still runs is stopped first, by taking its Lease.",
    ReleaseOptions,
)
