"""The cluster as it is now: its nodes, what runs on them, its policies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayplan_operator.cli.cluster import connection, lists
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.views.cluster import ClusterView, cluster


async def read_cluster(kubeconfig: Path | None) -> ClusterView:
    """Raises `errors.ApiError`."""
    settings = connection.settings(kubeconfig, "name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig")
    try:
        async with ApiServer(settings, connections=4) as server:
            return cluster(await lists.nodes(server), await lists.pods(server), await _policies(server))
    except errors.Unreachable as error:
        raise errors.Unreachable(f"the cluster at {settings.host} does not answer: {error}") from error


async def _policies(server: ApiServer) -> list[Mapping[str, Any]]:
    try:
        return await lists.kind(server, paths.PLACEMENT_POLICIES)
    except errors.NotFound:
        return []
