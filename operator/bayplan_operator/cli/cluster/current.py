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
        policies = await _kind(server, paths.PLACEMENT_POLICIES)
        return cluster(await lists.nodes(server), await lists.pods(server), policies, await _profiles(server))


async def _kind(server: ApiServer, path: str) -> list[Mapping[str, Any]]:
    try:
        return await lists.kind(server, path)
    except errors.NotFound:
        return []


async def _profiles(server: ApiServer) -> list[Mapping[str, Any]]:
    """None for a user who may not read them: a plan can do without."""
    try:
        return await _kind(server, paths.TASK_PROFILES)
    except errors.Forbidden:
        return []
