"""The cluster as it is now: its nodes, what runs on them, its policies."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.views.cluster import ClusterView, cluster


async def read_cluster(options: ClusterOptions) -> ClusterView:
    """Raises `errors.ApiError`."""
    target = kubeconfig.target(options, "name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig")
    async with connected(target, options.request_timeout) as server:
        return cluster(await lists.nodes(server), await lists.pods(server), await _policies(server))


async def _policies(server: ApiServer) -> list[Mapping[str, Any]]:
    try:
        return await lists.kind(server, paths.PLACEMENT_POLICIES)
    except errors.NotFound:
        return []
