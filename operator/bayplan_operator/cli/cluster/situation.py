"""All that plans go by: the objects of a cluster, read and never written."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster import queues as reading
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.cluster.graphs import NotThere
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.view import ForeignPods

_Objects = Sequence[Mapping[str, Any]]
_T = TypeVar("_T")


class _Namespaces(msgspec.Struct):
    items: list[wire.NamespaceObject]


@dataclass(frozen=True, slots=True)
class Situation:
    """The objects of a cluster. Of kinds that are not installed there are none."""

    nodes: Sequence[wire.Node]
    pods: Sequence[wire.Pod]
    gated: Sequence[tuple[wire.Pod, Mapping[str, Any]]]
    """Those that are no graph's and wait to be placed by Bayplan, with all that is said of them."""
    policies: _Objects
    queues: _Objects | None
    """`None`: they may not be listed."""
    graphs: _Objects | None
    """`None`: they may not be listed."""
    profiles: _Objects | None
    """`None`: they may not be listed. Ends and restarts are not known then."""
    namespaces: Sequence[wire.NamespaceObject] | None
    """`None`: they may not be listed."""
    looked_in: str | None = None
    """The namespace of which graphs are in it; `None`: those of all."""


async def read_situation(options: ClusterOptions, advice: str, *, whole: bool) -> Situation:
    """`advice`: how to name a cluster; `whole`: that queues, and graphs of all namespaces, may not be listed is an error too.
    Raises `errors.ApiError`."""
    target = kubeconfig.target(options, advice)
    async with connected(target, options.request_timeout) as server:
        pods, gated = await lists.pods_and_whole(server, ForeignPods().wants)
        graphs, looked_in = await _graphs(server, target.namespace, whole)
        return Situation(
            nodes=await lists.nodes(server),
            pods=pods,
            gated=gated,
            policies=await _kind(server, paths.PLACEMENT_POLICIES),
            queues=await (_kind(server, paths.QUEUES) if whole else _if_allowed(_kind(server, paths.QUEUES))),
            graphs=graphs,
            profiles=await _if_allowed(_kind(server, paths.TASK_PROFILES)),
            namespaces=await _if_allowed(_namespaces(server)),
            looked_in=looked_in,
        )


async def _if_allowed(asked: Awaitable[_T]) -> _T | None:
    """`None`: that may not be listed."""
    try:
        return await asked
    except errors.Forbidden as error:
        if error.status == errors.UNAUTHORIZED:
            raise
        return None


async def _kind(server: ApiServer, path: str) -> _Objects:
    try:
        return await lists.kind(server, path)
    except errors.NotFound:
        return ()


async def _graphs(server: ApiServer, own: str, whole: bool) -> tuple[_Objects | None, str | None]:
    """Where those of all namespaces may not be listed: of the namespace `own`, and which one it was."""
    if whole:
        return await _kind(server, paths.TASK_GRAPHS), None
    try:
        return await _if_allowed(reading.graphs(server, None, own)) or (None, None)
    except NotThere:
        return (), None


async def _namespaces(server: ApiServer) -> Sequence[wire.NamespaceObject]:
    return msgspec.json.decode(await server.call("GET", paths.NAMESPACES), type=_Namespaces, strict=False).items
