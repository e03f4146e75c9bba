"""Lists of objects of one API server."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator.kube import paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.whole import whole


class _Pods(msgspec.Struct):
    items: list[wire.Pod]


class _Nodes(msgspec.Struct):
    items: list[wire.Node]


async def pods(server: ApiServer, path: str = paths.PODS, selector: str = "") -> list[wire.Pod]:
    """Those of a path, with these labels. Raises `ApiError`."""
    answer = await server.call("GET", path, params={"labelSelector": selector} if selector else {})
    return msgspec.json.decode(answer, type=_Pods, strict=False).items


async def pods_and_whole(
    server: ApiServer, wanted: Callable[[wire.Pod], bool]
) -> tuple[list[wire.Pod], list[tuple[wire.Pod, Mapping[str, Any]]]]:
    """All, and those that are wanted with all that is said of them. Raises `ApiError`."""
    answer = await server.call("GET", paths.PODS)
    found = msgspec.json.decode(answer, type=_Pods, strict=False).items
    return found, list(whole(found, answer, wanted))


async def nodes(server: ApiServer, *, cached: bool = False) -> list[wire.Node]:
    """All; `cached`: as the API server has them in memory, which is quick and may be a little old. Raises `ApiError`."""
    answer = await server.call("GET", paths.NODES, params={"resourceVersion": "0"} if cached else {})
    return msgspec.json.decode(answer, type=_Nodes, strict=False).items


async def kind(server: ApiServer, path: str) -> list[Mapping[str, Any]]:
    """Objects of one of Bayplan's kinds. Raises `ApiError`, and `NotFound` where the kind is not installed."""
    items: list[Mapping[str, Any]] = msgspec.json.decode(await server.call("GET", path))["items"]
    return items
