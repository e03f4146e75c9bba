"""Which cluster is asked, and with which account: the flags that kubectl has too, with its meanings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.completing import clusters, contexts, users
from bayplan_operator.cli.options.declared import option
from bayplan_operator.cli.options.usage import UsageError


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Of the commands that talk to a cluster."""

    kubeconfig: Annotated[
        Path | None,
        option("--kubeconfig", metavar="FILE", text="default: the service account's, or the usual kubeconfig"),
    ] = None
    context: Annotated[
        str | None,
        option("--context", metavar="NAME", text="a context of the kubeconfig (default: the current one)", complete=contexts),
    ] = None
    cluster: Annotated[
        str | None, option("--cluster", metavar="NAME", text="a cluster of the kubeconfig", complete=clusters)
    ] = None
    user: Annotated[str | None, option("--user", metavar="NAME", text="a user of the kubeconfig", complete=users)] = None
    as_user: Annotated[str | None, option("--as", metavar="NAME", text="the user to impersonate")] = None
    as_group: Annotated[
        list[str] | None, option("--as-group", metavar="NAME", text="a group to impersonate; may be repeated")
    ] = None
    request_timeout: Annotated[
        float,
        option("--request-timeout", metavar="DURATION", parse=values.request_timeout,
               text="how long one request may take, such as 5 or 90s; 0: without limit (default: 20s)"),
    ] = 20.0  # fmt: skip

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        if self.as_group and not self.as_user:
            raise UsageError("--as-group needs --as: name the user to impersonate too")

    @property
    def named(self) -> bool:
        """A kubeconfig, or an entry of one, is asked for: the service account of a pod is no answer then."""
        return any(each is not None for each in (self.kubeconfig, self.context, self.cluster, self.user))
