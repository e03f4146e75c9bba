"""What values could be, for completion in the shell: from the kubeconfig and the cluster; empty where they say nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from typing import Any

import msgspec

from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.cluster.graphs import Reader
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.options.usage import UsageError
from bayplan_operator.kube import paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.errors import ApiError

_LONGEST = 3.0
"""Seconds for which a user who presses Tab waits for a cluster."""


def contexts(given: Mapping[str, Any]) -> list[str]:
    """Of the kubeconfig. `given`: what stands on the command line."""
    return _entries("contexts", given)


def clusters(given: Mapping[str, Any]) -> list[str]:
    """Of the kubeconfig."""
    return _entries("clusters", given)


def users(given: Mapping[str, Any]) -> list[str]:
    """Of the kubeconfig."""
    return _entries("users", given)


def namespaces(given: Mapping[str, Any]) -> list[str]:
    """Of the cluster."""

    async def names(server: ApiServer, _: str) -> list[str]:
        return _names(await lists.kind(server, paths.NAMESPACES))

    return _from_cluster(given, names)


def graphs(given: Mapping[str, Any]) -> list[str]:
    """The TaskGraphs of the namespace."""

    async def names(server: ApiServer, namespace: str) -> list[str]:
        return _names(await Reader(server).graphs(given.get("namespace") or namespace))

    return _from_cluster(given, names)


def queues(given: Mapping[str, Any]) -> list[str]:
    """Of the cluster."""

    async def names(server: ApiServer, _: str) -> list[str]:
        return _names(await lists.kind(server, paths.QUEUES))

    return _from_cluster(given, names)


def _names(objects: list[Mapping[str, Any]]) -> list[str]:
    return sorted(each["metadata"]["name"] for each in objects)


def _entries(kind: str, given: Mapping[str, Any]) -> list[str]:
    try:
        return sorted(kubeconfig.entries(_options(given).kubeconfig, kind))
    except (ApiError, UsageError):
        return []


def _from_cluster(given: Mapping[str, Any], names: Callable[[ApiServer, str], Awaitable[list[str]]]) -> list[str]:
    async def asked(target: kubeconfig.Target) -> list[str]:
        async with connected(target, _LONGEST) as server:
            return await names(server, target.namespace)

    try:
        return asyncio.run(asked(kubeconfig.target(_options(given))))
    except (ApiError, UsageError, msgspec.MsgspecError):
        return []


def _options(given: Mapping[str, Any]) -> ClusterOptions:
    known = {each.name for each in fields(ClusterOptions)}
    return ClusterOptions(**{name: value for name, value in given.items() if name in known and value is not None})
