"""The cluster as it is now: its nodes, what runs on them, its policies."""

from pathlib import Path
from typing import Any

import msgspec

from bayplan.simulation import Occupied
from bayplan_operator import names
from bayplan_operator.cli.cluster import connection
from bayplan_operator.cli.work.current import Current
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.translate.gpus import gpu_use, read_devices
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.own_pod import TERMINAL_PHASES
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.translate.policy import InvalidPolicy, Policy, compile_policy


class _Nodes(msgspec.Struct):
    items: list[wire.Node]


class _Pods(msgspec.Struct):
    items: list[wire.Pod]


async def read_cluster(kubeconfig: Path | None) -> Current:
    """Raises `errors.ApiError`."""
    settings = connection.settings(kubeconfig, "name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig")
    try:
        async with ApiServer(settings, connections=4) as server:
            nodes = msgspec.json.decode(await server.call("GET", paths.NODES), type=_Nodes, strict=False).items
            pods = msgspec.json.decode(await server.call("GET", paths.PODS), type=_Pods, strict=False).items
            policies = await _policies(server)
    except errors.Unreachable as error:
        raise errors.Unreachable(f"the cluster at {settings.host} does not answer: {error}") from error
    known = {node.metadata.name for node in nodes}
    return Current([node_info(node) for node in nodes], [each for pod in pods for each in _occupied(pod, known)], policies)


def _occupied(pod: wire.Pod, known: set[str]) -> list[Occupied]:
    if pod.status.phase in TERMINAL_PHASES or pod.spec.node_name not in known:
        return []
    resources = pod_requests(pod.spec)
    devices = read_devices(pod.metadata.annotations.get(names.ANNOTATION_GPUS, ""))
    return [Occupied(pod.spec.node_name, resources, gpu_use(resources, devices))]


async def _policies(server: ApiServer) -> dict[str, Policy]:
    try:
        items: list[dict[str, Any]] = msgspec.json.decode(await server.call("GET", paths.PLACEMENT_POLICIES))["items"]
    except errors.NotFound:
        return {}
    found = {}
    for raw in items:
        try:
            found[raw["metadata"]["name"]] = compile_policy(raw)
        except InvalidPolicy:
            continue  # the policy's own status says why; a graph that names it is told that there is no such policy
    return found
