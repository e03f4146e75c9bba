"""All that decides who would have to go: read from a cluster, and nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import ApiServer

_Objects = Sequence[Mapping[str, Any]]


class _Namespaces(msgspec.Struct):
    items: list[wire.NamespaceObject]


@dataclass(frozen=True, slots=True)
class Situation:
    """The objects of a cluster."""

    nodes: Sequence[wire.Node]
    pods: Sequence[wire.Pod]
    queues: _Objects
    policies: _Objects
    graphs: _Objects
    profiles: _Objects
    """None where they may not be read: ends and restarts are not known then."""
    namespaces: Sequence[wire.NamespaceObject] | None
    """`None`: they may not be listed."""


async def read_situation(options: ClusterOptions) -> Situation:
    """Raises `errors.ApiError`."""
    target = kubeconfig.target(options, "--preempt asks the cluster what runs there: set KUBECONFIG or --kubeconfig")
    async with connected(target, options.request_timeout) as server:
        return Situation(
            await lists.nodes(server),
            await lists.pods(server),
            await lists.kind(server, paths.QUEUES),
            await lists.kind(server, paths.PLACEMENT_POLICIES),
            await lists.kind(server, paths.TASK_GRAPHS),
            await profiles(server),
            await namespaces(server),
        )


async def profiles(server: ApiServer) -> _Objects:
    """None for a user who may not read them: a plan can do without. Raises `errors.ApiError`."""
    try:
        return await lists.kind(server, paths.TASK_PROFILES)
    except (errors.NotFound, errors.Forbidden):
        return ()


async def namespaces(server: ApiServer) -> Sequence[wire.NamespaceObject] | None:
    """`None`: they may not be listed. Raises `errors.ApiError`."""
    try:
        return msgspec.json.decode(await server.call("GET", paths.NAMESPACES), type=_Namespaces, strict=False).items
    except (errors.NotFound, errors.Forbidden):
        return None
