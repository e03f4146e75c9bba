"""The cluster as it is now: its nodes, what runs on them, its policies, and the line of what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster import queues as reading
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.cluster.graphs import NotThere
from bayplan_operator.cli.cluster.situation import Situation, namespaces, profiles
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.views.cluster import ClusterView, cluster

_Objects = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Current:
    """What a plan of new graphs goes by."""

    view: ClusterView
    line: Situation | None
    """What decides who is ahead in the line; `None`: its queues or its graphs may not be listed."""
    looked_in: str | None
    """The namespace of which graphs are in it; `None`: those of all."""


async def read_cluster(options: ClusterOptions) -> Current:
    """Raises `errors.ApiError`."""
    target = kubeconfig.target(options, "name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig")
    async with connected(target, options.request_timeout) as server:
        nodes, pods = await lists.nodes(server), await lists.pods(server)
        policies, learned = await _kind(server, paths.PLACEMENT_POLICIES), await profiles(server)
        view = cluster(nodes, pods, policies, learned)
        try:
            queues = await _kind(server, paths.QUEUES)
            graphs, looked_in = await _graphs(server, target.namespace)
        except errors.Forbidden:
            return Current(view, None, None)
        return Current(view, Situation(nodes, pods, queues, policies, graphs, learned, await namespaces(server)), looked_in)


async def _kind(server: ApiServer, path: str) -> _Objects:
    try:
        return await lists.kind(server, path)
    except errors.NotFound:
        return []


async def _graphs(server: ApiServer, own: str) -> tuple[_Objects, str | None]:
    try:
        return await reading.graphs(server, None, own)
    except NotThere:
        return [], None
